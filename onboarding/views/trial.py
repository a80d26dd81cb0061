"""The test scan: started, followed step by step, looked at, erased."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from onboarding.domain import trial as trials
from onboarding.domain.standing import UNDER_WAY
from onboarding.models import Trial
from practices.access import StaffRequest, fresh_factor, practice_page
from practices.domain.standing import standing
from scans.models import Connection, Scan

State = Trial.State
# These states change without anybody's doing: the page looks again.
MOVES = (State.WAITING, State.WORKING, State.SENDING, State.ERASING)


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the page."""

    label: str | Promise
    done: bool
    at: datetime | None = None


@require_safe
@practice_page(owners=True)
def trial(request: StaffRequest) -> HttpResponse:
    return _page(request, trials.current())


@require_POST
@practice_page(owners=True)
def start_one(request: StaffRequest) -> HttpResponse:
    connection = get_object_or_404(Connection, pk=_number(request.POST.get("connection", "")))
    try:
        trials.start(connection, user=request.user)
        if trials.has_shutter(connection):
            trials.press_shutter(connection)
    except trials.TrialRefused as refused:
        messages.error(request, gettext(str(refused)))
    return redirect("onboarding:trial")


@require_POST
@practice_page(owners=True)
def capture(request: StaffRequest) -> HttpResponse:
    """Ask the stand-in once more, where its first capture did not come."""
    running = trials.current()
    if running and running.state == State.WAITING and running.connection:
        try:
            trials.press_shutter(running.connection)
        except trials.TrialRefused as refused:
            messages.error(request, gettext(str(refused)))
    return redirect("onboarding:trial")


@require_POST
@practice_page(owners=True)
def go_on(request: StaffRequest) -> HttpResponse:
    """What the page sends by itself while the test moves; without scripts, its button."""
    running = trials.current()
    if running is not None:
        running = trials.advance(running)
    return _page(request, running)


@require_POST
@practice_page(owners=True)
@fresh_factor
def erase_it(_request: StaffRequest) -> HttpResponse:
    running = trials.current()
    if running is not None:
        trials.erase(running)
    return redirect("onboarding:trial")


@require_POST
@practice_page(owners=True)
def stop_it(_request: StaffRequest) -> HttpResponse:
    running = trials.current()
    if running is not None:
        trials.stop(running)
    return redirect("onboarding:trial")


def _page(request: StaffRequest, shown: Trial | None) -> HttpResponse:
    under_way = shown is not None and shown.state in UNDER_WAY
    connection = shown.connection if shown else None
    context = {
        "practice": request.user.practice,
        "trial": shown,
        "steps": _steps(shown) if shown else [],
        "moves": shown is not None and shown.state in MOVES,
        "under_way": under_way,
        "stand_in": connection is not None and trials.has_shutter(connection),
        "email": request.user.email,
        "connections": [] if under_way else list(Connection.objects.order_by("pk")),
        "is_live": standing().is_live(),
    }
    return render(request, "onboarding/trial.html", context)


def _steps(shown: Trial) -> list[Step]:
    scan = Scan.objects.filter(pk=shown.scan_id).first() if shown.scan_id else None
    stored_at = scan.stored_at if scan else None
    ready_at = scan.ready_at if scan else None
    past = shown.released_at is not None
    return [
        Step(_("Capture has come in"), shown.arrived_at is not None, shown.arrived_at),
        Step(_("Files copied and sealed in storage"), past or bool(stored_at), stored_at),
        Step(_("3D view and report made"), past or bool(ready_at), ready_at),
        Step(_("Report released, marked TEST"), past, shown.released_at),
        Step(_("Link sent to you"), shown.sent_at is not None, shown.sent_at),
        Step(_("Erased, receipt written"), shown.state == State.PASSED, shown.ended_at),
    ]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
