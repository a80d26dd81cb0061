"""What this room answers when lower rooms ask: see ``practices.domain.standing``."""

from uuid import UUID

from dermalia.tenancy.statements import Figures
from onboarding.domain.instructions import instructed
from onboarding.models import GoLive, Pause, Trial
from practices.domain.standing import Instructed
from reports.domain.due import BERLIN
from scans.models import Scan

UNDER_WAY = (
    Trial.State.WAITING,
    Trial.State.WORKING,
    Trial.State.SENDING,
    Trial.State.SENT,
    Trial.State.ERASING,
)

_LIVE = Figures(lambda: GoLive.objects.values_list("pk")[:1])


class KeptStanding:
    """What the tables say."""

    def is_live(self) -> bool:
        return _LIVE.any()

    def is_test(self, scan_id: UUID) -> bool:
        return Trial.objects.filter(scan_id=scan_id, state__in=UNDER_WAY).exists()

    def takes_in(self, connection_id: int) -> bool:
        if Pause.objects.filter(connection_id=connection_id).exists():
            return False
        return self.is_live() or _awaits_capture(connection_id)

    def instructed(self, purpose: str) -> Instructed | None:
        found = instructed(purpose)
        if found is None or found.months is None:
            return None
        return Instructed(found.pk, found.months, found.given_at.astimezone(BERLIN).date())


def _awaits_capture(connection_id: int) -> bool:
    """A test lets one capture in and closes behind it, whether or not anybody is looking."""
    trial = Trial.objects.filter(connection_id=connection_id, state=Trial.State.WAITING).first()
    if trial is None:
        return False
    return not Scan.objects.filter(
        connection_id=connection_id, discovered_at__gte=trial.started_at
    ).exists()
