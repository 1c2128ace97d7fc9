"""Files to begin with, one a project: `refimpl check-project NAME FILE --starter` copies one."""
