"""The columns every job carries."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now

from dermalia.tenancy.models import PracticeOwned


class Work(PracticeOwned):
    """A row that is worked off.

    ``state`` is declared again by the subclass, with its own choices and check constraint.
    ``attempts`` counts starts since the last success and ``failures`` the outcomes written
    since; the difference is how often a worker died over this row. After so many failures the
    row is set aside for a person, unless it is of a kind that nobody ``gives_up``.
    """

    gives_up: ClassVar[bool] = True

    swept: ClassVar[tuple[str, ...]] = (
        "id",
        "practice_id",
        "state",
        "next_attempt_at",
        "leased_until",
        "quarantined_at",
        "nudged_at",
    )

    admin_sees = (*swept, "attempts", "failures", "last_error")

    id: Any
    state = models.CharField(max_length=12)
    attempts = models.PositiveSmallIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True, blank=True)
    leased_by = models.CharField(max_length=80, blank=True)
    nudged_at = models.DateTimeField(null=True, blank=True)
    quarantined_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True
