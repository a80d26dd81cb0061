"""What must hold before a process serves or works."""

import gc

from django.conf import settings
from django.db import connections
from django.utils.module_loading import import_string

from dermalia.residency import refusals
from dermalia.residency.checks import require_sound_places
from dermalia.sealing.boot import require_fitting_root_keys
from dermalia.tenancy.boot import require_guarded_tables, require_safe_role


def require_safe_start() -> None:
    """Refuse a role that sees too much, unguarded tables, root keys that open nothing.

    Before that, hosts that are not where the register says; after it, what the apps above refuse
    (``START_CHECKS``), such as restored data as they are.

    Raises:
        ImproperlyConfigured: with a sentence for whoever starts the process.
    """
    require_sound_places()
    try:
        require_safe_role()
        require_guarded_tables()
        require_fitting_root_keys()
        for check in settings.START_CHECKS:
            import_string(check)()
    finally:
        # Children that are forked now must not share a connection with their parent.
        connections.close_all()


def settle() -> None:
    """Spare the garbage collector what a start leaves for good.

    It would look through all of it again and again, and a request that meets such a round
    waits for a tenth of a second.
    """
    gc.collect()
    gc.freeze()


def write_down_refusals() -> None:
    """Have what the guard refuses in this process, and those it forks, entered into the log."""
    refusals.tell_by(import_string(settings.REFUSED_CONNECTIONS))
