"""How far erasures are behind what was promised."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Now

from dermalia.operations.doctor import Trouble, check
from dermalia.operations.metrics import Figure, collector
from retention import overview
from retention.models import Erasure
from retention.queries import overdue


@collector
def erasures() -> Iterator[Figure]:
    """One query, by the role that sees states and times only."""
    promised = timedelta(seconds=settings.ERASURE_LIMIT_SECONDS)
    rows = Erasure.across_practices.using("sweeper").filter(state=Erasure.State.REQUESTED)
    found = rows.aggregate(
        waiting=Count("pk"),
        late=Count("pk", filter=Q(requested_at__lt=Now() - promised)),
        oldest=Max(Now() - F("requested_at")),
    )
    age = found["oldest"].total_seconds() if found["oldest"] else 0.0
    yield Figure("erasures_waiting", "Requested and not verified yet.", found["waiting"])
    yield Figure("erasures_late", "Of them, for longer than promised.", found["late"])
    yield Figure("erasure_lag_seconds", "How long the oldest of them waits.", age)


@collector
def due() -> Iterator[Figure]:
    """What the watch found last (``retention.tasks.watch``, every minute)."""
    known = overview.last()
    yield Figure("watch_known", "Whether the watch has looked in ten minutes.", known is not None)
    if known is None:
        return
    found, age = known
    yield Figure("watch_age_seconds", "How long ago the watch looked.", age)
    yield Figure("due_not_erased", "Scans due since yesterday that nobody holds.", found.late)
    yield Figure("sweeps_held", "Practices whose sweep waits for a person.", found.held)
    yield Figure("objects_missing", "Files that storage does not have.", found.missing)


@check("erasures", do="docs/operations.md, “Erasure is behind”: see storage and the worker erase.")
def nothing_is_behind() -> str:
    found = overdue()
    if not found.anything:
        return "nothing is late, held or missing"
    told = {
        "later than promised": found.unverified,
        "set aside": found.quarantined,
        "due since yesterday": found.late,
        "practices held": found.held,
        "files missing": found.missing,
    }
    raise Trouble(", ".join(f"{number} {what}" for what, number in told.items() if number))
