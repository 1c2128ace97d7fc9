"""Figures of the chapter on chaos and honest figures."""
