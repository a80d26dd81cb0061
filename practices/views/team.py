"""Who works here: for owners."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from dermalia.mail import mail_state
from practices.access import StaffRequest, fresh_factor, practice_page
from practices.domain.staff import staff
from practices.domain.team import (
    EmailTaken,
    LastOwner,
    TooManyInvitations,
    activate,
    change_role,
    deactivate,
    invite,
    invite_again,
)
from practices.forms import InvitationForm, RoleForm
from practices.models import Authenticator, Passkey, SignInLink, User


@require_safe
@practice_page(owners=True)
def team(request: StaffRequest) -> HttpResponse:
    return _page(request, InvitationForm())


@require_POST
@practice_page(owners=True)
@fresh_factor
def invite_one(request: StaffRequest) -> HttpResponse:
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        invite(
            practice=request.user.practice,
            email=form.cleaned_data["email"],
            role=form.cleaned_data["role"],
            by=staff(request.user),
        )
    except EmailTaken:
        form.add_error("email", gettext("Somebody signs in with this address already."))
        return _page(request, form, status=422)
    except TooManyInvitations:
        form.add_error("email", _too_many())
        return _page(request, form, status=429)
    messages.success(request, gettext("The invitation is on its way."))
    return redirect("practices:team")


@require_POST
@practice_page(owners=True)
@fresh_factor
def invite_once_more(request: StaffRequest, user_id: int) -> HttpResponse:
    user = _colleague(request, user_id)
    if user.pk == request.user.pk or not user.is_active:
        messages.error(request, gettext("This cannot be done for this person."))
        return redirect("practices:team")
    try:
        invite_again(user, by=staff(request.user))
    except TooManyInvitations:
        messages.error(request, _too_many())
    else:
        messages.success(request, gettext("The invitation is on its way."))
    return redirect("practices:team")


def _too_many() -> str:
    return ngettext(
        "A practice can send %(number)s invitation a day. Nothing was sent; go on tomorrow.",
        "A practice can send %(number)s invitations a day. Nothing was sent; go on tomorrow.",
        settings.INVITATIONS_PER_DAY,
    ) % {"number": settings.INVITATIONS_PER_DAY}


@require_POST
@practice_page(owners=True)
@fresh_factor
def set_role(request: StaffRequest, user_id: int) -> HttpResponse:
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            change_role(_colleague(request, user_id), form.cleaned_data["role"], by=request.user)
        except LastOwner:
            messages.error(request, _last_owner())
    return redirect("practices:team")


@require_POST
@practice_page(owners=True)
@fresh_factor
def set_active(request: StaffRequest, user_id: int) -> HttpResponse:
    """``active=1`` lets in, anything else keeps out."""
    user = _colleague(request, user_id)
    if request.POST.get("active") == "1":
        activate(user, by=request.user)
        return redirect("practices:team")
    try:
        deactivate(user, by=request.user)
    except LastOwner:
        messages.error(request, _last_owner())
    return redirect("practices:team")


def _colleague(request: StaffRequest, user_id: int) -> User:
    # Users are looked up before a scope is known, so no scope guards them: this filter does.
    colleagues = User.objects.select_related("practice").filter(practice=request.user.practice)
    return get_object_or_404(colleagues, pk=user_id)


def _page(request: StaffRequest, form: InvitationForm, *, status: int = 200) -> HttpResponse:
    context = {
        "practice": request.user.practice,
        "form": form,
        "roles": User.Role.choices,
        "colleagues": [_row(user, request.user) for user in _colleagues(request)],
    }
    return render(request, "practices/team.html", context, status=status)


def _colleagues(request: StaffRequest) -> list[Any]:
    return list(
        User.objects.filter(practice=request.user.practice)
        .annotate(
            passkey=Exists(Passkey.objects.filter(user=OuterRef("pk"))),
            app=Exists(
                Authenticator.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False)
            ),
        )
        .order_by("-is_active", "email")
    )


def _row(user: Any, viewer: User) -> dict[str, Any]:
    ready, is_viewer = user.passkey or user.app, user.pk == viewer.pk
    return {
        "user": user,
        "is_viewer": is_viewer,
        "ready": ready,
        # Who came by a link alone has not signed in yet.
        "signed_in": user.last_login if ready or is_viewer else None,
        "invitation": None if ready else _invitation(user),
    }


def _invitation(user: User) -> dict[str, Any] | None:
    link = SignInLink.objects.filter(user=user, used_at=None).order_by("-expires_at").first()
    if link is None:
        return None
    state = mail_state(link.mail_id) if link.mail_id else None
    return {
        "valid_until": link.expires_at,
        "failed": state in {"bounced", "failed", "complained", "unknown"},
    }


def _last_owner() -> str:
    return gettext("The practice needs at least one owner. Please make somebody else one first.")
