"""The erasure drill: a made-up scan is erased for practice, and what that proves.

In the drill's own database, so that no practice and no log of one is touched; in the storage, and
under the root key, that patients' scans are in and under.
"""

from datetime import timedelta

from django.conf import settings

from backups.domain.drilling import find_scratch
from backups.domain.schedule import alone, can_back_up, now
from backups.models import ErasureDrill


def is_due() -> bool:
    """Whether this process can hold one, and the last was ``DRILL_DAYS`` ago, or never."""
    if not can_back_up() or not settings.DRILL_DATABASE:
        return False
    last = ErasureDrill.objects.order_by("-at").values_list("at", flat=True).first()
    return last is None or now() - last >= timedelta(days=settings.DRILL_DAYS)


def drill() -> ErasureDrill:
    """Set the scratch database up, make up a scan in it, erase it, look, and empty it again.

    The live database gets one row with the result.

    Raises:
        CannotDrill: there is no database to drill in.
        Busy: a backup or a drill is under way.
    """
    scratch = find_scratch()
    with alone():
        scratch.empty()
        try:
            found = scratch.run("erasure_drill", "--inside")
        finally:
            scratch.empty()
    return ErasureDrill.objects.create(passed=not found["problem"], **found)
