"""Figures of the chapter on verifying an implementation."""
