"""A practice's own server: set up, started and upgraded, copied to the practice's NAS.

What its settings need is in ``dermalia.embedded.local``; here is what lies in the database.
"""
