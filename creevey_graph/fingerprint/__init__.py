"""Fingerprints: function, value and file -> digest."""
