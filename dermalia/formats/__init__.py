"""Dates and times as people here write them in English; German is Django's own."""
