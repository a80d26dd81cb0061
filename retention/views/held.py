"""A sweep that waits for a word: what would go, why it waits, and letting it go on."""

from itertools import islice

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from practices.access import StaffRequest, fresh_factor, practice_page
from practices.domain.staff import staff
from retention.domain.guard import confirm_sweep, due_number
from retention.domain.plan import plan
from retention.queries import held_sweep
from retention.tasks import sweep

SHOWN = 100


class ConfirmationForm(forms.Form):
    """The number that was shown, so that nobody lets more go than they have seen."""

    number = forms.IntegerField(min_value=1)


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
@fresh_factor
def held(request: StaffRequest) -> HttpResponse:
    """GET says what waits and why; POST lets it go."""
    if request.method == "POST":
        form = ConfirmationForm(request.POST)
        number = form.cleaned_data["number"] if form.is_valid() else 0
        if not confirm_sweep(number=number, who=staff(request.user)):
            messages.error(request, gettext("The number has changed. Please look again."))
            return redirect("retention:held")
        practice_id = request.user.practice_id
        # A lost message costs an hour: the next sweep finds the same.
        transaction.on_commit(lambda: sweep.delay(practice_id), robust=True)
        messages.success(request, gettext("Confirmed. The erasures begin now."))
        return redirect("retention:erasures")
    waiting = held_sweep()
    context = {
        "practice": request.user.practice,
        "sweep": waiting,
        "number": due_number() if waiting else 0,
        "planned": list(islice(plan(practice_id=request.user.practice_id, days=0), SHOWN)),
        "shown": SHOWN,
    }
    return render(request, "retention/held.html", context)
