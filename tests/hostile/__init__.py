"""Inputs made to harm: each ends in a typed error that a person can act on, or in the right result.

Everything is generated here; no hostile file is kept. Whatever an attacker can name or fill in
holds ``MARKER``, and no error, log line or stored byte may show it.
"""
