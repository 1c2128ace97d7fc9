"""Verify an implementation, in Python or any other language, against the reference outputs.

`compare` judges answers, `protocol` and `program_side` talk to programs, `python_side` answers for
Python callables, `runner` puts them together, `report` says what was found, and `ours` is this
package as one more implementation under test.

Chapter "Verifying your own implementation" of the book.
"""
