"""Erasing one scan from the dashboard, and the receipt of it."""

from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from audit.models import Entry
from audit.words import Action
from practices.access import StaffRequest, fresh_factor, practice_page
from practices.domain.sign_in import staff
from retention.domain.erase import request_erasure
from retention.models import Erasure
from scans.models import Asset, Scan


class ConfirmationForm(forms.Form):
    """Asks for the end of the scan identifier, so that nobody erases by a slip."""

    confirmation = forms.CharField(
        error_messages={"required": _("Please type the last four characters.")}
    )

    def __init__(self, *args: Any, scan_identifier: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = scan_identifier[-4:]

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"].strip()
        if typed.lower() != self.expected.lower():
            raise forms.ValidationError(
                gettext("That is not how this scan ends. Nothing was erased.")
            )
        return typed


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(writes=True)
@fresh_factor
def confirm_erasure(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """GET names what goes and what stays; POST erases."""
    scan = get_object_or_404(Scan, pk=scan_id)
    form = ConfirmationForm(request.POST or None, scan_identifier=scan.scan_identifier)
    if form.is_valid():
        erasure = request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=staff(request.user))
        return redirect("retention:receipt", erasure.pk)
    files = Asset.objects.filter(scan=scan, stored_at__isnull=False)
    context = {
        "form": form,
        "practice": request.user.practice,
        "scan": scan,
        "scan_identifier": scan.scan_identifier,
        "objects": files.count(),
        "bytes": files.aggregate(sum=Sum("bytes"))["sum"] or 0,
        "cancel_url": reverse("reports:scan_detail", args=[scan.pk]),
    }
    status = 422 if form.is_bound else 200
    return render(request, "retention/confirm_erasure.html", context, status=status)


@require_safe
@practice_page()
def receipt(request: StaffRequest, erasure_id: UUID) -> HttpResponse:
    """The receipt: it fills itself in while the erasure completes."""
    erasure = get_object_or_404(Erasure, pk=erasure_id)
    entry = (
        Entry.objects.filter(
            object_id=erasure.scan_id,
            action__in=[Action.ERASURE_REQUESTED, Action.ERASURE_VERIFIED],
        )
        .order_by("-sequence")
        .first()
    )
    context = {
        "practice": request.user.practice,
        "erasure": erasure,
        "receipt": {
            "number": str(erasure.pk),
            "practice": request.user.practice.name,
            "reference": str(erasure.scan_id),
            "reason_label": erasure.get_reason_display(),
            "state": erasure.get_state_display(),
            "requested_at": erasure.requested_at,
            "verified_at": erasure.verified_at,
            "seconds": erasure.seconds,
            "objects": erasure.objects_erased,
            "bytes": erasure.bytes_erased,
            "keys_destroyed": 1,
            "audit_hash": bytes(entry.hash).hex() if entry else "",
        },
    }
    return render(request, "retention/receipt.html", context)
