"""Erasing several reports at once: named one by one, confirmed in writing, a receipt for each."""

from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from practices.access import StaffRequest, fresh_factor, practice_page
from practices.domain.staff import staff
from reports.domain.bulk import Row, chosen
from reports.views.bulk import ScansField, named
from retention.domain.erase import Occupied, request_erasure
from retention.models import Erasure
from retention.queries import batch
from retention.views.erasure import OCCUPIED
from scans.models import Scan


class ChosenForm(forms.Form):
    scan = ScansField()


class ConfirmationForm(forms.Form):
    """Asks for a sentence with the number in it, so that nobody erases more than they think."""

    confirmation = forms.CharField(error_messages={"required": _("Please type the words.")})

    def __init__(self, *args: Any, number: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = gettext("erase %(number)s") % {"number": number}

    def clean_confirmation(self) -> str:
        typed: str = " ".join(self.cleaned_data["confirmation"].split())
        if typed.casefold() != self.expected.casefold():
            raise forms.ValidationError(gettext("These are not the words. Nothing was erased."))
        return typed


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(writes=True)
@fresh_factor
def bulk_erasure(request: StaffRequest) -> HttpResponse:
    """GET names each scan that goes; POST erases them all, or none."""
    form = ChosenForm(request.POST if request.method == "POST" else request.GET)
    scans = chosen(form.cleaned_data["scan"]) if form.is_valid() else []
    if not scans:
        return redirect("reports:scan_list")
    confirmation = ConfirmationForm(request.POST or None, number=len(scans))
    if confirmation.is_valid():
        try:
            with transaction.atomic():
                return redirect("retention:batch", _erase(request, scans))
        except Occupied:
            confirmation.add_error("confirmation", OCCUPIED)
    context = {
        "practice": request.user.practice,
        "rows": named(request, _rows(scans)),
        "form": confirmation,
    }
    status = 422 if confirmation.is_bound else 200
    return render(request, "retention/bulk_erasure.html", context, status=status)


def _erase(request: StaffRequest, scans: list[Scan]) -> UUID:
    """Erase all of them; the id under which they are followed.

    Raises:
        Occupied: one of them could not be; none of them is.
    """
    who = staff(request.user)
    # In the order of their ids: two people who erase the same scans do not wait for each other
    # in a circle.
    batch_id = uuid4()
    for scan in sorted(scans, key=lambda scan: scan.pk):
        with suppress(Scan.DoesNotExist):  # somebody else was quicker: that receipt is theirs
            request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=who, batch=batch_id)
    return batch_id


@require_safe
@practice_page()
def progress(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """How many of those erased together are verified; the page looks again by itself."""
    found = batch(batch_id)
    if not found.erasures:
        raise Http404
    context = {"practice": request.user.practice, "batch": found}
    return render(request, "retention/batch.html", context)


def _rows(scans: list[Scan]) -> list[Row]:
    return [Row(scan, getattr(scan, "report", None), "") for scan in scans]
