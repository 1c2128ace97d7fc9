"""The playground: the methods run in the reader's browser, by a module that is verified."""
