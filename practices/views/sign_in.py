from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.chain import record
from audit.words import Action
from practices.access import StaffRequest, practice_page
from practices.domain.sign_in import redeem_link, staff


def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """GET shows a button only: mail scanners follow links. POST signs in."""
    if request.method != "POST":
        return render(request, "practices/enter.html")
    user = redeem_link(secret=secret)
    if user is None:
        return render(request, "practices/enter.html", {"refused": True}, status=403)
    login(request, user, backend="practices.backends.LinkBackend")
    return redirect("reports:scan_list")


@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    return render(request, "practices/signed_out.html")


@require_POST
@practice_page()
def sign_out(request: StaffRequest) -> HttpResponse:
    record(Action.STAFF_SIGNED_OUT, who=staff(request.user))
    logout(request)
    return redirect("practices:signed_out")
