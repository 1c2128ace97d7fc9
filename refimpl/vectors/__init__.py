"""Reference outputs: certified cases as data, by which any implementation can be verified.

A family is one JSON file in the folder ``v1`` beside this module: cases with inputs as hexadecimal
floats, outputs as decimals of 34 digits, and how much roundoff each output shows. There are three
tiers: single pieces; replays, a method's whole state over a stored stream of positions and
gradients; trajectories, a method's positions in closed loop with a named function, up to the step
at which roundoff leaves binary64 nothing to compare. Beyond that step there are ensembles, of which
only the distribution is compared. Data are read strictly and never executed. Chapter "Verifying
your own implementation" of the book.
"""

from .cases import (
    CLOSED_LOOP,
    COMPARATORS,
    DECIMAL,
    DISTRIBUTION,
    ENSEMBLE,
    FEWEST,
    FOLDER,
    GROUPS,
    HEXADECIMAL,
    IDENTIFIER,
    NAME,
    OF_METHODS,
    OF_STEPS,
    REPLAY,
    SCHEMA,
    SPECIAL,
    TRAJECTORY,
    WORDS,
    Case,
    Family,
    digest,
    is_word,
    line,
    sealed,
    text,
)
from .reading import cases, families, load, read, selected
