"""What the platform tells of itself; importing registers it."""

from dermalia.operations.watched import database, jobs, machine, redis, storage

__all__ = ["database", "jobs", "machine", "redis", "storage"]
