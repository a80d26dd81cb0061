"""What processes count themselves.

With ``DERMALIA_METRICS_DIR`` each process keeps its numbers in small files there, which
``manage.py metrics`` adds up; without it they are kept, and shown to nobody.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram

# Not the library's own, which adds figures of the process that shows the numbers.
REGISTRY = CollectorRegistry(auto_describe=True)

REQUESTS = Histogram(
    "dermalia_request_seconds",
    "Seconds until a request's first byte, by name of its address.",
    ("view", "method", "status"),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
    registry=REGISTRY,
)
TASKS = Histogram(
    "dermalia_task_seconds",
    "Seconds that a task took, by name and how it ended.",
    ("task", "state"),
    buckets=(0.05, 0.25, 1, 2.5, 5, 10, 30, 60, 120, 150),
    registry=REGISTRY,
)
KEY_FAILURES = Counter(
    "dermalia_key_failures",
    "Calls to the key management service that it refused or did not answer.",
    ("outcome",),
    registry=REGISTRY,
)
RECOVERIES = Counter(
    "dermalia_lease_recoveries",
    "Rows taken up again after a worker died over them.",
    ("kind",),
    registry=REGISTRY,
)
REFUSED = Counter(
    "dermalia_egress_refused",
    "Connections and look-ups that the guard refused.",
    registry=REGISTRY,
)
