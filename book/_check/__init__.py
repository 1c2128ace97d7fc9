"""What every page of the built book is held to: ``python -m book check``."""
