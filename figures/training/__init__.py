"""Figures of the chapter on training small networks."""
