"""Figures of the chapter on learning rates from a cubic model."""
