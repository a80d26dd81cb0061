"""Figures beside each other: every benchmark compares in one run and ends with one JSON line."""
