"""The practice's list of scans."""

from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from audit.access import Look, record_access
from audit.words import Action
from dermalia.sealing.keys import unlock_many
from practices.access import StaffRequest, practice_page
from practices.domain.staff import staff
from practices.models import Purpose
from reports.domain.attention import staff_troubles
from reports.domain.listing import ANY_NEED, Filters, Mark, list_scans
from reports.domain.needs import CASE_SOON, SOON, Need, Needs, count_needs
from reports.views.scan_rows import RowMaker, by_day
from scans.domain.progress import in_progress
from scans.queries import connections, silent

# A page that fetches itself again does so often while something runs, and seldom while not.
WHILE_RUNNING, WHILE_STILL = 3, 30
SEARCH_CHARACTERS = 320  # an e-mail address


Options = list[tuple[str, str | Promise]]

# What the list can be narrowed by, besides words: what it is called, and its options.
FILTERS: dict[str, tuple[str | Promise, Options]] = {
    "stage": (
        _("State"),
        [
            ("", _("any")),
            ("running", _("on its way")),
            ("draft", _("to be released")),
            ("released", _("released")),
            ("restricted", _("restricted")),
        ],
    ),
    "need": (
        _("Attention"),
        [
            ("", _("any")),
            (ANY_NEED, _("needs attention")),
            (Need.FAILED, _("copying or converting failed")),
            (Need.MAIL, _("mail did not arrive")),
            (Need.FLAG, _("medical or aesthetic?")),
            (Need.CONSENT, _("consent missing")),
            (Need.ERASURE, _("erased within 30 days")),
        ],
    ),
    "opened": (
        _("Opened by the patient"),
        [("", _("any")), ("yes", _("opened")), ("no", _("released, not opened yet"))],
    ),
    "purpose": (
        _("Medical or aesthetic"),
        [("", _("any")), *Purpose.choices, ("none", _("not said yet"))],
    ),
}


def _choice(name: str) -> forms.ChoiceField:
    return forms.ChoiceField(required=False, choices=FILTERS[name][1])


class FilterForm(forms.Form):
    """The list's filters as they stand in its address; what makes no sense narrows nothing."""

    q = forms.CharField(max_length=SEARCH_CHARACTERS, required=False)
    stage, need = _choice("stage"), _choice("need")
    opened, purpose = _choice("opened"), _choice("purpose")

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
    filters = FilterForm(request.GET).filters()
    chosen = {name: getattr(filters, name) for name in FILTERS}
    listed = list_scans(filters, after=Mark.parse(request.GET.get("after", "")))
    access = record_access(
        Action.SCANS_LISTED,
        who=staff(request.user),
        part_of=Look(Action.SCANS_LISTED, None) if polls else None,
    )
    keys = unlock_many([scan.key_id for scan in listed.scans], access=access)
    initials, may_write = request.desk.initials, request.user.may_write
    make = RowMaker(keys, in_progress(listed.scans), initials=initials, may_write=may_write)
    rows = make.rows(listed)
    asked = {name: value for name, value in request.GET.items() if value and name != "after"}
    context = {
        "practice": request.user.practice,
        "days": by_day(rows),
        "choices": _choices(str(get_language()), **chosen),
        "filters": filters,
        "narrowed": sum(map(bool, chosen.values())),
        "needs": _needs(request),
        "next_url": f"?{urlencode(asked | {'after': str(listed.next)})}" if listed.next else "",
        "first_url": f"?{urlencode(asked)}" if "after" in request.GET else "",
        "live": asked.get("live") != "off",
        "toggle_url": f"?{urlencode(asked | {'live': _other(asked)})}",
        "every": WHILE_RUNNING if any(row.running for row in rows) else WHILE_STILL,
        "mail_problems": [] if polls else staff_troubles(),
        "may_write": may_write,
    }
    template = "reports/_scan_rows.html" if polls else "reports/scan_list.html"
    return render(request, template, context)


@lru_cache(maxsize=64)
def _choices(_language: str, **chosen: str) -> SafeString:
    """The filters in the language that is active, each with one of its options chosen."""
    fields = [(name, *FILTERS[name], value) for name, value in chosen.items()]
    return render_to_string("reports/_choices.html", {"fields": fields})


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
