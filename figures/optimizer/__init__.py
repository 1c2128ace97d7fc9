"""Figures of the chapter on the optimizer and its family."""
