"""What the admin shows. Nothing is changed here: acts have pages of their own."""

from operators.admin import incidents, jobs, overview, people, practices

__all__ = ["incidents", "jobs", "overview", "people", "practices"]
