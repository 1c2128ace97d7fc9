"""Lines of the readable text that no certified case executes, each with its reason."""

UNTOUCHED = {}
