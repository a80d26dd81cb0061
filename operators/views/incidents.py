"""The register of incidents: entered, completed, traced, told, closed."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from operators.access import OperatorRequest, operator_page
from operators.domain import incidents
from operators.domain.drafts import draft
from operators.forms import AccountForm, IncidentForm, TraceForm, trail_of
from operators.models import Account, Incident, Statement
from operators.views.acts import Doing, Refused, act_page
from practices.models import Language

REGISTER = "admin:operators_incident_changelist"


@require_http_methods(["GET", "HEAD", "POST"])
@operator_page
def register_incident(request: OperatorRequest) -> HttpResponse:
    def do(typed: dict[str, Any], why: Statement) -> None:
        incidents.register(facts=_facts(typed), by=request.user, why=why)

    doing = Doing(
        act="incident.register",
        object="",
        title=gettext("Register an incident"),
        lead=gettext("Better early and incomplete: everything can be completed afterwards."),
        button=gettext("Register"),
        do=do,
        done=gettext("Registered. Next: find the practices it affects."),
        back=reverse(REGISTER),
        form=IncidentForm,
        initial={"noticed_at": timezone.now()},
    )
    return act_page(request, doing)


@require_http_methods(["GET", "HEAD", "POST"])
@operator_page
def change_incident(request: OperatorRequest, incident_id: UUID) -> HttpResponse:
    incident = _open_incident(incident_id)

    def do(typed: dict[str, Any], why: Statement) -> None:
        incidents.change(incident=incident, facts=_facts(typed), by=request.user, why=why)

    doing = Doing(
        act="incident.change",
        object=str(incident.pk),
        title=gettext("Incident %(reference)s") % {"reference": incident.reference},
        lead=gettext("What is known by now."),
        button=gettext("Save"),
        do=do,
        done=gettext("Saved."),
        back=_page_of(incident),
        form=IncidentForm,
        initial={name: getattr(incident, name) for name in IncidentForm.Meta.fields},
    )
    return act_page(request, doing)


@require_http_methods(["GET", "HEAD", "POST"])
@operator_page
def write_account(request: OperatorRequest, incident_id: UUID, language: str) -> HttpResponse:
    """The words of the notice in one language, drafted beforehand."""
    incident = _open_incident(incident_id)
    if language not in Language.values:
        raise Http404
    written = Account.objects.filter(incident=incident, language=language).first()
    names = AccountForm.Meta.fields
    words = {name: getattr(written, name) for name in names} if written else draft(language)

    def do(typed: dict[str, Any], why: Statement) -> None:
        words = {name: typed[name] for name in names}
        incidents.write_account(
            incident=incident, language=language, words=words, by=request.user, why=why
        )

    doing = Doing(
        act="incident.account",
        object=f"{incident.pk}/{language}",
        title=gettext("Notice in %(language)s") % {"language": Language(language).label},
        lead=gettext("Practices read this. Facts and numbers are added to it by themselves."),
        button=gettext("Save"),
        do=do,
        done=gettext("Saved."),
        back=_page_of(incident),
        form=AccountForm,
        initial=words,
    )
    return act_page(request, doing)


@require_http_methods(["GET", "HEAD", "POST"])
@operator_page
def trace_incident(request: OperatorRequest, incident_id: UUID) -> HttpResponse:
    incident = _open_incident(incident_id)

    def do(typed: dict[str, Any], why: Statement) -> None:
        trail = trail_of(typed)
        found = len(incidents.trace(incident=incident, trail=trail, by=request.user, why=why))
        said = ngettext(
            "The log leads to %(number)s practice.", "The log leads to %(number)s practices.", found
        )
        messages.info(request, said % {"number": found})

    doing = Doing(
        act="incident.trace",
        object=str(incident.pk),
        title=gettext("Whom does it affect?"),
        lead=gettext(
            "Every practice in whose log something fits gets a notice drafted. Looking again adds"
            " practices and removes none."
        ),
        button=gettext("Search the log"),
        do=do,
        done=gettext("The search is on record."),
        back=_page_of(incident),
        form=TraceForm,
        initial={
            "since": incident.happened_from,
            "until": incident.happened_to or incident.noticed_at,
        },
    )
    return act_page(request, doing)


@require_http_methods(["GET", "HEAD", "POST"])
@operator_page
def notify_practices(request: OperatorRequest, incident_id: UUID) -> HttpResponse:
    """Every drafted notice goes out: a passkey is shown for it."""
    incident = _open_incident(incident_id)
    waiting = incidents.notices_of(incident).filter(told_at=None).count()

    def do(_typed: dict[str, Any], why: Statement) -> None:
        try:
            unreachable = incidents.notify(incident=incident, by=request.user, why=why)
        except incidents.Incomplete as missing:
            languages = ", ".join(Language(code).label for code in sorted(missing.languages))
            said = gettext("The notice is not written to its end yet in: %(languages)s")
            raise Refused(said % {"languages": languages}) from missing
        if unreachable:
            told = gettext("Nobody to write to, please call: %(names)s")
            messages.warning(request, told % {"names": ", ".join(unreachable)})

    doing = Doing(
        act="incident.notify",
        object=str(incident.pk),
        title=gettext("Tell the practices of %(reference)s") % {"reference": incident.reference},
        lead=ngettext(
            "%(number)s practice has not been told yet. Its owners get a mail and read the whole"
            " notice in their dashboard.",
            "%(number)s practices have not been told yet. Their owners get a mail and read the"
            " whole notice in their dashboard.",
            waiting,
        )
        % {"number": waiting},
        button=gettext("Tell them, with passkey"),
        do=do,
        done=gettext("Handed to the outbox. The register shows when each has arrived."),
        back=_page_of(incident),
        grave=True,
    )
    return act_page(request, doing)


@require_http_methods(["GET", "HEAD", "POST"])
@operator_page
def close_incident(request: OperatorRequest, incident_id: UUID) -> HttpResponse:
    incident = _open_incident(incident_id)

    def do(_typed: dict[str, Any], why: Statement) -> None:
        try:
            incidents.close(incident=incident, by=request.user, why=why)
        except incidents.NotToldYet as refused:
            raise Refused(gettext("Not every practice has been told.")) from refused

    doing = Doing(
        act="incident.close",
        object=str(incident.pk),
        title=gettext("Close %(reference)s") % {"reference": incident.reference},
        lead=gettext("It stays in the register."),
        button=gettext("Close"),
        do=do,
        done=gettext("Closed."),
        back=_page_of(incident),
    )
    return act_page(request, doing)


def _facts(typed: dict[str, Any]) -> dict[str, Any]:
    return {name: typed[name] for name in IncidentForm.Meta.fields}


def _open_incident(incident_id: UUID) -> Incident:
    return get_object_or_404(Incident, pk=incident_id, closed_at=None)


def _page_of(incident: Incident) -> str:
    return reverse("admin:operators_incident_change", args=[incident.pk])
