"""Figures of the chapter on what stochastic gradient descent throws away."""
