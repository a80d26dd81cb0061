"""What staff do with a released report's link: send it (again), renew it, turn it off."""

from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_noop as _

from audit.access import record_access
from audit.chain import Who, record
from audit.words import Action
from dermalia.mail import clean_address
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import UnlockedKey, unlock, unlock_secrets
from dermalia.work.lease import retry_now
from dermalia.work.nudge import nudge
from reports.domain.fates import NOT_ARRIVED, WAITING
from reports.domain.links import digest, disable, is_live, new_link
from reports.mail.models import Fate
from reports.models import Delivery, Report
from scans.domain.identity import note_change
from scans.models import Identity, IdentityChange
from scans.queries import EMAIL_INDEX, person


class NotPossible(Exception):
    """The link cannot be treated like this; ``str()`` tells staff why."""


def send_again(*, report: Report, who: Who) -> Delivery:
    """Queue a mail with the link as it is; what is still waiting is sent at once instead.

    Raises:
        NotPossible: the link is off, the report restricted or not released, or there is no
            address.
    """
    report = _released(report)
    access = record_access(Action.MAIL_REQUESTED, who=who, object_id=report.pk)
    key = unlock(report.scan.key_id, access=access)
    if report.link is None or not is_live(report.link.open(key)):
        raise NotPossible(_("The link is off: make a new one."))
    return _queue(report, key)


def renew_link(*, report: Report, who: Who, send: bool) -> Delivery | None:
    """Give the report a new link; the one before is dead as soon as this commits.

    Args:
        send: also mail it, where there is an address.

    Raises:
        NotPossible: the report is restricted or not released.
    """
    report = _released(report)
    access = record_access(Action.LINK_RENEWED, who=who, object_id=report.pk)
    key = unlock(report.scan.key_id, access=access)
    report.link = Sealing(key, new_link(report=report))
    report.save(update_fields=["link"])
    _give_up_older(report)
    if send and person(scan=report.scan, key=key).email:
        return _queue(report, key)
    return None


def revoke_link(*, report: Report, who: Who) -> None:
    """Turn the link off; the report stays, and can be given a new one.

    Raises:
        NotPossible: the report is not released.
    """
    report = _locked(report)
    disable(report_id=report.pk)
    _give_up_older(report)
    record(Action.LINK_REVOKED, who=who, object_id=report.pk)


def confirm_address(*, report: Report, email: str, who: Who) -> Delivery:
    """Staff have asked the patient: write to this address, by a new link.

    The old link stays dead: whoever got the mail that came back, or complained of it, may have
    it. A mail that waits for the old address is not sent any more.

    Raises:
        AddressRefused: it is no address that can be written to.
        NotPossible: the report is restricted or not released.
    """
    clean_address(email)
    report = _released(report)
    access = record_access(Action.ADDRESS_CONFIRMED, who=who, object_id=report.pk)
    key = unlock(report.scan.key_id, access=access)
    before = person(scan=report.scan, key=key).email or ""
    note_change(scan=report.scan, field=IdentityChange.Field.EMAIL, before=before, key=key, who=who)
    Identity.objects.update_or_create(
        scan=report.scan,
        practice_id=report.practice_id,
        defaults={
            "email": Sealing(key, email.strip()),
            "email_index": unlock_secrets().blind_index(email, name=EMAIL_INDEX),
        },
    )
    delivery = renew_link(report=report, who=who, send=True)
    assert delivery is not None  # there is an address: it was written just now
    return delivery


def set_aside(*, delivery_id: UUID, who: Who) -> None:
    """Staff have dealt with a mail that did not arrive; it needs no attention any more."""
    handled = Delivery.objects.filter(pk=delivery_id, handled_at=None).exclude(state__in=WAITING)
    if handled.update(handled_at=Now(), last_error=""):
        report_id = Delivery.objects.values_list("report_id", flat=True).get(pk=delivery_id)
        record(Action.MAIL_HANDLED, who=who, object_id=report_id)


def _queue(report: Report, key: UnlockedKey) -> Delivery:
    if not person(scan=report.scan, key=key).email:
        raise NotPossible(_("There is no address to send the link to."))
    waiting = _waiting(report, key)
    if waiting is not None:
        if waiting.leased_until is None:
            retry_now(waiting)
        return waiting
    _put_away(report)
    delivery = Delivery.objects.create(practice_id=report.practice_id, report=report)
    nudge(Delivery, delivery.pk, state=delivery.state)
    return delivery


def _waiting(report: Report, key: UnlockedKey) -> Delivery | None:
    """A mail that will carry the report's link as it is now: not tried yet, or tried with it."""
    link = report.link.open(key) if report.link is not None else ""
    with_it = Q(state=Fate.QUEUED) | Q(state=Fate.SENDING, link_digest=digest(link))
    return Delivery.objects.filter(with_it, report=report, handled_at=None).first()


def _give_up_older(report: Report) -> None:
    """End mails with the link that is dead now; one on its way at this moment ends by itself."""
    free = Delivery.objects.filter(report=report, leased_until=None)
    free.filter(state=Fate.QUEUED).delete()
    free.filter(state=Fate.SENDING).update(state=Fate.UNKNOWN, message=None)
    _put_away(report)


def _put_away(report: Report) -> None:
    """Whatever is sent now takes the place of what did not arrive."""
    lost = Delivery.objects.filter(report=report, state__in=[*NOT_ARRIVED, Fate.DELAYED])
    lost.update(handled_at=Now(), last_error="")


def _released(report: Report) -> Report:
    report = _locked(report)
    if report.restricted_at is not None:
        raise NotPossible(_("The report is restricted: its link is not sent."))
    return report


def _locked(report: Report) -> Report:
    rows = Report.objects.select_for_update(of=("self",)).select_related("scan", "practice")
    report = rows.get(pk=report.pk)
    if report.state != Report.State.RELEASED:
        raise NotPossible(_("This report is not released."))
    return report
