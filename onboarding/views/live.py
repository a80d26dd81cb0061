"""The step from trying out to working with patients."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from onboarding.domain import going_live
from onboarding.domain.gates import shut
from practices.access import StaffRequest, fresh_factor, practice_page
from scans.errors import SourceError


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
@fresh_factor
def go_live(request: StaffRequest) -> HttpResponse:
    """GET says what follows; POST does it, if every gate is open at that moment."""
    if request.method == "POST":
        try:
            going_live.go_live(request.user)
        except going_live.GatesShut:
            messages.error(request, gettext("Something still stands in the way: see below."))
            return redirect("onboarding:tasks")
        except SourceError:
            messages.error(request, gettext("The scanner does not answer. Please try again."))
            return redirect("onboarding:tasks")
        messages.success(request, gettext("You are live. New scans come in by themselves now."))
        return redirect("onboarding:tasks")
    practice = request.user.practice
    context = {"practice": practice, "shut": list(shut(practice))}
    return render(request, "onboarding/live.html", context)
