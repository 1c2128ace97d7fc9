"""Runs: one start with its path, or a lattice of starts under many seeds."""
