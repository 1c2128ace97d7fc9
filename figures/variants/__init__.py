"""Figures of the appendix on the variants that assume a perfect correlation."""
