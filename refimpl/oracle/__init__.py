"""The oracle: the pieces once more, from their definitions, in multiple precision.

Nothing here is taken from the pieces that it judges: what stands there too, such as the list of
methods, is written again on purpose. Each piece has a *definition* (weighted sums over all
observations, systems of equations solved as such, factors of a Gram matrix), evaluated at 100
digits, and the *formula* of the book in the book's order of operations, which is run at few digits
to see how much roundoff the formula itself shows. ``python -m refimpl.oracle`` writes the reference
outputs of `refimpl.vectors`.

mpmath is needed here, and only here: reading and verifying the outputs does without.
"""

from .fresh import fresh
from .generate import regenerate
from .withdrawn import withdrawn_cases

__all__ = ["fresh", "regenerate", "withdrawn_cases"]
