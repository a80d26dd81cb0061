"""Sending what is in the outbox."""

from uuid import UUID

from django.db.models.functions import Coalesce, Now

from audit.access import record_access
from audit.chain import SYSTEM, record
from audit.words import Action
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from dermalia.work.lease import WorkFailed, finish, hold, lease
from reports.mail.message import MailProvider, Message, link_message
from reports.models import Delivery, Report
from scans.queries import person


def send_delivery(*, practice_id: int, delivery_id: UUID, provider: MailProvider) -> None:
    """Send one mail, at most once: a repeated try carries the same idempotency key."""
    with lease(
        Delivery, delivery_id, practice_id=practice_id, state=Delivery.State.QUEUED
    ) as delivery:
        if delivery is None:
            return
        with practice_scope(practice_id):
            hold(delivery)
            Delivery.objects.filter(pk=delivery.pk).update(
                first_attempt_at=Coalesce("first_attempt_at", Now())
            )
            message = _message(delivery)
        provider_id = provider.send(message, idempotency_key=str(delivery.pk))
        with practice_scope(practice_id):
            hold(delivery)
            Delivery.objects.filter(pk=delivery.pk).update(provider_id=provider_id, sent_at=Now())
            finish(delivery, state=Delivery.State.SENT)
            record(Action.MAIL_SENT, who=SYSTEM, object_id=delivery.report_id)


def _message(delivery: Delivery) -> Message:
    report = Report.objects.select_related("scan", "practice").get(pk=delivery.report_id)
    access = record_access(Action.MAIL_PREPARED, who=SYSTEM, object_id=report.pk)
    key = unlock(report.scan.key_id, access=access)
    patient = person(scan=report.scan, key=key)
    if not patient.email or report.link is None or report.due_on is None:
        raise WorkFailed("There is no address to send the link to.", retry=False)
    return link_message(
        practice=report.practice,
        recipient=patient.email,
        first_name=patient.first_name,
        link=report.link.open(key),
        valid_until=report.due_on,
        language=report.language,
    )
