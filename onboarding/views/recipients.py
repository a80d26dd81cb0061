"""Settings: the register of those to whom the practice passes reports on."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from onboarding.domain import recipients as register
from onboarding.forms import RecipientForm
from onboarding.models import Recipient
from practices.access import StaffRequest, practice_page


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
def recipients(request: StaffRequest) -> HttpResponse:
    """GET lists, POST enters one."""
    form = RecipientForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        register.add(request.user, **form.cleaned_data)
        messages.success(request, gettext("The recipient is entered."))
        return redirect("onboarding:recipients")
    context = {
        "practice": request.user.practice,
        "form": form,
        "recipients": Recipient.objects.order_by("ended_at", "name"),
    }
    status = 422 if form.is_bound else 200
    return render(request, "onboarding/recipients.html", context, status=status)


@require_POST
@practice_page(owners=True)
def end_one(request: StaffRequest, recipient_id: UUID) -> HttpResponse:
    register.end(recipient_id, user=request.user)
    return redirect("onboarding:recipients")
