"""Incidents: registered, traced to practices, told to them, closed. Each step is on record."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from audit.words import Action, Count
from dermalia.mail import StaffMailKind, mail_state
from dermalia.tenancy import practice_scope
from operators.domain.affected import Trail, count_reports, follow
from operators.domain.drafts import LEFT_OPEN
from operators.domain.log import no_practice, tell
from operators.domain.owners import NobodyToTell, tell_owners
from operators.models import Account, Incident, Notice, Operator, Statement
from operators.models.incidents import TELL_PRACTICES
from practices.models import Practice, User

# A mail that a service has taken is out of our hands.
ARRIVED = {"sent", "delayed", "delivered"}


class Incomplete(Exception):
    """Practices are affected whose language the account is not written in, or not to its end."""

    def __init__(self, languages: set[str]) -> None:
        super().__init__(", ".join(sorted(languages)))
        self.languages = languages


class NotToldYet(Exception):
    """An incident is closed when every affected practice knows of it."""


def register(*, facts: Mapping[str, Any], by: Operator, why: Statement) -> Incident:
    """Enter an incident into the register; from ``noticed_at`` on the clock runs."""
    with no_practice():
        incident = Incident.objects.create(registered_by=by, **facts)
        tell(Action.INCIDENT_REGISTERED, who=by, why=why, object_id=incident.pk)
    return incident


def change(*, incident: Incident, facts: Mapping[str, Any], by: Operator, why: Statement) -> None:
    """Correct or complete what is known."""
    with no_practice():
        Incident.objects.filter(pk=incident.pk).update(**facts)
        tell(Action.INCIDENT_CHANGED, who=by, why=why, object_id=incident.pk)


def write_account(
    *, incident: Incident, language: str, words: Mapping[str, str], by: Operator, why: Statement
) -> None:
    """What the notice tells in one language; also after it went out, as news."""
    with no_practice():
        Account.objects.update_or_create(incident=incident, language=language, defaults=words)
        tell(Action.INCIDENT_CHANGED, who=by, why=why, object_id=incident.pk)


def trace(*, incident: Incident, trail: Trail, by: Operator, why: Statement) -> list[Notice]:
    """Find the practices the incident touches, and draft a notice for each.

    Tracing again adds practices and raises numbers; nobody who was found is forgotten.
    """
    notices = []
    with no_practice():
        tell(Action.INCIDENT_TRACED, who=by, why=why, object_id=incident.pk)
    for found in follow(trail):
        if not Practice.objects.filter(pk=found.practice_id).exists():
            continue  # gone, its log is left
        with practice_scope(found.practice_id):
            here, gone = count_reports(found.touched)
            notice, _new = Notice.objects.get_or_create(
                practice_id=found.practice_id,
                incident=incident,
                defaults={"reports": 0, "entries": 0},
            )
            notice.reports = max(notice.reports, here)
            notice.gone = max(notice.gone, gone)
            notice.entries = max(notice.entries, found.entries)
            notice.save(update_fields=["reports", "gone", "entries"])
            counts = {Count.ROWS: found.entries, Count.OBJECTS: here}
            tell(Action.INCIDENT_TRACED, who=by, why=why, object_id=incident.pk, counts=counts)
            notices.append(notice)
    return notices


def notify(*, incident: Incident, by: Operator, why: Statement) -> list[str]:
    """Hand a notice for every affected practice that was not told yet to the outbox.

    Returns:
        Names of practices that have nobody to write to: somebody has to call them.

    Raises:
        Incomplete: the account is missing in a language that is needed.
    """
    waiting = list(notices_of(incident).filter(told_at=None).order_by("practice_id"))
    practices = Practice.objects.in_bulk([notice.practice_id for notice in waiting])
    needed = {practice.language for practice in practices.values()}
    written = {
        each.language for each in Account.objects.filter(incident=incident) if finished(each)
    }
    if needed - written:
        raise Incomplete(needed - written)
    with no_practice():
        counts = {Count.ROWS: len(waiting)}
        tell(Action.INCIDENT_NOTIFIED, who=by, why=why, object_id=incident.pk, counts=counts)
    return [
        practices[notice.practice_id].name
        for notice in waiting
        if not _notify_one(incident, notice, by, why)
    ]


def finished(account: Account) -> bool:
    """Whether nothing of the draft is left to be filled in."""
    told = (account.what, account.before, account.consequences, account.measures, account.unknown)
    return not any(LEFT_OPEN in words for words in told)


def note_arrivals() -> int:
    """Look which notices a mail service has taken by now; how many there were."""
    seen = 0
    told = Notice.across_practices.using("admin").filter(told_at__isnull=False, arrived_at=None)
    for pk, practice_id, mails in told.values_list("pk", "practice_id", "mails"):
        with practice_scope(practice_id):
            if any(mail_state(mail) in ARRIVED for mail in mails):
                seen += Notice.objects.filter(pk=pk).update(arrived_at=Now())
    return seen


def note_read(*, notice: Notice, by: User) -> None:
    """An owner has opened the notice: proof that it came through; in the practice's scope."""
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=Now(), read_by=by)


def close(*, incident: Incident, by: Operator, why: Statement) -> None:
    """End an incident.

    Raises:
        NotToldYet: an affected practice was not told.
    """
    if notices_of(incident).filter(told_at=None).exists():
        raise NotToldYet
    with no_practice():
        Incident.objects.filter(pk=incident.pk, closed_at=None).update(closed_at=Now())
        tell(Action.INCIDENT_CLOSED, who=by, why=why, object_id=incident.pk)


def notices_of(incident: Incident) -> QuerySet[Notice]:
    """The notices of all practices, as the admin's role reads them."""
    columns = Notice.admin_sees
    rows: QuerySet[Notice] = Notice.across_practices.using("admin").filter(incident_id=incident.pk)
    return rows.select_related("practice").only(*columns, "practice__name", "practice__language")


def overdue() -> QuerySet[Incident]:
    """Incidents noticed more than 24 hours ago of which not every practice has been told.

    One that was traced to nobody counts as well, until it is closed: nobody has looked.
    """
    late = Incident.objects.using("admin").filter(
        closed_at=None, noticed_at__lt=timezone.now() - TELL_PRACTICES
    )
    told = Notice.across_practices.using("admin").filter(told_at__isnull=False)
    untold = Notice.across_practices.using("admin").filter(told_at=None)
    return late.only(*Incident.admin_sees).exclude(
        pk__in=told.exclude(incident_id__in=untold.values("incident_id")).values("incident_id")
    )


def _notify_one(incident: Incident, notice: Notice, by: Operator, why: Statement) -> bool:
    with practice_scope(notice.practice_id):
        try:
            mails = tell_owners(
                kind=StaffMailKind.INCIDENT,
                page="service:notice",
                args=[notice.pk],
                once=f"incident/{notice.pk}",
                reference=incident.reference,
                noticed_at=incident.noticed_at,
                reports=notice.reports,
            )
        except NobodyToTell:
            return False
        Notice.objects.filter(pk=notice.pk).update(told_at=Now(), mails=mails)
        tell(Action.INCIDENT_NOTIFIED, who=by, why=why, object_id=incident.pk)
    return True
