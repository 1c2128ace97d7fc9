"""A loss along the parts of a direction: the definition, the fast route, the partitions."""

from .definition import LARGEST_POWER as LARGEST_POWER
from .definition import NOISE_FACTOR as NOISE_FACTOR
from .definition import RUNS as RUNS
from .definition import Summary as Summary
from .definition import summarize as summarize
from .definition import tensor as tensor
from .definition import third_noise as third_noise
from .definition import without_noise as without_noise
