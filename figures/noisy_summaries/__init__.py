"""Figures of the chapter on summaries under noise."""
