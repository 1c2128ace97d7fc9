"""The edition to take along, made from the built book: ``python -m book``."""
