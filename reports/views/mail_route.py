"""How the practice's mails leave, and under what name: for its owner to choose."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from dermalia.mail import AddressRefused, clean_address
from dermalia.tenancy import practice_scope
from practices.access import StaffRequest, fresh_factor, practice_page
from practices.domain.sign_in import staff
from reports.mail import routes
from reports.mail.message import MAX_SENDER_NAME, sender_name
from reports.mail.models import Carrier, MailRoute
from reports.mail.provider import NotTaken
from reports.mail.smtp import PORTS


class RouteForm(forms.Form):
    """The choice; a server of the practice's own is tried before it is kept."""

    carrier = forms.ChoiceField(choices=Carrier)
    sender_name = forms.CharField(max_length=MAX_SENDER_NAME, required=False)
    address = forms.CharField(max_length=254, required=False)
    host = forms.CharField(max_length=253, required=False)
    port = forms.TypedChoiceField(
        choices=lambda: [(port, port) for port in sorted(PORTS)],
        coerce=int,
        required=False,
        empty_value=None,
    )
    security = forms.ChoiceField(choices=MailRoute.Security, required=False)
    username = forms.CharField(max_length=120, required=False)
    password = forms.CharField(max_length=200, required=False, strip=False)

    def clean_sender_name(self) -> str:
        name = str(self.cleaned_data["sender_name"]).strip()
        if sender_name(name) != name:
            raise forms.ValidationError(
                gettext_lazy("Only letters, digits, spaces and simple signs, in one line.")
            )
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("carrier") != Carrier.OWN:
            return data
        for name in ("host", "security"):
            if not data.get(name):
                self.add_error(name, gettext("This is needed for a mail server of your own."))
        if data.get("port") not in PORTS:
            self.add_error("port", gettext("Mails are submitted on port 465, 587 or 2525."))
        try:
            data["address"] = clean_address(data.get("address") or "")
        except AddressRefused as reason:
            self.add_error("address", gettext(str(reason)))
        return data


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True, own_scope=True)
@fresh_factor
def mail_route(request: StaffRequest) -> HttpResponse:
    """GET shows the choice, POST makes it; the password is never shown again."""
    form = _bound(request)
    if form.is_bound and form.is_valid() and _chosen(request, form):
        return redirect("reports:mail_route")
    with practice_scope(request.user.practice_id):
        context = {
            "form": form,
            "practice": request.user.practice,
            "carriers": _open_carriers(),
            "securities": MailRoute.Security.choices,
            "ports": sorted(PORTS),
            "service": routes.carried_by(),
            "has_password": routes.route().password is not None,
        }
        return render(request, "reports/mail_route.html", context)


def _bound(request: StaffRequest) -> RouteForm:
    if request.method == "POST":
        return RouteForm(request.POST)
    with practice_scope(request.user.practice_id):
        return RouteForm(initial=_initial())


def _chosen(request: StaffRequest, form: RouteForm) -> bool:
    try:
        _choose(request, form.cleaned_data)
    except (routes.RouteRefused, NotTaken) as reason:
        form.add_error(None, gettext(str(reason)))
        return False
    return True


def _choose(request: StaffRequest, data: dict[str, Any]) -> None:
    practice, name, who = request.user.practice, data["sender_name"], staff(request.user)
    if data["carrier"] == Carrier.OWN:
        with practice_scope(practice.pk):
            server = _server(data)
        routes.use_own_server(practice=practice, server=server, who=who, name=name)
        return
    with practice_scope(practice.pk):
        routes.choose(practice=practice, carrier=Carrier(data["carrier"]), who=who, name=name)


def _server(data: dict[str, Any]) -> routes.OwnServer:
    return routes.OwnServer(
        address=data["address"],
        host=data["host"],
        port=data["port"],
        security=MailRoute.Security(data["security"]),
        username=data["username"],
        password=data["password"] or routes.own_password(host=data["host"]),
    )


def _initial() -> dict[str, object]:
    chosen = routes.route()
    names = ("carrier", "sender_name", "address", "host", "port", "security", "username")
    return {name: getattr(chosen, name) for name in names}


def _open_carriers() -> list[tuple[str, str]]:
    """What this installation can offer."""
    closed = set()
    if not getattr(settings, "MAIL_RELAY", None):
        closed.add(Carrier.RELAY)
    if not settings.RESEND_API_KEY:
        closed.add(Carrier.RESEND)
    return [(value, str(label)) for value, label in Carrier.choices if value not in closed]
