"""Settings: the end of the contract. For owners, after showing a factor."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from closing.domain import contract as verbs
from closing.domain.current import contract_end
from closing.domain.everything import UnderWay
from closing.domain.handover import ScansSince, WrongCode, confirm_delivery
from closing.forms import ChoiceForm, CodeForm, NameForm
from closing.models import ContractEnd
from exports.models import Export
from practices.access import StaffRequest, fresh_factor, practice_page
from practices.domain.staff import staff
from practices.models import Practice
from scans.models import Scan


@require_safe
@practice_page(owners=True)
@fresh_factor
def contract(request: StaffRequest) -> HttpResponse:
    """Where the case stands, and what can be done next."""
    return _page(request, contract_end(), CodeForm())


@require_POST
@practice_page(owners=True)
@fresh_factor
def notice(request: StaffRequest) -> HttpResponse:
    verbs.give_notice(practice_id=request.user.practice_id, who=staff(request.user))
    return redirect("closing:contract")


@require_POST
@practice_page(owners=True)
@fresh_factor
def choice(request: StaffRequest) -> HttpResponse:
    """What becomes of the data."""
    form = ChoiceForm(request.POST)
    if form.is_valid():
        _try(request, lambda end: verbs.choose(end, _chosen(form), who=staff(request.user)))
    else:
        messages.error(request, gettext("Please choose."))
    return redirect("closing:contract")


@require_POST
@practice_page(owners=True)
@fresh_factor
def confirm(request: StaffRequest) -> HttpResponse:
    """The export arrived, as the code in it shows."""
    end, form = _end(), CodeForm(request.POST)
    if form.is_valid():
        try:
            confirm_delivery(end, form.cleaned_data["code"], who=staff(request.user))
        except WrongCode:
            form.add_error("code", gettext("This is not the code of your newest export."))
        except ScansSince as since:
            form.add_error("code", _since(since.number))
        else:
            return redirect("closing:contract")
    return _page(request, end, form)


@require_POST
@practice_page(owners=True)
@fresh_factor
def withdraw_notice(request: StaffRequest) -> HttpResponse:
    """The contract goes on."""
    _try(request, lambda end: verbs.withdraw(end, who=staff(request.user)))
    return redirect("closing:contract")


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
@fresh_factor
def now(request: StaffRequest) -> HttpResponse:
    """GET says what goes; POST with the name erases everything before the day has come."""
    practice, end = request.user.practice, contract_end()
    if end is None or end.order_id or not end.choice or end.waits_for_delivery:
        return redirect("closing:contract")
    form = NameForm(request.POST or None, expected=practice.name)
    if request.method == "POST" and form.is_valid():
        try:
            order = verbs.end_now(end, who=staff(request.user))
        except (UnderWay, verbs.TooLate, verbs.NotDelivered):
            messages.info(request, gettext("Everything is being erased already."))
            return redirect("closing:contract")
        return redirect("closing:certificate", practice.pk, order.certificate_id)
    context = {"practice": practice, "end": end, "form": form, "scans": Scan.objects.count()}
    return render(request, "closing/now.html", context, status=422 if form.is_bound else 200)


def _page(request: StaffRequest, end: ContractEnd | None, form: CodeForm) -> HttpResponse:
    practice: Practice = request.user.practice
    context = {
        "practice": practice,
        "end": end,
        "form": form,
        "choices": ContractEnd.Choice.choices,
        "export": _export(end),
        "overdue": end is not None and verbs.overdue(end),
        "days": verbs.DAYS,
    }
    return render(request, "closing/contract.html", context, status=422 if form.is_bound else 200)


def _export(end: ContractEnd | None) -> Export | None:
    if end is None or end.export_id is None:
        return None
    return Export.objects.filter(pk=end.export_id).first()


def _end() -> ContractEnd:
    end = contract_end()
    if end is None:
        raise Http404
    return end


def _try(request: StaffRequest, act: Callable[[ContractEnd], None]) -> None:
    try:
        act(_end())
    except verbs.TooLate:
        messages.error(request, gettext("Everything is being erased already."))
    except PermissionError:
        messages.error(request, gettext("The service itself ends; this cannot be withdrawn."))


def _chosen(form: ChoiceForm) -> ContractEnd.Choice:
    return ContractEnd.Choice(form.cleaned_data["choice"])


def _since(number: int) -> str:
    return ngettext(
        "%(number)s scan was taken in after this export. Please prepare and save a new one.",
        "%(number)s scans were taken in after this export. Please prepare and save a new one.",
        number,
    ) % {"number": number}
