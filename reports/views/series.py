"""The part of a scan's comparison where staff say which reports are of one person."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from practices.access import StaffRequest
from practices.domain.sign_in import staff
from reports.domain import comparison_words as words
from reports.domain.series import NotLinkable, link, unlink
from reports.models import Report
from scans.models import Identity

CANDIDATES = 20


class SeriesForm(forms.Form):
    """Reports ticked in the list, or one named by its scan; or one to take out."""

    add = forms.TypedMultipleChoiceField(coerce=UUID, required=False)
    identifier = forms.CharField(max_length=120, required=False)
    remove = forms.UUIDField(required=False)

    def __init__(self, data: Any, *, candidates: list["Candidate"]) -> None:
        super().__init__(data)
        self.fields["add"].choices = [  # type: ignore[attr-defined]  # of this field, not of all
            (str(candidate.report.pk), str(candidate.report.pk)) for candidate in candidates
        ]

    def clean_identifier(self) -> UUID | None:
        """The report of the scan that is called so."""
        typed: str = self.cleaned_data["identifier"].strip()
        if not typed:
            return None
        found: UUID | None = (
            Report.objects.filter(scan__scan_identifier=typed).values_list("pk", flat=True).first()
        )
        if found is None:
            raise forms.ValidationError(gettext("There is no report of a scan called so."))
        return found


@dataclass(frozen=True, slots=True)
class Candidate:
    """A report that may be of the same person, and what speaks for it."""

    report: Report
    same: str


def series_context(report: Report, form: SeriesForm | None = None) -> dict[str, Any]:
    """What the part shows: the series, and reports that could belong to it."""
    members = Report.objects.select_related("scan").filter(series=report.series)
    return {
        "report": report,
        "series": list(members.order_by("scan__captured_at")) if report.series else [],
        "candidates": candidates(report),
        "form": form,
    }


def change_series(request: StaffRequest, report: Report) -> SeriesForm | None:
    """Do what the form asks for; the form with its mistakes if that was not possible.

    Raises:
        PermissionDenied: the user may not write.
    """
    if not request.user.may_write:
        raise PermissionDenied
    form = SeriesForm(request.POST, candidates=candidates(report))
    if not form.is_valid():
        return form
    who = staff(request.user)
    if form.cleaned_data["remove"]:
        unlink(report_id=form.cleaned_data["remove"], who=who)
        return None
    named = form.cleaned_data["identifier"]
    others = [*form.cleaned_data["add"], *([named] if named else [])]
    try:
        link(report_ids=[report.pk, *others], who=who)
    except NotLinkable as error:
        form.add_error(None, gettext(str(words.NOT_LINKED[error.reason])))
        return form
    return None


def candidates(report: Report) -> list[Candidate]:
    """Reports in no series with this one whose scan came with the same first name or address.

    By blind index: nobody's name is opened for it. Newest first.
    """
    identity = Identity.objects.filter(scan=report.scan_id).first()
    if identity is None:
        return []
    same_email = _alike("email_index", identity.email_index)
    same_name = _alike("first_name_index", identity.first_name_index)
    found = (
        Report.objects.select_related("scan")
        .annotate(same_email=same_email, same_name=same_name)
        .filter(Q(same_email=True) | Q(same_name=True))
        .exclude(pk=report.pk)
        .order_by("-same_email", "-scan__captured_at")
    )
    if report.series:
        found = found.exclude(series=report.series)
    return [Candidate(each, _why(each)) for each in found[:CANDIDATES]]


def _alike(index: str, value: bytes | memoryview | None) -> Exists:
    """Whether a report's scan has this index, too; nothing is like what was not given."""
    identities = Identity.objects.filter(scan=OuterRef("scan"))
    return Exists(identities.filter(**{index: value}) if value else identities.none())


def _why(report: Any) -> str:
    both = report.same_email and report.same_name
    if both:
        return str(_("same first name and e-mail address"))
    return str(_("same e-mail address") if report.same_email else _("same first name"))
