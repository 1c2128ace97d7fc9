"""Experiments of many runs: cells that are kept, tournaments of them, training, statistics."""
