"""Figures of the chapter on online PCA."""
