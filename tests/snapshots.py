"""What a fixture made, put back instead of made again.

Copying and converting a scan takes most of a second, and a thousand tests begin with a report. The
first test of a process that wants one gets it the real way; what that way left (rows, objects, the
scan in the cluster's stand-in) is put back for the others. It is as good as made:

- Rows are the very rows as Postgres printed them, and go in as the application's role, past the
  same grants, policies, constraints and triggers. Practice and keys being the same, what is
  sealed opens and the log's chain goes on.
- Objects are the very bytes; one that a test damaged, deleted or added is mended through storage.
- Where the practice is not as it was when the snapshot was taken (another setting, a row more),
  the fixture goes the real way again.

Tests about the way itself go it themselves, by ``tests.conftest.report_of``.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.db import connection, models

from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.isemeco.store import StoredScan
from dermalia.sealing import objects
from dermalia.tenancy import practice_scope
from dermalia.tenancy.catalogue import rows, scoped_models, table_of
from practices.models import Practice, StaffSession

Rows = dict[str, str]  # a table's rows as Postgres prints them, by primary key, oldest first
State = tuple[int, int, int]  # inode, time of change, size: others than these, other bytes

NOBODY = 0  # no practice has this id: in its scope no guarded row is seen
# Django fills them when it migrates.
FILLED = frozenset({"auth", "contenttypes"})


@dataclass(frozen=True)
class Change:
    """What became of one table: rows that were changed, and as they are now with those new."""

    model: type[models.Model]
    before: Rows
    after: Rows


@dataclass(frozen=True)
class Shown:
    """What the cluster's stand-in holds: scans, and how often each file was handed out."""

    scans: dict[str, StoredScan]
    downloads: Counter[tuple[str, str]]


@dataclass(frozen=True)
class Snapshot:
    """What making something left behind.

    Attributes:
        standing: of the practice beforehand, see ``_standing``.
        files: the objects' bytes by name.
        states: of the files when they were last right.
    """

    practice_id: int
    standing: tuple[str, ...]
    changes: list[Change]
    shown: Shown
    files: dict[str, bytes]
    states: dict[str, State]


class Snapshots:
    """The snapshots of one process.

    Args:
        bucket: the folder in which the object storage keeps its objects.
    """

    def __init__(self, bucket: Path) -> None:
        self._bucket = bucket
        self._taken: dict[str, Snapshot] = {}

    def again(
        self,
        name: str,
        make: Callable[[], int],
        *,
        practice_id: int = NOBODY,
        cluster: IsemecoStandIn | None = None,
    ) -> int:
        """Bring about what ``make`` does, by making it or by putting back what it left.

        Args:
            make: returns the id of the practice it was about.
            practice_id: that practice's, where it is there already.

        Returns:
            The practice's id.
        """
        known = self._taken.get(name)
        if known is None:
            self._taken[name] = taken = self._watch(make, practice_id, cluster)
            return taken.practice_id
        if not _fits(known, practice_id, cluster):
            return make()
        _put_back_rows(known)
        self._put_back_objects(known)
        if cluster is not None:
            cluster._store._scans.update(known.shown.scans)
            cluster._downloads.update(known.shown.downloads)
        return known.practice_id

    def _watch(
        self, make: Callable[[], int], practice_id: int, cluster: IsemecoStandIn | None
    ) -> Snapshot:
        standing, before = _standing(practice_id), _tables(practice_id)
        there = self._states("**")
        assert cluster is None or not cluster.scan_ids, "the cluster showed a scan already"
        practice_id = make()
        states = {name: state for name, state in self._states("**").items() if name not in there}
        return Snapshot(
            practice_id=practice_id,
            standing=standing,
            changes=list(_changes(before, _tables(practice_id))),
            shown=_shown(cluster),
            files={name: (self._bucket / name).read_bytes() for name in states},
            states=states,
        )

    def _put_back_objects(self, known: Snapshot) -> None:
        """Undo what tests did to the objects since the snapshot was last put back."""
        bucket = objects._storage().bucket
        for prefix in {name.partition("/")[0] for name in known.files}:
            for name in self._states(prefix).keys() - known.files.keys():
                bucket.Object(name).delete()
            now = self._states(prefix)
            for name, content in known.files.items():
                if name.startswith(prefix) and now.get(name) != known.states[name]:
                    bucket.Object(name).put(Body=content)
                    known.states[name] = self._state(self._bucket / name)

    def _states(self, folder: str) -> dict[str, State]:
        """The state of every object below."""
        files = (path for path in self._bucket.glob(f"{folder}/*") if path.is_file())
        return {path.relative_to(self._bucket).as_posix(): self._state(path) for path in files}

    @staticmethod
    def _state(file: Path) -> State:
        status = file.stat()
        return status.st_ino, status.st_ctime_ns, status.st_size


def _shown(cluster: IsemecoStandIn | None) -> Shown:
    if cluster is None:
        return Shown({}, Counter())
    return Shown(dict(cluster._store._scans), Counter(cluster._downloads))


def _fits(known: Snapshot, practice_id: int, cluster: IsemecoStandIn | None) -> bool:
    """Whether the practice is as it was when the snapshot was taken."""
    if cluster is not None and cluster.scan_ids:
        return False
    if practice_id == NOBODY:
        return True
    if practice_id != known.practice_id or _standing(practice_id) != known.standing:
        return False
    with practice_scope(practice_id):
        return all(
            _rows(change.model, list(change.before)) == change.before
            for change in known.changes
            if change.before
        )


def _standing(practice_id: int) -> tuple[str, ...]:
    """A digest of everything of the practice's, table by table."""
    own = f"FROM {table_of(Practice)} AS row WHERE id = {practice_id:d}"
    theirs = (
        f"FROM {table_of(model)} AS row"
        for model in scoped_models()
        if model is not StaffSession  # who is signed in changes no report
    )
    digest = "md5(string_agg(row::text, ',' ORDER BY row::text))"
    digests = ", ".join(f"(SELECT {digest} {part})" for part in (own, *theirs))
    with practice_scope(practice_id):
        return rows(connection, f"SELECT {digests}")[0]


def _tables(practice_id: int) -> dict[type[models.Model], Rows]:
    """Every row the practice sees."""
    with practice_scope(practice_id):
        return {
            model: _rows(model)
            for model in apps.get_models(include_auto_created=True)
            if model._meta.app_label not in FILLED
        }


def _rows(model: type[models.Model], only: list[str] | None = None) -> Rows:
    pk = f'"{model._meta.pk.column}"::text'
    where = "" if only is None else f" WHERE {pk} = ANY(%s)"
    params = [] if only is None else [only]
    sql = f"SELECT {pk}, row::text FROM {table_of(model)} AS row{where} ORDER BY row.ctid"
    return dict(rows(connection, sql, params))


def _changes(
    before: dict[type[models.Model], Rows], after: dict[type[models.Model], Rows]
) -> Iterator[Change]:
    for model, now in after.items():
        then = before[model]
        assert then.keys() <= now.keys(), f"{model.__name__}: what deletes cannot be put back"
        new = {pk: row for pk, row in now.items() if then.get(pk) != row}
        if new:
            yield Change(model, {pk: then[pk] for pk in new.keys() & then.keys()}, new)


def _put_back_rows(known: Snapshot) -> None:
    """All of them in one transaction: foreign keys are looked at when it ends."""
    with practice_scope(known.practice_id), connection.cursor() as cursor:
        for change in known.changes:
            cursor.execute(_insertion(change), [list(change.after.values())])


def _insertion(change: Change) -> str:
    table = table_of(change.model)
    insert = f"INSERT INTO {table} SELECT (line::{table}).* FROM unnest(%s::text[]) AS line"
    if not change.before:
        return insert
    columns = [f'"{field.column}"' for field in change.model._meta.local_concrete_fields]
    now = ", ".join(f"EXCLUDED.{column}" for column in columns)
    pk = change.model._meta.pk.column
    return f'{insert} ON CONFLICT ("{pk}") DO UPDATE SET ({", ".join(columns)}) = ROW({now})'
