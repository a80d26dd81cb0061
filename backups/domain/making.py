"""Making backups: one of the data, one of the keystore, in two files under two keys."""

import tomllib
from collections.abc import Iterator
from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.db import connections

from audit.chain import Who
from audit.words import Action, Count
from backups import ledger, shelf
from backups.domain import housekeeping, outbox
from backups.domain.schedule import alone
from backups.domain.telling import tell_practices
from backups.dump import count_rows, dump, snapshot
from backups.kinds import Kind, rules
from backups.manifest import Manifest, stem
from backups.recipients import current
from backups.stream import seal


def make_backup(*, who: Who) -> Iterator[Manifest]:
    """Make one backup of each kind, the keystore's after the data's.

    In this order each row has its key in the keystore's backup, unless it was erased in between.
    Cut off at any point nothing half is left that looks like a backup: the manifest comes last.

    Yields:
        The manifest of each as soon as it is stored.

    Raises:
        Busy: another one is under way.
        KeysMissing: there is no public key to seal to.
        DumpFailed: the dump failed, or does not hold every row.
        BackupDamaged: storage has something else than it was sent.
    """
    with alone():
        housekeeping.rotate_due(who=who)
        outbox.find_missed()
        outbox.publish()
        entries = ledger.count()
        for kind in Kind:
            manifest = make_one(kind, entries)
            counts = {Count.ROWS: sum(manifest.rows.values()), Count.BYTES: manifest.size}
            tell_practices(Action.BACKUP_MADE, who=who, object_id=manifest.id, counts=counts)
            yield manifest


def make_one(kind: Kind, entries: int) -> Manifest:
    """One backup, without a word about it; touches no table by a model.

    Args:
        entries: how many the ledger outside had before.
    """
    how, recipient, id_ = rules(kind), current(kind), uuid4()
    with snapshot(how.alias) as seen:
        made_at, postgres = _moment(how.alias)
        rows = count_rows(how.alias, how.schema)
        name = f"{stem(kind, id_, made_at)}.sealed"
        dumped = dump(how.alias, how.schema, snapshot=seen, rows=rows)
        stored = shelf.upload(name, seal(recipient.public, name, dumped))
    manifest = Manifest(
        id=id_,
        kind=kind,
        made_at=made_at,
        rows=rows,
        size=stored.bytes,
        sha256=stored.sha256,
        key=recipient.name,
        release=release(),
        postgres=postgres,
        ledger=entries,
    )
    shelf.finish(manifest)
    return manifest


def _moment(alias: str) -> tuple[datetime, str]:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT now(), current_setting('server_version')")
        at, version = cursor.fetchone()
    return at, str(version)


def release() -> str:
    """The application's version."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    return str(project["project"]["version"])
