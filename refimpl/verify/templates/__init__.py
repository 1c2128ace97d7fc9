"""Beginnings for implementers: two operations and a replay in Python, JavaScript and C."""
