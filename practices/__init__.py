"""Tenants: practices, their staff, and how staff come in."""
