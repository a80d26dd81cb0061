"""The practice's list of scans."""

from collections.abc import Iterable
from datetime import date, datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from audit.access import Look, record_access
from audit.words import Action
from dermalia.sealing.keys import UnlockedKey, unlock_many
from practices.access import StaffRequest, practice_page
from practices.domain.staff import staff
from practices.models import Purpose
from reports.domain.initials import initial
from reports.domain.listing import ANY_NEED, Filters, Mark, day_of, list_scans, seen_at
from reports.domain.needs import CASE_SOON, SOON, Need, Needs, count_needs
from reports.domain.status import Step, status_of, timeline
from reports.mail.models import Fate
from reports.models import Delivery, Report
from scans.domain.progress import Shown, in_progress
from scans.models import Scan
from scans.queries import connections, first_name, silent

# A page that fetches itself again does so often while something runs, and seldom while not.
WHILE_RUNNING, WHILE_STILL = 3, 30
SEARCH_CHARACTERS = 320  # an e-mail address


class FilterForm(forms.Form):
    """The list's filters as they stand in its address; what makes no sense narrows nothing."""

    q = forms.CharField(max_length=SEARCH_CHARACTERS, required=False)
    stage = forms.ChoiceField(
        required=False,
        choices=[
            ("", _("any")),
            ("running", _("on its way")),
            ("draft", _("to be released")),
            ("released", _("released")),
            ("restricted", _("restricted")),
        ],
    )
    opened = forms.ChoiceField(
        required=False,
        choices=[("", _("any")), ("yes", _("opened")), ("no", _("released, not opened yet"))],
    )
    purpose = forms.ChoiceField(
        required=False,
        choices=[("", _("any")), *Purpose.choices, ("none", _("not said yet"))],
    )
    need = forms.ChoiceField(
        required=False,
        choices=[
            ("", _("any")),
            (ANY_NEED, _("needs attention")),
            (Need.FAILED, _("copying or converting failed")),
            (Need.MAIL, _("mail did not arrive")),
            (Need.FLAG, _("medical or aesthetic?")),
            (Need.CONSENT, _("consent missing")),
            (Need.ERASURE, _("erased within 30 days")),
        ],
    )

    def filters(self) -> Filters:
        self.full_clean()
        given = self.cleaned_data
        return Filters(
            search=given.get("q", "").strip(),
            stage=given.get("stage", ""),
            opened=given.get("opened", ""),
            purpose=given.get("purpose", ""),
            need=given.get("need", ""),
        )


@require_safe
@practice_page()
def scan_list(request: StaffRequest) -> HttpResponse:
    """The newest scans by day; the page fetches its rows again by itself."""
    polls = bool(request.htmx)
    form = FilterForm(request.GET)
    filters = form.filters()
    listed = list_scans(filters, after=Mark.parse(request.GET.get("after", "")))
    access = record_access(
        Action.SCANS_LISTED,
        who=staff(request.user),
        part_of=Look(Action.SCANS_LISTED, None) if polls else None,
    )
    keys = unlock_many([scan.key_id for scan in listed.scans], access=access)
    progress = in_progress(listed.scans)
    courses = Courses()
    rows = [
        _row(
            scan,
            keys.get(scan.key_id),
            progress.get(scan.pk),
            courses=courses,
            initials=request.desk.initials,
        )
        for scan in listed.scans
    ]
    asked = {name: value for name, value in request.GET.items() if value and name != "after"}
    context = {
        "practice": request.user.practice,
        "days": _by_day(rows),
        "form": form,
        "filters": filters,
        "narrowed": sum(map(bool, (filters.stage, filters.opened, filters.purpose, filters.need))),
        "needs": _needs(request),
        "next_url": f"?{urlencode(asked | {'after': str(listed.next)})}" if listed.next else "",
        "first_url": f"?{urlencode(asked)}" if "after" in request.GET else "",
        "live": asked.get("live") != "off",
        "toggle_url": f"?{urlencode(asked | {'live': _other(asked)})}",
        "every": WHILE_RUNNING if any(row["running"] for row in rows) else WHILE_STILL,
        "may_write": request.user.may_write,
    }
    template = "reports/_scan_rows.html" if polls else "reports/scan_list.html"
    return render(request, template, context)


def _other(asked: dict[str, Any]) -> str:
    return "on" if asked.get("live") == "off" else "off"


def _needs(request: StaffRequest) -> list[tuple[int, str, str]]:
    """What waits, most pressing first: how many, in words, and where it is dealt with."""
    needs = count_needs(request.user.practice_id)
    found = [*_scanners(), *_counted(needs)]
    return [each for each in found if each[0]]


def _scanners() -> list[tuple[int, str, str]]:
    known = connections()
    now = timezone.now()
    troubled = [
        gettext("Connection to the scanner:") + " " + gettext(each.last_error)
        for each in known
        if each.last_error
    ]
    quiet = sum(silent(each, now) for each in known if not each.last_error)
    words = gettext("The scanner has not been heard of for hours: is it switched on?")
    return [*((1, text, "") for text in troubled), (quiet, words, "")]


def _counted(needs: Needs) -> list[tuple[int, str, str]]:
    here = reverse("reports:scan_list")
    words = {
        Need.FAILED: gettext("Copying or converting failed"),
        Need.MAIL: gettext("Mail did not arrive"),
        Need.FLAG: gettext("Medical or aesthetic? Not said yet"),
        Need.CONSENT: gettext("Consent missing"),
    }
    erasure = gettext("Erased within the next %(days)s days") % {"days": SOON.days}
    cases = gettext("Requests to be answered within %(days)s days") % {"days": CASE_SOON.days}
    return [
        *((needs.scans[need], text, f"{here}?need={need}") for need, text in words.items()),
        (needs.cases, cases, reverse("reports:case_list")),
        (needs.scans[Need.ERASURE], erasure, f"{here}?need={Need.ERASURE}"),
    ]


def _by_day(rows: Iterable[dict[str, Any]]) -> list[tuple[date, str, list[dict[str, Any]]]]:
    """Day, what it is called today, and its rows."""
    today = day_of(timezone.now())
    names = {0: gettext("Today"), 1: gettext("Yesterday")}
    return [
        (day, names.get((today - day).days, ""), list(of_day))
        for day, of_day in groupby(rows, key=lambda row: day_of(row["seen_at"]))
    ]


class Courses(dict[tuple[bool, ...], SafeString]):
    """The line that shows how far a scan is, rendered once for all that are equally far."""

    def of(self, steps: list[Step]) -> SafeString:
        done = tuple(step.done for step in steps)
        if done not in self:
            self[done] = render_to_string("reports/_steps.html", {"steps": steps})
        return self[done]


def _row(
    scan: Scan,
    key: UnlockedKey | None,
    progress: Shown | None,
    *,
    courses: Courses,
    initials: bool,
) -> dict[str, Any]:
    report: Report | None = getattr(scan, "report", None)
    deliveries = list(report.deliveries.all()) if report else []
    status = status_of(scan, report, deliveries)
    hidden = key is None or (report is not None and report.restricted_at is not None)
    name = "" if hidden or key is None else first_name(scan=scan, key=key)
    steps = timeline(scan, report, deliveries)
    return {
        "scan": scan,
        "report": report,
        "name": initial(name) if initials else name,
        "state_label": progress.label if progress else status.label,
        "state_slug": status.slug,
        "problem": status.problem,
        "progress": progress,
        "running": _runs(scan, deliveries),
        "seen_at": seen_at(scan),
        "course": courses.of(steps),
        "last": _last(steps),
        "detail_url": reverse("reports:scan_detail", args=[scan.pk]),
    }


def _last(steps: list[Step]) -> datetime | None:
    """When the last thing happened that has a time of day."""
    times = [step.at for step in steps if step.done and isinstance(step.at, datetime)]
    return times[-1] if times else None


def _runs(scan: Scan, deliveries: list[Delivery]) -> bool:
    """Whether something of the scan will change by itself in a moment."""
    converting = scan.state != Scan.State.READY and scan.quarantined_at is None
    mailing = any(
        mail.state in (Fate.QUEUED, Fate.SENDING) and mail.quarantined_at is None
        for mail in deliveries
    )
    return converting or mailing
