"""Acts about other operators: each needs a passkey shown for it."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from operators.access import OperatorRequest, operator_page
from operators.domain.links import LinkRefused, NotYours, waiting_links
from operators.domain.links import confirm_link as confirm
from operators.domain.people import deactivate
from operators.models import Operator, Statement
from operators.views.acts import Doing, Refused, act_page


@require_http_methods(["GET", "HEAD", "POST"])
@operator_page
def confirm_link(request: OperatorRequest, link_id: UUID) -> HttpResponse:
    link = get_object_or_404(waiting_links(), pk=link_id)

    def do(_typed: dict[str, Any], why: Statement) -> None:
        try:
            confirm(link_id=link.pk, by=request.user, why=why)
        except NotYours as refused:
            raise Refused(gettext("Nobody confirms a link of their own.")) from refused
        except LinkRefused as refused:
            raise Refused(gettext("This link is not good any more.")) from refused

    doing = Doing(
        act="link.confirm",
        object=str(link.pk),
        title=gettext("Confirm the link of %(name)s") % {"name": link.operator.name},
        lead=gettext(
            "Whoever holds this link will administer Dermalia. Confirm it only if they have asked"
            " you themselves, face to face or by voice."
        ),
        button=gettext("Confirm with passkey"),
        do=do,
        done=gettext("The link opens now, once."),
        back=reverse("admin:operators_operatorlink_changelist"),
        grave=True,
    )
    return act_page(request, doing)


@require_http_methods(["GET", "HEAD", "POST"])
@operator_page
def deactivate_operator(request: OperatorRequest, handle: UUID) -> HttpResponse:
    who = get_object_or_404(Operator, handle=handle, is_active=True)

    def do(_typed: dict[str, Any], why: Statement) -> None:
        if who.pk == request.user.pk:
            raise Refused(gettext("Somebody else has to do that for you."))
        deactivate(handle=handle, by=request.user, why=why)

    doing = Doing(
        act="operator.deactivate",
        object=str(handle),
        title=gettext("Deactivate %(name)s") % {"name": who.name},
        lead=gettext("Their sessions end at once, and their passkeys open nothing any more."),
        button=gettext("Deactivate with passkey"),
        do=do,
        done=gettext("They do not come in any more."),
        back=reverse("admin:operators_operator_changelist"),
        grave=True,
    )
    return act_page(request, doing)
