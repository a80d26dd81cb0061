"""What staff see and do about a report's mails and its link, on the page of a scan."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from dermalia.mail import AddressRefused
from dermalia.sealing.keys import UnlockedKey
from practices.access import StaffRequest, practice_page
from practices.domain.sign_in import staff
from reports.domain import link_life
from reports.domain.fates import NOT_ARRIVED
from reports.domain.links import digest
from reports.domain.staff_mail import set_staff_mail_aside
from reports.models import Delivery, Report, StaffMail
from scans.queries import Person


class AddressForm(forms.Form):
    email = forms.CharField(max_length=320)


@require_POST
@practice_page(writes=True)
def scan_send(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """Mail the link as it is once more."""
    report = released_or_404(scan_id)
    try:
        link_life.send_again(report=report, who=staff(request.user))
    except link_life.NotPossible as reason:
        messages.error(request, gettext(str(reason)))
    return redirect("reports:scan_detail", scan_id)


@require_POST
@practice_page(writes=True)
def scan_renew(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """Make a new link and mail it; the old one is dead at once."""
    report = released_or_404(scan_id)
    try:
        link_life.renew_link(report=report, who=staff(request.user), send="send" in request.POST)
    except link_life.NotPossible as reason:
        messages.error(request, gettext(str(reason)))
    return redirect("reports:scan_detail", scan_id)


@require_POST
@practice_page(writes=True)
def scan_revoke(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """Turn the link off."""
    link_life.revoke_link(report=released_or_404(scan_id), who=staff(request.user))
    return redirect("reports:scan_detail", scan_id)


@require_POST
@practice_page(writes=True)
def scan_address(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """Confirm or correct the address, after asking the patient; a new link goes there."""
    report = released_or_404(scan_id)
    form = AddressForm(request.POST)
    try:
        email = form.cleaned_data["email"] if form.is_valid() else ""
        link_life.confirm_address(report=report, email=email, who=staff(request.user))
    except (AddressRefused, link_life.NotPossible) as reason:
        messages.error(request, gettext(str(reason)))
    return redirect("reports:scan_detail", scan_id)


@require_POST
@practice_page(writes=True)
def delivery_handled(request: StaffRequest, delivery_id: UUID) -> HttpResponse:
    """Somebody has dealt with a mail that did not arrive."""
    delivery = get_object_or_404(Delivery.objects.select_related("report"), pk=delivery_id)
    link_life.set_aside(delivery_id=delivery.pk, who=staff(request.user))
    return redirect("reports:scan_detail", delivery.report.scan_id)


@require_POST
@practice_page(writes=True)
def staff_mail_handled(request: StaffRequest, mail_id: UUID) -> HttpResponse:
    """Somebody has dealt with a mail to staff that did not arrive."""
    mail = get_object_or_404(StaffMail, pk=mail_id)
    set_staff_mail_aside(mail_id=mail.pk, who=staff(request.user))
    return redirect("reports:scan_list")


def delivery_context(
    request: StaffRequest,
    report: Report | None,
    deliveries: list[Delivery],
    live_links: Collection[bytes],
    key: UnlockedKey,
    known: Person,
) -> dict[str, Any]:
    """What ``reports/_delivery.html`` needs on the page of a scan; nothing before its release.

    Args:
        live_links: digests of the report's links that are not gone.
    """
    if report is None or report.state != Report.State.RELEASED or report.restricted_at:
        return {}
    live = report.link is not None and digest(report.link.open(key)) in live_links
    newest_first = sorted(deliveries, key=lambda delivery: delivery.created_at, reverse=True)
    return {
        "mails": newest_first,
        "mail_troubles": {mail.pk for mail in newest_first if _in_trouble(mail)},
        "link_live": live,
        "link_until": report.due_on,
        "address": known.email,
        "has_code": report.code is not None,
        "may_write": request.user.may_write,
    }


def _in_trouble(mail: Delivery) -> bool:
    return mail.handled_at is None and mail.state in NOT_ARRIVED


def released_or_404(scan_id: UUID) -> Report:
    """The scan's released report, or a plain 404."""
    rows = Report.objects.select_related("scan", "practice")
    report: Report = get_object_or_404(rows, scan_id=scan_id)
    if report.state != Report.State.RELEASED:
        raise Http404
    return report
