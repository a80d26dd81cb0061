"""What the holder of a link may ask about their data; each question is a case at the practice."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from audit.access import Look, record_access
from audit.chain import PATIENT
from audit.words import Action
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from reports.domain.cases import MESSAGE_LENGTH, hides_at_once, open_case
from reports.domain.privacy import HIDES_AT_ONCE, REQUESTS, privacy_facts
from reports.models import Case, Report
from reports.queries import visible_report
from reports.views.gate import languages, show_gone
from reports.views.holder import find_or_404, opened, secret_address
from scans.queries import person


class MessageField(forms.CharField):
    """A text whose line ends count as one character, as they do in the browser."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").replace("\r\n", "\n")


class RequestForm(forms.Form):
    kind = forms.ChoiceField(
        choices=Case.Kind.choices, error_messages={"required": _("Please choose a request.")}
    )
    message = MessageField(required=False, max_length=MESSAGE_LENGTH)


@dataclass(frozen=True, slots=True)
class Choice:
    """A request that can be made, or that was made and is not answered yet (``answer_by``)."""

    kind: str
    label: str
    text: str
    warning: str
    answer_by: date | None


@csrf_exempt  # whoever can forge this request knows the link; and a token would be a cookie
@require_http_methods(["GET", "HEAD", "POST"])
@secret_address
def patient_privacy(request: HttpRequest, link: str) -> HttpResponseBase:
    """The facts about an opened report's data and a form; POST opens a case at the practice."""
    found = find_or_404(link)
    with practice_scope(found.practice_id):
        report = None if found.gone else visible_report(found.report_id)
        if report is None:
            return show_gone(request, found.practice_id)
        if opened(request, link) is None:
            return _to_the_gate(link)
        form = RequestForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            return _sent(request, report, form.cleaned_data, link)
        return _asked(request, report, form, link)


def _to_the_gate(link: str) -> HttpResponse:
    response = HttpResponseRedirect(reverse("reports:patient", args=[link]))
    response.status_code = 303
    return response


def _asked(request: HttpRequest, report: Report, form: RequestForm, link: str) -> HttpResponse:
    look = Look(Action.REPORT_VIEWED, report.pk)
    access = record_access(Action.REPORT_VIEWED, who=PATIENT, object_id=report.pk, part_of=look)
    key = unlock(report.scan.key_id, access=access)
    wanted = form["kind"].value() if form.is_bound else request.GET.get("kind")
    context = {
        "report": report,
        "practice": report.practice,
        "privacy": privacy_facts(report=report, person=person(scan=report.scan, key=key)),
        "choices": _choices(report),
        "wanted": wanted,
        "form": form,
        "message_length": MESSAGE_LENGTH,
        "back_url": reverse("reports:patient", args=[link]),
    }
    status = 422 if form.is_bound else 200
    return render(request, "reports/privacy.html", context | languages(request), status=status)


def _choices(report: Report) -> list[Choice]:
    waiting = dict(
        Case.objects.filter(report=report, state=Case.State.OPEN).values_list("kind", "due_on")
    )
    return [
        Choice(
            kind=kind.value,
            label=gettext(str(label)),
            text=gettext(str(text)),
            warning=gettext(str(HIDES_AT_ONCE)) if hides_at_once(report, kind) else "",
            answer_by=waiting.get(kind.value),
        )
        for kind, (label, text) in REQUESTS.items()
    ]


def _sent(request: HttpRequest, report: Report, asked: dict[str, Any], link: str) -> HttpResponse:
    """Answered at once rather than by a redirect: after some requests nothing else is shown."""
    kind = Case.Kind(asked["kind"])
    case = open_case(report=report, kind=kind, who=PATIENT, message=asked["message"].strip())
    context = {
        "practice": report.practice,
        "case": case,
        "label": REQUESTS[kind][0],
        "hidden": hides_at_once(report, kind) is not None,
        "back_url": reverse("reports:patient", args=[link]),
    }
    return render(request, "reports/request_sent.html", context | languages(request))
