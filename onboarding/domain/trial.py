"""The test before the first patient, moved on from step to step. In the practice's scope.

Workers run the chain as they will for patients; what is decided here is what staff would decide:
that the capture is the test, that its report goes to whoever runs the test, that it is erased.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from requests import RequestException, TooManyRedirects

from audit.access import record_access
from audit.chain import record
from audit.words import Action
from dermalia.residency import egress
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import unlock, unlock_secrets
from onboarding.domain.connections import NotConnected, skip_what_is_there
from onboarding.domain.standing import UNDER_WAY
from onboarding.models import Trial
from practices.domain.staff import staff
from practices.domain.standing import standing
from practices.models import Purpose, User
from reports.domain.creation import release_report
from reports.models import Delivery, Report
from retention.domain.erase import request_erasure
from retention.models import Erasure
from scans.errors import SourceError
from scans.models import Connection, Identity, Scan
from scans.queries import EMAIL_INDEX

State = Trial.State
FIRST_NAME = "TEST"
NOT_SENT = ("failed", "bounced", "complained")


class TrialRefused(ValueError):
    """No test can be started; ``str()`` tells staff why."""


def current() -> Trial | None:
    """The test under way, else the newest one."""
    return Trial.objects.order_by("-started_at").first()


def passed() -> bool:
    """Whether any test went all the way."""
    return Trial.objects.filter(state=State.PASSED).exists()


def has_shutter(connection: Connection) -> bool:
    """Whether a stand-in on this machine can be asked for a capture of its synthetic face."""
    parts = urlsplit(connection.base_url)
    return f"{parts.scheme}://{parts.netloc}" in settings.SANDBOX_ORIGINS


def start(connection: Connection, *, user: User) -> Trial:
    """Let the next capture from this connection in, and no other.

    Raises:
        TrialRefused: the practice is live, another test is under way, or the source does not
            answer.
    """
    if standing().is_live():
        raise TrialRefused(_("The practice works with patients already."))
    try:
        skip_what_is_there(connection)
    except SourceError as error:
        raise TrialRefused(str(error)) from error
    except NotConnected as error:
        raise TrialRefused(_("There are exports in the folder. Move them away first.")) from error
    with transaction.atomic():
        if Trial.objects.select_for_update().filter(state__in=UNDER_WAY).exists():
            raise TrialRefused(_("A test is under way already."))
        trial = Trial.objects.create(
            practice_id=user.practice_id, user=user, connection=connection, started_at=Now()
        )
        record(Action.TEST_STARTED, who=staff(user), object_id=trial.pk)
    return trial


def press_shutter(connection: Connection) -> None:
    """Ask the stand-in for a capture. Raises TrialRefused where there is none, or it is away."""
    if not has_shutter(connection):
        raise TrialRefused(_("Please take the capture at the scanner."))
    url = connection.base_url.rstrip("/") + "/take-scan"
    try:
        egress.session().post(url, data={}, allow_redirects=False).raise_for_status()
    except TooManyRedirects:
        return  # it has taken our wish, and would show its page now
    except RequestException as error:
        raise TrialRefused(_("The stand-in does not answer.")) from error


def advance(trial: Trial) -> Trial:
    """Do what is next; safe to repeat at any time. Erasing is left to whoever has looked."""
    with transaction.atomic():
        trial = Trial.objects.select_for_update().get(pk=trial.pk)
        step = _STEPS.get(State(trial.state))
        try:
            if step is not None:
                step(trial)
        except Scan.DoesNotExist:
            _fail(trial, _("The scan of the test was erased by somebody."))
    return trial


def erase(trial: Trial) -> Trial:
    """Erase the test's scan and report, and wait for the receipt."""
    with transaction.atomic():
        trial = Trial.objects.select_for_update().get(pk=trial.pk)
        if trial.state == State.SENT:
            _erase(trial)
    return trial


def stop(trial: Trial) -> Trial:
    """Give the test up; what had come in is erased."""
    with transaction.atomic():
        trial = Trial.objects.select_for_update().get(pk=trial.pk)
        if trial.state in UNDER_WAY and trial.state != State.ERASING:
            _fail(trial, _("The test was stopped."))
    return trial


def _erase(trial: Trial) -> None:
    try:
        scan = _scan(trial)
    except Scan.DoesNotExist:
        _fail(trial, _("The scan of the test was erased by somebody."))
        return
    erasure = request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=staff(trial.user))
    trial.erasure_id, trial.state = erasure.pk, State.ERASING
    trial.save()


def _arrive(trial: Trial) -> None:
    found = _come_in(trial)
    if len(found) > 1:
        _fail(trial, _("More than one capture came in; all are erased. Please take only one."))
    elif found:
        trial.scan_id, trial.arrived_at = found[0].pk, timezone.now()
        trial.state = State.WORKING
        trial.save()


def _work(trial: Trial) -> None:
    scan = _scan(trial)
    if scan.quarantined_at:
        _fail(trial, scan.last_error)
        return
    report = Report.objects.filter(scan=scan).first()
    if report is None:
        return
    _address(scan, trial)
    purpose = trial.user.practice.default_purpose or Purpose.AESTHETIC
    release_report(report=report, purpose=Purpose(purpose), who=staff(trial.user))
    trial.released_at, trial.state = timezone.now(), State.SENDING
    trial.save()


def _address(scan: Scan, trial: Trial) -> None:
    """Mark the scan as the test, and let its mail go to whoever runs it."""
    access = record_access(Action.TEST_MARKED, who=staff(trial.user), object_id=scan.pk)
    key, email = unlock(scan.key_id, access=access), trial.user.email
    Identity.objects.update_or_create(
        scan=scan,
        practice_id=scan.practice_id,
        defaults={
            "first_name": Sealing(key, FIRST_NAME),
            "email": Sealing(key, email),
            "first_name_index": None,
            "email_index": unlock_secrets().blind_index(email, name=EMAIL_INDEX),
        },
    )


def _send(trial: Trial) -> None:
    mail = Delivery.objects.filter(report__scan=_scan(trial)).order_by("created_at").first()
    if mail is None or mail.state in NOT_SENT or mail.quarantined_at:
        _fail(trial, (mail and mail.last_error) or _("The mail could not be sent."))
    elif mail.sent_at:
        trial.sent_at, trial.state = mail.sent_at, State.SENT
        trial.save()


def _verify(trial: Trial) -> None:
    receipt = trial.erasure_id and Erasure.objects.filter(pk=trial.erasure_id).first()
    if not receipt or receipt.verified_at is None:
        return
    trial.state, trial.ended_at = State.PASSED, timezone.now()
    trial.save()
    record(Action.TEST_PASSED, who=staff(trial.user), object_id=trial.pk)


_STEPS = {
    State.WAITING: _arrive,
    State.WORKING: _work,
    State.SENDING: _send,
    State.ERASING: _verify,
}


def _fail(trial: Trial, problem: str) -> None:
    """The end of a test that did not go all the way; nothing of it stays."""
    for scan in _come_in(trial):
        request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=staff(trial.user))
    trial.state, trial.problem, trial.ended_at = State.FAILED, problem[:300], timezone.now()
    trial.save()


def _scan(trial: Trial) -> Scan:
    """The scan that is the test. Raises Scan.DoesNotExist once it is erased."""
    if trial.scan_id is None:
        raise Scan.DoesNotExist
    return Scan.objects.get(pk=trial.scan_id)


def _come_in(trial: Trial) -> list[Scan]:
    """What was taken in since the test began; anything more than one capture is a slip."""
    if trial.connection is None:
        return []
    since = Scan.objects.filter(connection=trial.connection, discovered_at__gte=trial.started_at)
    return list(since.order_by("discovered_at"))
