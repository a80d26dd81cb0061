"""Envelope encryption: root key → practice key → report key → one key per object or field."""
