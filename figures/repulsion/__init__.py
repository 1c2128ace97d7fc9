"""Figures of the chapter on saddle repulsion."""
