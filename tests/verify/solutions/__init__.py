"""A solution of each project, in plain NumPy; for the tests, and for teachers."""
