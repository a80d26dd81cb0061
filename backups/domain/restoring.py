"""Restoring: into an empty database, and not a row served before the ledger was replayed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.core.management import call_command
from django.db import connections

from audit.chain import OPERATOR
from audit.words import Action, Count
from backups import ledger, shelf
from backups.domain import aftermath, homes
from backups.domain.replay import Replayed, complete, replay
from backups.domain.telling import tell_practices
from backups.dump import DumpFailed, count_rows, restore
from backups.kinds import Kind, rules
from backups.ledger import Fact, LedgerRefused
from backups.manifest import Manifest
from backups.recipients import private_key
from backups.signals import ledger_replayed
from backups.stream import unseal
from practices.models import Practice

OWNER = "owner"
_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = %s"
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = ANY(%s)
"""
Tell = Callable[[str], None]


class CannotRestore(Exception):
    """The database is not empty, is in use, or the wrong one; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Attributes:
        keystore: None where the keystore was there, and stayed.
        unfinished: erasures whose objects the workers still have to delete.
    """

    data: Manifest
    keystore: Manifest | None
    replayed: Replayed
    unfinished: int


def restore_backup(
    *, data: str = "newest", keystore: str = "newest", rows_only: bool = False, tell: Tell
) -> Restored:
    """Bring a backup into the database of this process's settings, and replay the ledger.

    Empty is also what a first start has set up and nobody has used. A keystore that is there
    stays: it is newer than any backup of it.

    Args:
        data, keystore: ``newest``, or the beginning of a backup's id.
        rows_only: leave objects and mails alone, as a drill must.
        tell: is given a sentence before each step.

    Raises:
        CannotRestore, NoSuchBackup, KeysMissing, ManifestRefused, LedgerRefused: before anything
            was changed.
        BackupDamaged, WrongKey: the backup is not what was sealed; nothing was changed.
        DumpFailed: Postgres refused; that schema is as empty as before.
    """
    tables = _tables()
    if tables[Kind.DATA] and _is_in_use():
        raise CannotRestore("There are data already: restore into an empty database only.")
    wanted = {Kind.DATA: shelf.find(Kind.DATA, data)}
    if not tables[Kind.KEYSTORE] or tables[Kind.DATA]:
        wanted[Kind.KEYSTORE] = shelf.find(Kind.KEYSTORE, keystore)
    facts = whole_ledger()
    for kind, manifest in wanted.items():
        tell(f"Checking the backup of the {kind} of {manifest.made_at:%Y-%m-%d %H:%M} UTC …")
        check(manifest)
    require_alone()
    if tables[Kind.DATA]:
        _drop(wanted)
    for manifest in wanted.values():
        tell(f"Restoring the {manifest.kind}: {sum(manifest.rows.values())} rows …")
        _bring_in(manifest)
    call_command("setup_database", verbosity=0)
    replayed, unfinished = replay_ledger(
        facts, backup=wanted[Kind.DATA], rows_only=rows_only, tell=tell
    )
    return Restored(wanted[Kind.DATA], wanted.get(Kind.KEYSTORE), replayed, unfinished)


def replay_ledger(
    facts: Sequence[Fact], *, backup: Manifest | None, rows_only: bool = False, tell: Tell
) -> tuple[Replayed, int]:
    """Replay the ledger over the rows that are here, then mark them as fit to be served.

    Args:
        backup: what they came from, where that is known.

    Returns:
        What was done, and how many erasures wait for their objects to go.
    """
    tell(f"Replaying {len(facts)} entries of the erasure ledger …")
    replayed = replay(facts)
    unfinished = 0
    if not rows_only:
        aftermath.settle_what_a_restore_unsettles()
        unfinished = len(complete(replayed.erasures))
        for practice_id in list(Practice.objects.order_by("pk").values_list("pk", flat=True)):
            ledger_replayed.send_robust(sender=Replayed, practice_id=practice_id)
    home = homes.settle(backup_id=backup.id if backup else None, entries=replayed.entries)
    if backup is not None:
        counts = {Count.ROWS: sum(backup.rows.values())}
        tell_practices(Action.BACKUP_RESTORED, who=OPERATOR, object_id=backup.id, counts=counts)
        counts = {Count.KEYS: replayed.keys, Count.ROWS: len(replayed.erasures)}
        tell_practices(Action.LEDGER_REPLAYED, who=OPERATOR, object_id=backup.id, counts=counts)
    tell(f"Marked as replayed at {home.since:%Y-%m-%d %H:%M} UTC.")
    return replayed, unfinished


def whole_ledger() -> list[Fact]:
    """Every fact outside, and at least as many as there were when the newest backup began.

    Raises:
        LedgerRefused: entries are missing or not ours.
    """
    facts = ledger.facts()
    known = max((one.ledger for kind in Kind for one in shelf.manifests(kind)), default=0)
    if len(facts) < known:
        raise LedgerRefused(
            f"The ledger outside has {len(facts)} entries, and had {known} when a backup was made:"
            " some are lost. Bring its bucket back first."
        )
    return facts


def check(manifest: Manifest) -> None:
    """Open the whole backup and let it go: what comes afterwards cannot break off half-way.

    Raises:
        BackupDamaged, WrongKey, KeysMissing: it does not open.
    """
    for _ in _opened(manifest):
        pass


def require_alone() -> None:
    """Raises ``CannotRestore`` while web or workers are connected."""
    roles = [connections[alias].settings_dict["USER"] for alias in ("default", "sweeper")]
    for alias in ("default", "sweeper"):
        connections[alias].close()  # our own are not meant
    with connections[OWNER].cursor() as cursor:
        cursor.execute(_OTHERS, [roles])
        others = cursor.fetchone()[0]
    if others:
        raise CannotRestore(f"{others} connections of the application are open: stop it first.")


def _tables() -> dict[Kind, int]:
    if OWNER not in connections.settings:
        raise CannotRestore("DERMALIA_DATABASE_OWNER_URL is missing: who is to own the tables?")
    with connections[OWNER].cursor() as cursor:
        found = {}
        for kind in Kind:
            cursor.execute(_TABLES, [rules(kind).schema])
            found[kind] = int(cursor.fetchone()[0])
    return found


def _is_in_use() -> bool:
    """Whether there is more than a first start leaves: tables, and nobody in them."""
    practices = count_rows(rules(Kind.DATA).alias, "public")["public.practices_practice"]
    how = rules(Kind.KEYSTORE)
    return bool(practices or any(count_rows(how.alias, how.schema).values()))


def _drop(kinds: Iterable[Kind]) -> None:
    with connections[OWNER].cursor() as cursor:
        for kind in kinds:
            cursor.execute(f"DROP SCHEMA {rules(kind).schema} CASCADE")


def _bring_in(manifest: Manifest) -> None:
    how = rules(manifest.kind)
    with connections[OWNER].cursor() as cursor:
        # Empty, or this fails; the dump makes it anew.
        cursor.execute(f"DROP SCHEMA IF EXISTS {how.schema}")
    restore(OWNER, _opened(manifest))
    if count_rows(how.alias, how.schema) != manifest.rows:
        raise DumpFailed(f"After restoring, the {manifest.kind} has other rows than the backup.")


def _opened(manifest: Manifest) -> Iterator[bytes]:
    return unseal(private_key(manifest.key), manifest.payload, shelf.download(manifest))
