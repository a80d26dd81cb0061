"""Erasing one scan from the dashboard."""

from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from practices.access import StaffRequest, fresh_factor, practice_page
from practices.domain.sign_in import staff
from retention.domain.erase import Occupied, request_erasure
from retention.models import Erasure
from scans.models import Asset, Scan

OCCUPIED = _(
    "Something is at work on this report. Nothing was erased: please try again in a moment."
)


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
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            erasure = request_erasure(
                scan=scan, reason=Erasure.Reason.STAFF, who=staff(request.user)
            )
            return redirect("retention:receipt", erasure.pk)
        except Occupied:
            form.add_error(None, OCCUPIED)
            status = 503
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
    return render(request, "retention/confirm_erasure.html", context, status=status)
