"""Small dense linear algebra, compiled: what every piece stands on."""
