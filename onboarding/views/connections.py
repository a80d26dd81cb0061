"""Ways to the practice's scanners: added, tested line by line while you watch, paused."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.translation import get_language, gettext, override
from django.views.decorators.http import require_POST, require_safe

from dermalia.residency.egress import EgressRefused
from onboarding.domain import connections
from onboarding.domain.particulars import change_practice
from onboarding.forms import AccountForm, FolderForm, SilenceForm
from practices.access import StaffRequest, fresh_factor, practice_page
from scans.domain.connection_check import Line
from scans.models import Connection


@require_safe
@practice_page(owners=True)
@fresh_factor
def scanners(request: StaffRequest) -> HttpResponse:
    """What is connected, and how its last test went."""
    return _page(request)


@require_POST
@practice_page(owners=True)
@fresh_factor
def add_account(request: StaffRequest) -> HttpResponse:
    """Access data are sealed and never shown again."""
    form = AccountForm(request.POST)
    if not form.is_valid():
        return _page(request, account=form, status=422)
    try:
        connections.add_account(request.user, **form.cleaned_data)
    except EgressRefused:
        form.add_error("base_url", gettext("This address is not in the register of services."))
        return _page(request, account=form, status=422)
    messages.success(request, gettext("The scanner is connected. Please test the connection."))
    return redirect("onboarding:scanners")


@require_POST
@practice_page(owners=True)
@fresh_factor
def add_folder(request: StaffRequest) -> HttpResponse:
    """A folder below the one that the operator has opened for exports."""
    form = FolderForm(request.POST)
    if not form.is_valid():
        return _page(request, folder=form, status=422)
    try:
        with transaction.atomic():
            connections.add_folder(request.user, **form.cleaned_data)
    except (ValueError, IntegrityError):
        form.add_error("folder", gettext("This folder cannot be watched: choose another name."))
        return _page(request, folder=form, status=422)
    messages.success(request, gettext("The folder is watched. Please test the connection."))
    return redirect("onboarding:scanners")


@require_POST
@practice_page(owners=True)
@fresh_factor
def silence(request: StaffRequest) -> HttpResponse:
    """After how many hours a silent scanner is worth a word."""
    form = SilenceForm(request.POST)
    if not form.is_valid():
        return _page(request, silence=form, status=422)
    change_practice(request.user, form.cleaned_data)
    messages.success(request, gettext("Saved."))
    return redirect("onboarding:scanners")


@require_POST
@practice_page(owners=True)
def test(request: StaffRequest, connection_id: int) -> HttpResponseBase:
    """A page that grows by a line whenever a step is through. Nothing that is read is kept."""
    connection = get_object_or_404(Connection, pk=connection_id)
    serial = request.POST.get("serial", "")[:64]
    lines = connections.tested(connection, user=request.user, serial=serial)
    context = {"practice": request.user.practice, "connection": connection}
    head, foot = render_to_string("onboarding/check.html", context, request).split("<!--lines-->")
    return StreamingHttpResponse(_growing(head, lines, foot, get_language() or "de"))


@require_POST
@practice_page(owners=True)
def pause(request: StaffRequest, connection_id: int) -> HttpResponse:
    connections.pause(get_object_or_404(Connection, pk=connection_id), user=request.user)
    return redirect("onboarding:scanners")


@require_POST
@practice_page(owners=True)
def resume(request: StaffRequest, connection_id: int) -> HttpResponse:
    connections.resume(get_object_or_404(Connection, pk=connection_id), user=request.user)
    return redirect("onboarding:scanners")


def _growing(head: str, lines: Iterator[Line], foot: str, language: str) -> Iterator[str]:
    yield head
    passed = True
    for line in lines:
        passed = line.ok
        # The middleware has left this language by the time a stream is read.
        with override(language):
            yield render_to_string("onboarding/_check_line.html", {"line": line})
    with override(language):
        yield render_to_string("onboarding/_check_end.html", {"passed": passed})
    yield foot


def _page(
    request: StaffRequest,
    *,
    account: AccountForm | None = None,
    folder: FolderForm | None = None,
    silence: SilenceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = Connection.objects.select_related("check_up", "pause").order_by("pk")
    context: dict[str, Any] = {
        "practice": request.user.practice,
        "connections": rows,
        "account": account or AccountForm(),
        "folder": folder or FolderForm(initial={"exports": Connection.Exports.KEEP}),
        "silence": silence
        or SilenceForm(initial={"silent_hours": request.user.practice.silent_hours}),
        "exports": Connection.Exports.choices,
        "watches_folders": settings.SCAN_FOLDERS is not None,
        "calls_clusters": not settings.LOCAL,
    }
    return render(request, "onboarding/scanners.html", context, status=status)
