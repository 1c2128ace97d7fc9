"""``python -m refimpl.oracle``, which writes the reference outputs."""

import sys

from .generate import main

if __name__ == "__main__":
    sys.exit(main())
