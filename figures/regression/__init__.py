"""Figures of the chapter on exponential-weight regression."""
