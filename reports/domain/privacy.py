"""What the reader of a report is told about their data."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from practices.models import Practice
from reports.domain.due import explained
from reports.models import Case, Report
from scans.models import Asset, Scan
from scans.queries import Person

# In the words of the person who asks; the practice's lists use the names of the rights.
REQUESTS: dict[Case.Kind, tuple[str | Promise, str | Promise]] = {
    Case.Kind.ACCESS: (
        _("Ask for a copy"),
        _("The practice tells you what is stored about you and why, and gives you a copy."),
    ),
    Case.Kind.PORTABILITY: (
        _("Take the data along"),
        _("The practice gives you your data as files that other programs can read."),
    ),
    Case.Kind.RECTIFICATION: (
        _("Have something corrected"),
        _("For example a first name or e-mail address that is not right. Please write what."),
    ),
    Case.Kind.ERASURE: (
        _("Have it deleted"),
        _("The practice decides whether it may delete before the date named above."),
    ),
    Case.Kind.RESTRICTION: (
        _("Have it set aside"),
        _(
            "Your data are kept but no longer used. The request alone changes nothing yet: the"
            " practice decides. If it agrees, this page can no longer be opened, by you either."
        ),
    ),
    Case.Kind.OBJECTION: (
        _("Object"),
        _("You do not want your data to be used. If you can, please write why."),
    ),
}
HIDES_AT_ONCE = _(
    "This page is closed as soon as you send this request, for you too, until the practice has"
    " decided. Keep the PDF before if you want to have it."
)


@dataclass(frozen=True, slots=True)
class StoredKind:
    """Files of one kind: how many, and their size in bytes."""

    label: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class PrivacyFacts:
    """The facts of the privacy panel, ready for a template.

    Attributes:
        kept_why: what the day of erasure follows from.
        personal: what is stored of the person beside the scan, in words.
    """

    practice: Practice
    kept_why: str
    stored: list[StoredKind]
    personal: str

    @property
    def bytes(self) -> int:
        return sum(kind.bytes for kind in self.stored)

    @property
    def files(self) -> int:
        return sum(kind.files for kind in self.stored)


def privacy_facts(*, report: Report, person: Person) -> PrivacyFacts:
    """What is stored, of whom, by whom and for how long.

    Args:
        report: with its scan and practice.
    """
    return PrivacyFacts(
        practice=report.practice,
        kept_why=explained(report),
        stored=_stored(report.scan),
        personal=_personal(person),
    )


def _stored(scan: Scan) -> list[StoredKind]:
    kinds: Any = (
        Asset.objects.filter(scan=scan, stored_at__isnull=False)
        .values("kind")
        .annotate(files=Count("pk"), size=Sum("bytes"))
    )
    found = {row["kind"]: row for row in kinds}
    return [
        StoredKind(str(kind.label), found[kind]["files"], found[kind]["size"])
        for kind in Asset.Kind
        if kind in found
    ]


def _personal(person: Person) -> str:
    if person.first_name and person.email:
        return gettext("Your first name and your e-mail address")
    if person.first_name:
        return gettext("Your first name")
    if person.email:
        return gettext("Your e-mail address")
    return gettext("Neither a name nor an e-mail address")
