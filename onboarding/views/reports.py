"""Settings: where they are, and what is decided about reports and their links."""

from datetime import timedelta

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from onboarding.domain.particulars import change_practice
from onboarding.forms import ReportsForm
from onboarding.views.particulars import release_choices
from practices.access import StaffRequest, fresh_factor, practice_page
from practices.models import Language
from reports.models import Tally

TALLY_DAYS = 30


@require_safe
@practice_page(owners=True)
def index(request: StaffRequest) -> HttpResponse:
    return render(request, "onboarding/settings.html", {"practice": request.user.practice})


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
@fresh_factor
def reports(request: StaffRequest) -> HttpResponse:
    """Language, release, access code, counters."""
    practice = request.user.practice
    form = ReportsForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(practice, name) for name in ReportsForm.base_fields},
    )
    if form.is_bound and form.is_valid():
        change_practice(request.user, form.cleaned_data)
        messages.success(request, gettext("Saved. It holds for reports from now on."))
        return redirect("onboarding:reports")
    context = {
        "practice": practice,
        "form": form,
        "languages": Language.choices,
        **release_choices(),
        "tallies": _tallies(),
        "days": TALLY_DAYS,
    }
    return render(request, "onboarding/reports.html", context, status=422 if form.errors else 200)


def _tallies() -> list[tuple[str, int]]:
    """How often reports were used in the last days, by what was used."""
    since = timezone.localdate() - timedelta(days=TALLY_DAYS)
    sums = dict(Tally.objects.filter(day__gt=since).values_list("what").annotate(sum=Sum("number")))
    return [(str(what.label), sums.get(what.value, 0)) for what in Tally.What]
