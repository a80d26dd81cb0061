"""What may be shown to anybody who has a link: nothing about health."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import translate_url
from django.utils import timezone
from django.utils.translation import get_language

from practices.models import Practice
from reports.domain.codes import plain_code
from reports.models import Report


@dataclass(frozen=True, slots=True)
class Gate:
    """What the page in front of a report says.

    Attributes:
        asks_code: whether the report opens with a code only.
        refused: whether the code just typed, or none, was not it.
        locked_until: from when on a code may be typed again.
    """

    practice_name: str
    practice_contact: str
    asks_code: bool = False
    refused: bool = False
    locked_until: datetime | None = None


def show_gate(
    request: HttpRequest,
    report: Report,
    *,
    refused: bool = False,
    locked_until: datetime | None = None,
) -> HttpResponse:
    """The gate.

    Args:
        refused: it is shown again because the code was not right (422).
        locked_until: the try came before this time (429).
    """
    gate = Gate(
        report.practice.name,
        contact(report.practice),
        asks_code=report.code_digest is not None,
        refused=refused,
        locked_until=locked_until or _ahead(report.code_locked_until),
    )
    response = render(request, "reports/gate.html", {"gate": gate} | languages(request))
    if gate.locked_until is not None and refused:
        response.status_code = 429
        wait = (gate.locked_until - timezone.now()).total_seconds()
        response.headers["Retry-After"] = str(max(math.ceil(wait), 1))
    elif refused:
        response.status_code = 422
    return response


def _ahead(at: datetime | None) -> datetime | None:
    return at if at is not None and at > timezone.now() else None


def show_gone(request: HttpRequest, practice_id: int) -> HttpResponse:
    """The same page, whyever there is nothing any more: it tells whom to ask."""
    practice = Practice.objects.get(pk=practice_id)
    context = {"gate": Gate(practice.name, contact(practice))} | languages(request)
    return render(request, "reports/gone.html", context, status=410)


def typed_code(request: HttpRequest) -> str:
    """The code in a form, empty where none was typed: whoever only presses the button, as mail
    scanners do, has not tried one."""
    return plain_code(request.POST.get("code", "")[:64])


def contact(practice: Practice) -> str:
    """The one way to reach the practice that a small page has room for."""
    return practice.phone or practice.email


def languages(request: HttpRequest) -> dict[str, Any]:
    """The links to the same page in each language, for ``parts/languages.html``."""
    return {
        "language_links": [
            (code, label, translate_url(request.path, code), code == get_language())
            for code, label in settings.LANGUAGES
        ]
    }
