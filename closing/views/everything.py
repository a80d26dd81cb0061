"""Settings: erase every scan and report. For owners, after showing a factor."""

from datetime import datetime

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from audit.models import Entry
from audit.words import Action
from closing.domain.current import order_under_way
from closing.domain.everything import UnderWay, order_everything
from closing.forms import NameForm
from closing.models import Everything
from practices.access import StaffRequest, fresh_factor, practice_page
from practices.domain.staff import staff
from practices.models import Purpose
from reports.models import Report
from scans.models import Scan


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
@fresh_factor
def everything(request: StaffRequest) -> HttpResponse:
    """GET says what goes, and offers the export first; POST with the name orders it."""
    practice = request.user.practice
    under_way = order_under_way()
    if under_way is not None:
        return _to_certificate(under_way)
    form = NameForm(request.POST or None, expected=practice.name)
    if request.method == "POST" and form.is_valid():
        try:
            order = order_everything(
                practice_id=practice.pk, kind=Everything.Kind.DATASET, who=staff(request.user)
            )
        except UnderWay:
            messages.info(request, gettext("Everything is being erased already."))
            return redirect("closing:everything")
        return _to_certificate(order)
    context = {"practice": practice, "form": form, "exported_at": exported_at(), **_numbers()}
    return render(request, "closing/everything.html", context, status=422 if form.is_bound else 200)


def exported_at() -> datetime | None:
    """When an export was last taken, as the log has it."""
    taken = Entry.objects.filter(action=Action.EXPORT_TAKEN).order_by("-sequence").first()
    return taken.at if taken else None


def _numbers() -> dict[str, int]:
    restricted = Q(restricted_at__isnull=False)
    medical = Report.objects.filter(purpose=Purpose.MEDICAL).exclude(restricted)
    spared = Report.objects.filter(restricted).count()
    return {
        "scans": Scan.objects.count() - spared,
        "medical": medical.count(),
        "spared": spared,
    }


def _to_certificate(order: Everything) -> HttpResponse:
    return redirect("closing:certificate", order.practice_id, order.certificate_id)
