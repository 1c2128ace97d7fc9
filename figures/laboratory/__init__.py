"""Figures of the chapter on the laboratory functions."""
