"""Dermalia's own administrators: how they come in, what they see, and what goes on record."""
