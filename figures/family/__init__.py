"""Figures of the chapter on the family of the first source."""
