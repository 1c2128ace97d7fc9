"""Figure of the chapter on the default before foreign problems."""
