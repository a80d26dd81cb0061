"""One's own sign-in: passkeys, app, backup codes, and where one is signed in."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from audit.chain import record
from audit.words import Action, Count
from practices.access import StaffRequest, fresh_factor, practice_page
from practices.domain.backup_codes import codes_left, make_codes
from practices.domain.factors import LastFactor, remove_app, remove_passkey
from practices.domain.sessions import end_session, end_sessions, sessions_of
from practices.domain.staff import staff
from practices.domain.totp import has_app
from practices.entrance import let_out
from practices.models import Passkey
from practices.views.set_up import backup_codes_page


@require_safe
@practice_page()
def account(request: StaffRequest) -> HttpResponse:
    user = request.user
    app = has_app(user)
    context = {
        "practice": user.practice,
        "passkeys": list(Passkey.objects.filter(user=user).order_by("created_at")),
        "has_app": app,
        "codes_left": codes_left(user) if app else 0,
        "sessions": sessions_of(user),
        "here": request.seen.session.pk,
    }
    return render(request, "practices/account.html", context)


@require_POST
@practice_page()
@fresh_factor
def drop_passkey(request: StaffRequest, passkey_id: UUID) -> HttpResponse:
    try:
        if not remove_passkey(passkey_id, user=request.user):
            raise Http404
    except LastFactor:
        messages.error(request, _last_factor())
    return redirect("practices:account")


@require_POST
@practice_page()
@fresh_factor
def drop_app(request: StaffRequest) -> HttpResponse:
    try:
        remove_app(request.user, here=request.seen.session)
    except LastFactor:
        messages.error(request, _last_factor())
    else:
        # The password is gone, and with it what every session was bound to, but for this one.
        update_session_auth_hash(request, request.user)
    return redirect("practices:account")


@require_POST
@practice_page()
@fresh_factor
def renew_codes(request: StaffRequest) -> HttpResponse:
    """New backup codes, in the answer and nowhere else; the old ones open nothing more."""
    if not has_app(request.user):
        raise Http404
    return backup_codes_page(request, make_codes(request.user))


@require_POST
@practice_page()
def end_one(request: StaffRequest, session_id: UUID) -> HttpResponse:
    """Ending sessions needs no fresh factor: it can only do good."""
    if session_id == request.seen.session.pk:
        let_out(request)
        return redirect("practices:signed_out")
    if not end_session(session_id, user=request.user):
        raise Http404
    record(
        Action.STAFF_SESSIONS_ENDED,
        who=staff(request.user),
        object_id=request.user.handle,
        counts={Count.ROWS: 1},
    )
    return redirect("practices:account")


@require_POST
@practice_page()
def end_all(request: StaffRequest) -> HttpResponse:
    """Sign out everywhere, here too."""
    end_sessions(request.user, by=request.user)
    let_out(request)
    return redirect("practices:signed_out")


def _last_factor() -> str:
    return gettext("This is the only way you can sign in. Please set up another one first.")
