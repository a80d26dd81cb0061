"""Who may see a dashboard page."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django_htmx.middleware import HtmxDetails

from dermalia.tenancy import practice_scope
from practices.models import User

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)


class StaffRequest(HttpRequest):
    """A request whose user was checked by ``practice_page``."""

    user: User
    htmx: HtmxDetails


def practice_page(
    *, writes: bool = False
) -> Callable[
    [Callable[Concatenate[StaffRequest, P], R]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """Wrap a view into its practice's scope.

    Anonymous visitors are sent to sign in, readers get 403 from a page that ``writes``.
    Objects of other practices are not in scope, so looking them up is a plain 404.
    """

    def decorate(
        view: Callable[Concatenate[StaffRequest, P], R],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not isinstance(request.user, User):
                return redirect("practices:signed_out")
            if writes and not request.user.may_write:
                raise PermissionDenied
            with practice_scope(request.user.practice_id):
                return view(cast(StaffRequest, request), *args, **kwargs)

        return update_wrapper(guarded, view)

    return decorate
