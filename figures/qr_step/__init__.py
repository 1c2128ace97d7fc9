"""Figures of the chapter on the QR step."""
