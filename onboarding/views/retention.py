"""Settings: how long reports are kept, instructed in text form."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from onboarding.domain.instructions import instruct, objection_to, rules
from onboarding.forms import InstructionForm
from onboarding.models import Instruction
from practices.access import StaffRequest, fresh_factor, practice_page
from practices.models import Purpose


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
@fresh_factor
def instructions(request: StaffRequest) -> HttpResponse:
    """What holds, who instructed it, and a form to instruct otherwise.

    What we hold to be unlawful is said before it is kept, as Art. 28(3) GDPR demands.
    """
    if request.method != "POST":
        return _page(request, InstructionForm())
    form = InstructionForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    given = form.cleaned_data
    objection = str(objection_to(given["purpose"], given["months"]))
    if objection and not given["aware"]:
        return _page(request, form, objection=objection, status=422)
    instruct(
        purpose=Purpose(given["purpose"]),
        months=given["months"],
        reason=given["reason"],
        user=request.user,
    )
    messages.success(
        request,
        gettext(
            "The instruction is recorded. A shorter period also reaches the reports there are, "
            "within an hour."
        ),
    )
    return redirect("onboarding:instructions")


def _page(
    request: StaffRequest, form: InstructionForm, *, objection: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "practice": request.user.practice,
        "form": form,
        "objection": objection,
        "rules": rules(),
        "purposes": Purpose.choices,
        "given": Instruction.objects.select_related("user").order_by("-given_at")[:50],
    }
    return render(request, "onboarding/instructions.html", context, status=status)
