"""Numbers for Prometheus: counters that processes keep, figures that the database knows.

No label names a practice, a person or a row.
"""

from dermalia.operations.metrics import place

place.choose()

from dermalia.operations.metrics.figures import Figure, collector  # noqa: E402 (see place)

__all__ = ["Figure", "collector"]
