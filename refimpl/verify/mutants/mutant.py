"""What a mutant is: one mistake as a piece of text that takes the place of another."""

from typing import NamedTuple

from ..._compile import PACKAGE
from ...errors import VerificationError

# Whatever the operation is called, a single answer of a piece is of this tier.
OP = "op"


class Mutant(NamedTuple):
    """One copy of the package with one change.

    Attributes
    ----------
    name : str
    mistake : str
        In the words of whoever made it; of a harmless variant, what was done otherwise.
    file : str
        Source inside the package, without its ending.
    text, put : str
        What stands in the source, exactly once, and what takes its place.
    tier : str
        Where it must be caught: "op", "replay", "trajectory"; empty for a harmless variant.
    family : str
        Of the cases that must catch it.
    flag : str
        The flag that describes it best, if one does.
    part : str
        The quantity that is wrong first, with its dotted name where it is part of a state.
    gap : str
        Why no case catches it yet, if so.
    """

    name: str
    mistake: str
    file: str
    text: str
    put: str
    tier: str = ""
    family: str = ""
    flag: str = ""
    part: str = ""
    gap: str = ""

    @property
    def harmless(self):
        """Whether it must pass completely."""
        return not self.tier


def source(file, package=PACKAGE):
    """A source of the package by its name without the ending."""
    return package / f"{file}.py"


def changed(mutant):
    """The source of a mutant's file, with the change.

    Raises
    ------
    VerificationError
        If the text does not stand there exactly once.
    """
    before = source(mutant.file).read_text(encoding="utf-8")
    count = before.count(mutant.text)
    if count != 1:
        raise VerificationError(
            f"mutant {mutant.name}: expected its text once in {mutant.file}.py, found it {count} "
            "times; write the mutant anew for the source as it is now"
        )
    return before.replace(mutant.text, mutant.put)
