"""A loss along the parts of a direction: the definition, the fast route, the partitions."""

from .definition import (
    LARGEST_POWER,
    NOISE_FACTOR,
    RUNS,
    Summary,
    summarize,
    tensor,
    third_noise,
    without_noise,
)
