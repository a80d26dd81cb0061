"""Who may see a page of the admin, and where everybody else is sent."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from operators.domain.sessions import At
from operators.hosts import AdminRequest, on_admin
from operators.models import Operator, Statement

P = ParamSpec("P")


class OperatorRequest(AdminRequest):
    """A request of somebody who is signed in to the admin."""

    at: At
    user: Operator


OperatorView = Callable[Concatenate[OperatorRequest, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def stopped(request: HttpRequest) -> HttpResponse | None:
    """Where to send whoever may not enter (yet): to sign in, to make two passkeys, to say why.

    None for an operator who may go on.
    """
    at = request.at if on_admin(request) else None
    if at is None:
        return redirect(with_way_back(request, reverse("sign_in")))
    if not at.equipped:
        return redirect("passkeys")
    if at.statement is None:
        return redirect(with_way_back(request, reverse("errand")))
    return None


def operator_page(view: OperatorView[P]) -> View[P]:
    """A page for operators who came by passkey, have two, and said why they are here."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return stopped(request) or view(cast(OperatorRequest, request), *args, **kwargs)

    return update_wrapper(guarded, view)


def signed_in_page(view: OperatorView[P]) -> View[P]:
    """A page for operators whatever they came by: what it lets them do, it asks for itself."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not on_admin(request) or request.at is None:
            return redirect(with_way_back(request, reverse("sign_in")))
        return view(cast(OperatorRequest, request), *args, **kwargs)

    return update_wrapper(guarded, view)


def why(request: OperatorRequest) -> Statement:
    """What the operator came for; on pages of ``operator_page``."""
    statement = request.at.statement
    if statement is None:
        raise RuntimeError("a page without a reason must not be open")
    return statement


def with_way_back(request: HttpRequest, address: str) -> str:
    if request.method not in {"GET", "HEAD"} or request.path == reverse("admin:index"):
        return address
    return f"{address}?{urlencode({'next': request.get_full_path()})}"


def way_back(request: HttpRequest) -> str:
    """The page named by ``next`` if it is a path of ours, otherwise the admin's first page."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if ours else reverse("admin:index")
