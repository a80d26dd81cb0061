"""Mails: where they stand; and whether documents can be made."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Now
from django.utils import timezone

from dermalia.operations.doctor import Trouble, check
from dermalia.operations.metrics import Figure, collector
from dermalia.residency.register import admits, admits_mail
from reports.domain.fates import PATIENCE, WAITING
from reports.mail.models import Carrier, Delivery, Fate, StaffMail
from reports.mail.routes import RouteRefused, default_carrier, default_provider
from reports.pdf import Attachment, PdfError, Source, typeset


@collector
def mails() -> Iterator[Figure]:
    """One query a kind of mail, by the role that sees states and times only."""
    for model, whom in ((Delivery, "patients"), (StaffMail, "staff")):
        rows = model.across_practices.using("sweeper")
        counted = dict(rows.values_list("state").annotate(Count("pk")).order_by())
        for fate in Fate:
            labels = {"to": whom, "state": fate.value}
            yield Figure("mails", "Mails by what became of them.", counted.get(fate, 0), labels)
        age = rows.filter(state__in=WAITING).aggregate(age=Max(Now() - F("next_attempt_at")))["age"]
        seconds = max(0.0, age.total_seconds()) if age else 0.0
        yield Figure("mail_age_seconds", "How long the oldest waits.", seconds, {"to": whom})


@check("mail", do="Correct DERMALIA_MAIL_*, or see what the carrier says (docs/mail.md).")
def a_way_is_open() -> str:
    carrier = default_carrier()
    if carrier == Carrier.OWN:
        return "each practice's own server"
    try:
        default_provider()
    except RouteRefused as error:
        raise Trouble(str(error)) from error
    if carrier == Carrier.RELAY:
        host, port = settings.MAIL_RELAY["host"], settings.MAIL_RELAY["port"]
        if not admits_mail(host, port):
            raise Trouble(f"the register does not name {host}:{port}")
        return f"relay {host}:{port}, from {settings.MAIL_FROM}"
    if settings.RESEND_URL not in settings.SANDBOX_ORIGINS and not admits(_host()):
        raise Trouble(f"the register does not name {_host()}")
    if not settings.RESEND_WEBHOOK_SECRET:
        raise Trouble(
            "nobody believes what the carrier tells of mails",
            do="Set DERMALIA_RESEND_WEBHOOK_SECRET: else a mail that came back goes unnoticed.",
        )
    return f"{_host()}, from {settings.MAIL_FROM}"


@check("mails waiting", do="See what the worker mail logs, and the carrier's own status.")
def no_mail_waits_for_long() -> str:
    late = Q(state__in=WAITING, quarantined_at=None, next_attempt_at__lt=Now() - PATIENCE)
    number = sum(
        model.across_practices.using("sweeper").filter(late).count()
        for model in (Delivery, StaffMail)
    )
    if number:
        raise Trouble(f"{number} mails wait for longer than {PATIENCE.seconds // 60} min")
    return "none for long"


@check("documents", do="Install what scripts/ensure-debian names for pdf, and build the front end.")
def a_document_can_be_made() -> str:
    source = Source(
        html="<!doctype html><html lang='en'><title>Doctor</title><h1>It works</h1></html>",
        style="",
        attachment=Attachment("doctor.json", "application/json", "Nothing", b"{}"),
        created=timezone.now(),
    )
    try:
        made = typeset(source)
    except PdfError as error:
        raise Trouble(f"no PDF: {error}") from error
    if not made.startswith(b"%PDF-"):
        raise Trouble("what was made is no PDF")
    return f"a page of {len(made) / 1024:.0f} KiB was made"


def _host() -> str:
    return urlsplit(settings.RESEND_URL).hostname or ""
