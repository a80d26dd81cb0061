"""The pledge of secrecy, between setting up a sign-in and the first page."""

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from practices.access import StaffRequest, practice_page
from practices.domain.secrecy import PLEDGE, has_pledged, pledge
from practices.views.back import language_links, way_back


class PledgeForm(forms.Form):
    """Nothing is ticked beforehand."""

    pledged = forms.BooleanField(
        error_messages={"required": _("Please tick this if you pledge it.")}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(before_pledge=True)
def secrecy(request: StaffRequest) -> HttpResponse:
    """GET shows the wording, and since when somebody is bound by it; POST binds."""
    form = PledgeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        pledge(request.user)
        return HttpResponseRedirect(way_back(request))
    context = {
        "practice": request.user.practice,
        "form": form,
        "edition": PLEDGE,
        "pledged_at": request.user.pledged_at if has_pledged(request.user) else None,
        "next": way_back(request),
        "language_links": language_links(request),
    }
    return render(request, "practices/secrecy.html", context, status=422 if form.is_bound else 200)
