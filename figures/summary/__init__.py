"""Losses for the chapter on summaries of higher-order derivatives."""
