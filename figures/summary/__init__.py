"""Figures of the chapter on summaries of higher-order derivatives."""
