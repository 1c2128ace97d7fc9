"""Figures of the chapter on the robust default."""
