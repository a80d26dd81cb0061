"""Who may see a dashboard page."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from dermalia.headers import clear_browser
from dermalia.tenancy import practice_scope
from practices.desk import desk_of, is_locked
from practices.domain.factors import has_factor
from practices.domain.secrecy import has_pledged
from practices.domain.sessions import Seen
from practices.entrance import let_out, seen_by
from practices.models import Desk, User

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)


class StaffRequest(HttpRequest):
    """A request whose user and session were checked by ``practice_page`` or ``factor_page``."""

    user: User
    htmx: HtmxDetails
    seen: Seen
    desk: Desk


StaffView = Callable[Concatenate[StaffRequest, P], R]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def practice_page(
    *,
    writes: bool = False,
    owners: bool = False,
    while_locked: bool = False,
    before_pledge: bool = False,
    own_scope: bool = False,
) -> Callable[[StaffView[P, R]], View[P]]:
    """Wrap a view into its practice's scope.

    Anonymous visitors, and whose session has ended, are sent to sign in; who came by a mere link
    to set up a factor first. Readers get 403 from a page that ``writes``, everybody but owners
    from one for ``owners``. A locked browser is sent to its lock by all but the pages that open
    ``while_locked``, and who has not pledged secrecy yet to the pledge by all but those and what
    opens ``before_pledge``. Objects of other practices are not in scope, so looking them up is
    a plain 404. With ``own_scope`` the view opens the scope itself, because not all that it does
    belongs into one transaction.
    """

    def may_enter(request: StaffRequest) -> HttpResponseBase | None:
        if not request.seen.session.verified:
            return _send(request, reverse("practices:set_up"))
        if not while_locked and is_locked(request, request.seen):
            return _to_lock(request)
        if not (while_locked or before_pledge or has_pledged(request.user)):
            return _send(request, _with_way_back(request, reverse("practices:secrecy")))
        if writes and not request.user.may_write:
            raise PermissionDenied
        if owners and not request.user.is_owner:
            raise PermissionDenied
        return None

    return _page(may_enter, own_scope=own_scope)


def factor_page() -> Callable[[StaffView[P, R]], View[P]]:
    """Wrap a view that sets up a factor.

    It opens to who came by a link and has no factor yet, and to who has shown one just now: a
    browser left alone must not be enough to add a key to the house.
    """

    def may_enter(request: StaffRequest) -> HttpResponseBase | None:
        if is_locked(request, request.seen):
            return _to_lock(request)
        if request.seen.session.verified:
            return None if request.seen.fresh else _ask_again(request)
        if has_factor(request.user):
            let_out(request)
            return _send(request, reverse("practices:sign_in"))
        return None

    return _page(may_enter)


def fresh_factor(view: StaffView[P, R]) -> Callable[Concatenate[StaffRequest, P], HttpResponseBase]:
    """Demand a factor shown within ``STAFF_FRESH_SECONDS``, for acts that are hard to undo.

    Goes below ``practice_page``. Who has not is asked for one and comes back to the page, so
    the page that names the act should demand it too, not only the POST.
    """

    def guarded(request: StaffRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.seen.fresh:
            return _ask_again(request)
        return view(request, *args, **kwargs)

    return update_wrapper(guarded, view)


def _page(
    may_enter: Callable[[StaffRequest], HttpResponseBase | None], *, own_scope: bool = False
) -> Callable[[StaffView[P, R]], View[P]]:
    def decorate(view: StaffView[P, R]) -> View[P]:
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            user = request.user
            if not isinstance(user, User):
                return _sign_in(request)
            checked = cast(StaffRequest, request)
            with practice_scope(user.practice_id):
                refused = _look(checked) or may_enter(checked)
                if refused is not None or not own_scope:
                    return refused or view(checked, *args, **kwargs)
            return view(checked, *args, **kwargs)

        return update_wrapper(guarded, view)

    return decorate


def _look(request: StaffRequest) -> HttpResponseBase | None:
    """Find the browser's session; where it has ended, the way to sign in."""
    seen = seen_by(request, request.user, active=not _fetches_itself(request))
    if seen is None:
        let_out(request)
        response = _sign_in(request)
        clear_browser(response)
        return response
    request.seen, request.desk = seen, desk_of(seen)
    return None


def _sign_in(request: HttpRequest) -> HttpResponseBase:
    return _send(request, _with_way_back(request, reverse("practices:sign_in")))


def _ask_again(request: HttpRequest) -> HttpResponseBase:
    return _send(request, _with_way_back(request, reverse("practices:confirm")))


def _to_lock(request: HttpRequest) -> HttpResponseBase:
    return _send(request, _with_way_back(request, reverse("practices:locked")))


def _with_way_back(request: HttpRequest, address: str) -> str:
    if _fetches_itself(request):
        return address
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else _page_of_form(request)
    return f"{address}?{urlencode({'next': back})}" if back else address


def _page_of_form(request: HttpRequest) -> str:
    """Where a form was sent from: its answer is not repeated, its page is shown again."""
    sent_from = urlsplit(request.headers.get("Referer", ""))
    return sent_from.path if sent_from.netloc == request.get_host() else ""


def _send(request: HttpRequest, address: str) -> HttpResponseBase:
    if cast(StaffRequest, request).htmx:
        # A piece of a page must not be replaced by another page.
        return HttpResponseClientRedirect(address)
    return redirect(address)


def _fetches_itself(request: HttpRequest) -> bool:
    """Whether a page renews a piece of itself, as it does while nobody is there."""
    return bool(cast(StaffRequest, request).htmx) and request.method == "GET"
