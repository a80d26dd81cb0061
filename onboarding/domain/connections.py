"""A practice's ways to its scanners: made, tested, paused. In the practice's scope."""

from collections.abc import Iterator

from django.db import transaction

from audit.chain import record
from audit.words import Action
from dermalia.residency import egress
from dermalia.tenancy import practice_scope
from onboarding.models import Check, Pause
from practices.domain.staff import staff
from practices.models import User
from scans.domain import sources
from scans.domain.connection_check import Line, check_connection
from scans.models import Connection

PAGES = 100


class NotConnected(ValueError):
    """There is no way to scans like this; ``str()`` tells staff why."""


def add_account(user: User, *, base_url: str, client_id: str, client_secret: str) -> Connection:
    """Keep an account in the scanner's cluster, its secret sealed.

    Raises:
        EgressRefused: the address is not in the register of services.
    """
    egress.require_admitted(base_url)
    with transaction.atomic():
        added = sources.connect(
            practice=user.practice,
            base_url=base_url,
            client_id=client_id,
            client_secret=client_secret,
        )
        record(Action.CONNECTION_ADDED, who=staff(user))
    return added


def add_folder(user: User, *, folder: str, exports: str) -> Connection:
    """Watch a folder. Raises ValueError, or IntegrityError where another practice watches it."""
    with transaction.atomic():
        added = sources.watch(
            practice=user.practice, folder=folder, exports=Connection.Exports(exports)
        )
        record(Action.CONNECTION_ADDED, who=staff(user))
    return added


def pause(connection: Connection, *, user: User) -> None:
    """Take nothing in from here until somebody says so."""
    with transaction.atomic():
        _row, paused = Pause.objects.get_or_create(
            connection=connection, defaults={"practice_id": user.practice_id}
        )
        if paused:
            record(Action.CONNECTION_PAUSED, who=staff(user))


def resume(connection: Connection, *, user: User) -> None:
    """Take scans in from here again."""
    with transaction.atomic():
        if Pause.objects.filter(connection=connection).delete()[0]:
            record(Action.CONNECTION_RESUMED, who=staff(user))


def tested(connection: Connection, *, user: User, serial: str) -> Iterator[Line]:
    """Test the connection line by line and keep how it went. Outside of any scope."""
    last: Line | None = None
    for last in check_connection(connection=connection, who=staff(user), serial=serial):
        yield last
    with practice_scope(connection.practice_id):
        passed = last is not None and last.ok
        Check.objects.filter(connection=connection).delete()
        Check.objects.create(
            practice_id=connection.practice_id,
            connection=connection,
            passed=passed,
            failed_step=last.step if last and not last.ok else "",
        )


def skip_what_is_there(connection: Connection) -> None:
    """Move the cursor behind everything listed now, so that none of it is taken in.

    Raises:
        SourceError: the scanner's cluster or the folder does not answer.
        NotConnected: a folder has no cursor, so it must be empty.
    """
    source, cursor = sources.open_source(connection), connection.cursor
    for _page in range(PAGES):
        page = source.list_scans(cursor=cursor or None, limit=100)
        if connection.folder:
            if page.identifiers:
                raise NotConnected
            return
        cursor = page.next_cursor or cursor
        if not page.more:
            break
    Connection.objects.filter(pk=connection.pk).update(cursor=cursor)
