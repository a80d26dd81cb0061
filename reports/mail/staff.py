"""Mails to staff: their texts. No patient is in them, nor could one be."""

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from dermalia.mail import StaffMailKind
from dermalia.mail.port import Context
from practices.models import Practice
from reports.mail.message import Attached, Message, Sender

SUBJECTS: dict[StaffMailKind, str | Promise] = {
    StaffMailKind.INVITATION: _("Your invitation"),
    StaffMailKind.ATTENTION: _("Something needs your attention"),
    StaffMailKind.BOUNCE: _("A mail did not arrive"),
    StaffMailKind.AGREEMENT: _("A new version of the agreement"),
    StaffMailKind.ACCEPTED: _("Your copy of the agreement"),
    StaffMailKind.SUBPROCESSOR: _("A change among our processors"),
    StaffMailKind.OBJECTION: _("Your objection to a processor"),
    StaffMailKind.OBJECTED: _("A practice on a processor to come"),
    StaffMailKind.CONTRACT_END: _("Your contract ends"),
    StaffMailKind.ACCESS: _("Dermalia has opened one of your reports"),
    StaffMailKind.INCIDENT: _("Important: a data breach that affects your practice"),
}


def staff_message(
    *,
    kind: StaffMailKind,
    practice: Practice,
    sender: Sender,
    recipient: str,
    language: str,
    context: Context,
) -> Message:
    """The mail of a kind, as text and HTML."""
    with override(language):
        told = {
            **context,
            "practice": practice,
            "operator": settings.OPERATOR,
            "subject": str(SUBJECTS[kind]),
            "LANGUAGE_CODE": language,
        }
        return Message(
            sender_name=sender.name,
            sender=sender.address,
            reply_to=sender.reply_to,
            recipient=recipient,
            subject=str(SUBJECTS[kind]),
            text=render_to_string(f"mail/{kind.value}.txt", told),
            html=render_to_string(f"mail/{kind.value}.html", told),
            attached=_attached(context),
        )


def _attached(context: Context) -> Attached | None:
    """The document that the mail brings, where its kind has one."""
    document = context.get("document")
    if not isinstance(document, bytes):
        return None
    return Attached("dermalia-agreement.pdf", "application/pdf", document)


def dashboard_url(language: str) -> str:
    """Where staff see what needs their attention, behind the sign-in."""
    with override(language):
        return settings.PUBLIC_URL + reverse("reports:scan_list")
