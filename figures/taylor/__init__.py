"""Figures of the appendix on Taylor polynomials."""
