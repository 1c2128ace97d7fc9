"""Figures of the chapter on problems of one's own."""
