"""Settings: who works for us with the practice's data, who is to, and objecting to it (R67)."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dermalia.residency.announced import NOTICE
from dermalia.residency.register import companies
from dermalia.residency.services import Service
from onboarding.domain import objections
from onboarding.forms import ObjectionForm
from practices.access import StaffRequest, fresh_factor, practice_page


@require_safe
@practice_page(owners=True)
def processors(request: StaffRequest) -> HttpResponse:
    """Changes that were announced, and the list as it is today."""
    changes = objections.changes()
    context = {
        "practice": request.user.practice,
        "changes": changes,
        "days": NOTICE.days,
        "services": [each for each in companies() if not _is_refused(each, changes)],
    }
    return render(request, "onboarding/processors.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
@fresh_factor
def object_to(request: StaffRequest, key: str) -> HttpResponse:
    """GET says what an objection leads to, POST raises it."""
    change = _change(key)
    form = ObjectionForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            objections.object_to(key, reason=form.cleaned_data["reason"], user=request.user)
        except objections.TooLate:
            messages.error(request, gettext("The day has come: it is too late to object."))
        else:
            messages.success(request, gettext("Your objection is on record. You get it by mail."))
        return redirect("onboarding:processors")
    context = {"practice": request.user.practice, "change": change, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "onboarding/objection.html", context, status=status)


@require_POST
@practice_page(owners=True)
@fresh_factor
def withdraw(request: StaffRequest, key: str) -> HttpResponse:
    """The service may be used for the practice after all."""
    _change(key)
    if objections.withdraw_objection(key, user=request.user):
        messages.success(request, gettext("Your objection is withdrawn. You get it by mail."))
    return redirect("onboarding:processors")


def _is_refused(service: Service, changes: list[objections.Change]) -> bool:
    """Whether the practice's objection keeps the service, or the company in that part, away."""
    return any(
        change.objection
        and change.service.entity == service.entity
        and change.service.purpose in service.purposes
        for change in changes
    )


def _change(key: str) -> objections.Change:
    try:
        return objections.change_of(key)
    except LookupError as unknown:
        raise Http404 from unknown
