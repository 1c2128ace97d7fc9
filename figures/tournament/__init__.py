"""Figures of the chapter on the tournament."""
