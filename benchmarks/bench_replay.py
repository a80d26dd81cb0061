"""How fast a restore replays the erasure ledger, beside a bare loop of the same SQL.

A practice with 2,000 report keys; the ledger has 20,000 entries, of which 500 name a key that a
backup brought back. "Bare" is one transaction that runs the same four statements for each entry:
what a first script would do. Reading the ledger's names out of storage is measured apart.
"""

import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from uuid import UUID, uuid4

from benchmarks.harness import report
from benchmarks.services import fresh_services

ENTRIES, ALIVE, CAME_BACK = 20_000, 2_000, 500
READ = 500  # entries that are written to storage and read back
ROUNDS = 3


def main() -> None:
    with fresh_services():
        from django.db import connection

        from backups import ledger
        from backups.domain import replay
        from backups.ledger import Fact
        from dermalia.sealing.models import PracticeKey, ReportKey
        from dermalia.tenancy import practice_scope
        from practices.domain.tenants import create_practice

        practice_id = create_practice(name="Benchmark", email="benchmark@example.org").pk

        def keys(count: int) -> list[UUID]:
            with practice_scope(practice_id):
                version = PracticeKey.objects.get().version
                made = [
                    ReportKey(
                        practice_id=practice_id, practice_key_version=version, wrapped=bytes(60)
                    )
                    for _ in range(count)
                ]
                ReportKey.objects.bulk_create(made, batch_size=5000)
            return [key.pk for key in made]

        def a_ledger() -> list[Fact]:
            ids = [*keys(CAME_BACK), *(uuid4() for _ in range(ENTRIES - CAME_BACK))]
            return [Fact(practice_id, id_, 1_790_000_000, id_.bytes * 2) for id_ in ids]

        def replayed(facts: list[Fact]) -> None:
            done = replay.replay(facts)
            if (done.entries, done.keys) != (ENTRIES, CAME_BACK):
                raise SystemExit(f"The replay is not what it should be: {done}")

        def bare(facts: list[Fact]) -> None:
            with practice_scope(practice_id), connection.cursor() as cursor:
                for fact in facts:
                    one = [fact.key_id], [fact.second]
                    cursor.execute(replay.ENTER, [practice_id, *one])
                    cursor.execute(replay.NOTE, [practice_id, *one, [fact.tombstone]])
                    cursor.execute(replay.DESTROY, one[:1])
                    cursor.execute(replay.BURY, [practice_id, [fact.tombstone]])

        keys(ALIVE)
        share = 10  # the loop is that much shorter, and its figure scaled: it takes minutes
        ours, theirs, again = [], [], []
        for _ in range(ROUNDS):
            facts = a_ledger()
            ours.append(seconds(partial(replayed, facts)))
            again.append(seconds(partial(replay.replay, facts)))
            some = list(islice(a_ledger(), ENTRIES // share))
            theirs.append(share * seconds(partial(bare, some)))
        with practice_scope(practice_id):
            left = ReportKey.objects.count()
        written = a_ledger()[-READ:]
        writing = seconds(lambda: ledger.write(written))
        reading = seconds(ledger.facts)

    replay_s, bare_s = sorted(ours)[ROUNDS // 2], sorted(theirs)[ROUNDS // 2]
    if left < ALIVE:
        raise SystemExit("A key that nobody erased is gone.")
    report(
        "replay",
        figures={
            "p50_s": replay_s,
            "p99_s": max(ours),
            "entries_per_s": ENTRIES / replay_s,
            "bare_entries_per_s": ENTRIES / bare_s,
            "again_entries_per_s": ENTRIES / sorted(again)[ROUNDS // 2],
            "written_outside_per_s": READ / writing,
            "read_outside_per_s": READ / reading,
        },
        ratios={"vs_bare": replay_s / bare_s},
    )


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
