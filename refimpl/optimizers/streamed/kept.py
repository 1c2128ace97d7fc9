"""What the next steps depend on, handed out and taken up again to the last bit."""

import numpy as np

from ...errors import StateError


class Kept:
    """Mixin of a stepper: its arrays by name."""

    def kept(self):
        """Name -> array, of all that the next steps depend on; `refill` takes it up again."""
        counted = np.array([self.drift, self.corrections, self._steps])
        return {"counted": counted, **self._overwritten()}

    def refill(self, kept):
        """Overwrite all that `kept` names; the stepper goes on as the one that was asked for it.

        Raises
        ------
        StateError
            For arrays of another stepper; nothing is overwritten.
        """
        own = self._overwritten()
        if kept.keys() != own.keys() | {"counted"} or any(
            (kept[name].shape, kept[name].dtype) != (x.shape, x.dtype) for name, x in own.items()
        ):
            raise StateError("streamed: expected the arrays of this method, dimension and dtype")
        for name, x in own.items():
            x[...] = kept[name]
        self.drift, self.corrections, self._steps = kept["counted"].tolist()
        self.corrections, self._steps = int(self.corrections), int(self._steps)

    def _overwritten(self):
        """Name -> array that steps overwrite."""
        found = {"tiles": self._tiles, "gram": self._gram, "along": self._along}
        for name in ("vectors", "seen", "orders", "small"):
            parts = getattr(self, f"_{name}")._asdict()
            found |= {f"{name}.{part}": x for part, x in parts.items()}
        return found
