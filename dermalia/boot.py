"""What must hold before a process serves or works."""

from django.db import connections

from dermalia.sealing.boot import require_fitting_root_keys
from dermalia.tenancy.boot import require_guarded_tables, require_safe_role


def require_safe_start() -> None:
    """Refuse a role that sees too much, unguarded tables, root keys that open nothing.

    Raises:
        ImproperlyConfigured: with a sentence for whoever starts the process.
    """
    try:
        require_safe_role()
        require_guarded_tables()
        require_fitting_root_keys()
    finally:
        # Children that are forked now must not share a connection with their parent.
        connections.close_all()
