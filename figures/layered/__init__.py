"""Figures of the appendix on layered networks."""
