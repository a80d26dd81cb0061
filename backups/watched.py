"""Backups, drills, and the ledger outside: how old, and whether anything is missing."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Count, Max, Min, Q
from django.db.models.functions import Now

from backups import shelf
from backups.boot import require_replayed
from backups.domain import schedule
from backups.kinds import Kind
from backups.manifest import ManifestRefused
from backups.models import DrillResult, ErasureDrill, Home, LedgerNote
from backups.recipients import KeysMissing, current
from dermalia.operations.doctor import NotHere, Trouble, check
from dermalia.operations.metrics import Figure, collector
from dermalia.tenancy import practice_scope

# Workers look every hour, and a backup takes its time.
GRACE = timedelta(hours=3)
LEDGER_PATIENCE = timedelta(minutes=2)


@collector
def newest() -> Iterator[Figure]:
    at = schedule.now()
    for kind in Kind:
        made = max((one.made_at for one in shelf.manifests(kind)), default=None)
        labels = {"kind": kind.value}
        yield Figure("backup_known", "Whether there is a backup.", made is not None, labels)
        if made is not None:
            age = (at - made).total_seconds()
            yield Figure("backup_age_seconds", "Since the newest backup.", age, labels)


@collector
def drills() -> Iterator[Figure]:
    yield from _told("drill", "drill", DrillResult)
    yield from _told("erasure_drill", "drill of erasing", ErasureDrill)


def _told(name: str, what: str, model: type[DrillResult] | type[ErasureDrill]) -> Iterator[Figure]:
    last = model.objects.order_by("-at").first()
    passed = model.objects.filter(passed=True).aggregate(at=Max("at"))["at"]
    failed = bool(last and not last.passed)
    yield Figure(f"{name}_failed", f"Whether the last {what} failed.", failed)
    yield Figure(f"{name}_known", f"Whether a {what} ever passed.", passed is not None)
    if passed is not None:
        age = (schedule.now() - passed).total_seconds()
        yield Figure(f"{name}_age_seconds", f"Since a {what} passed.", age)


@collector
def ledger() -> Iterator[Figure]:
    yield Figure("ledger_waiting", "Erasures not in the ledger outside yet.", _waiting())


@check("backups", do="Run manage.py backup where it may (docs/backups.md), and see why nobody did.")
def backups_are_young() -> str:
    limit = timedelta(hours=settings.BACKUP_HOURS) + GRACE
    at, told = schedule.now(), []
    begun = Home.objects.aggregate(since=Min("since"))["since"]
    for kind in Kind:
        try:
            current(kind)
            made = max((one.made_at for one in shelf.manifests(kind)), default=None)
        except (KeysMissing, ManifestRefused) as error:
            raise Trouble(str(error)) from error
        if made is None and begun is not None and at - begun < limit:
            raise NotHere("none yet; the first one is still to come")
        if made is None or at - made > limit:
            told_age = "there is none" if made is None else f"the newest is {_hours(at - made)} old"
            raise Trouble(f"of the {kind}: {told_age}")
        told.append(f"{kind} {_hours(at - made)}")
    return f"newest: {', '.join(told)} old"


@check("drill", do="Run manage.py drill: only what was restored once can be restored.")
def a_drill_has_passed_lately() -> str:
    return _passed_lately(DrillResult)


@check(
    "erasure drill",
    do="Run manage.py erasure_drill where backups are made, and see what it says.",
)
def an_erasure_drill_has_passed_lately() -> str:
    return _passed_lately(ErasureDrill)


def _passed_lately(model: type[DrillResult] | type[ErasureDrill]) -> str:
    last = model.objects.order_by("-at").first()
    if last is None:
        begun = Home.objects.aggregate(since=Min("since"))["since"]
        if begun is not None and schedule.now() - begun < timedelta(days=settings.DRILL_DAYS):
            raise NotHere("none yet; the first one is still to come")
        raise Trouble("none was ever made")
    age = schedule.now() - last.at
    if not last.passed:
        raise Trouble(f"the last one, {_hours(age)} ago, failed: {last.problem}")
    if age > timedelta(days=settings.DRILL_DAYS) + timedelta(days=1):
        raise Trouble(f"the last one was {age.days} days ago")
    return f"passed {_hours(age)} ago"


@check("ledger", do="See whether the bucket of DERMALIA_S3_LEDGER_BUCKET takes entries.")
def the_ledger_outside_follows() -> str:
    try:
        require_replayed()
    except ImproperlyConfigured as error:
        raise Trouble(str(error)) from error
    rows = LedgerNote.across_practices.using("sweeper")
    counted = rows.aggregate(all=Count("pk"), waiting=Count("pk", filter=Q(published_at=None)))
    if counted["waiting"] and (late := _late()):
        raise Trouble(f"{late} erasures have not been written there for minutes")
    return f"{counted['all'] - counted['waiting']} entries, {counted['waiting']} on their way"


def _waiting() -> int:
    return LedgerNote.across_practices.using("sweeper").filter(published_at=None).count()


def _late() -> int:
    """Notes that have waited for longer than a worker's round or two may take."""
    rows = LedgerNote.across_practices.using("sweeper").filter(published_at=None)
    number = 0
    for practice_id in sorted(set(rows.values_list("practice_id", flat=True))):
        with practice_scope(practice_id):
            # What was written meanwhile is not late.
            waiting = LedgerNote.objects.filter(published_at=None)
            number += waiting.filter(made_at__lt=Now() - LEDGER_PATIENCE).count()
    return number


def _hours(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"
