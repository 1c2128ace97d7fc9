"""Figures of the chapter on the published results."""
