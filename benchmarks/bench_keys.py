"""How fast keys are rotated: report keys wrapped anew, beside the same UPDATE without crypto."""

import time
from collections.abc import Callable
from typing import Any

from benchmarks.harness import report
from benchmarks.services import fresh_services

KEYS = 50_000
OBJECTS = 20


def main() -> None:
    with fresh_services():
        from django.db import connection

        from audit.access import record_access
        from audit.chain import SYSTEM
        from audit.words import Action
        from dermalia.sealing import keys, objects, rotation
        from dermalia.sealing.keyring import wrap
        from dermalia.sealing.models import PracticeKey, ReportKey
        from dermalia.tenancy import practice_scope
        from practices.domain.tenants import create_practice

        practice_id = create_practice(name="Benchmark", email="benchmark@example.org").pk

        def fill() -> None:
            outer = PracticeKey.objects.get()
            secret = keys.open_practice_key(outer)
            rows = []
            for number in range(KEYS):
                row = ReportKey(practice_id=practice_id, practice_key_version=outer.version)
                bound_to = keys.bound_to_report(practice_id, outer.version, row.pk)
                row.wrapped = wrap(secret, number.to_bytes(32, "big"), bound_to=bound_to)
                rows.append(row)
            ReportKey.objects.bulk_create(rows, batch_size=5000)

        def update_only() -> None:
            """The rotation's UPDATE with the bytes that are there: what the database costs."""
            with practice_scope(practice_id), connection.cursor() as cursor:
                rows = list(ReportKey.objects.values_list("pk", "wrapped"))
                version = ReportKey.objects.values_list("practice_key_version", flat=True)[0]
                for at in range(0, len(rows), rotation.BATCH):
                    ids, wrapped = zip(*rows[at : at + rotation.BATCH], strict=True)
                    values: list[Any] = [
                        version,
                        list(ids),
                        [bytes(one) for one in wrapped],
                        version + 1,
                    ]
                    cursor.execute(rotation.REWRAP, values)

        def unlock_once() -> None:
            with practice_scope(practice_id):
                keys.unlock(some_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))

        with practice_scope(practice_id):
            fill()
            some_id = ReportKey.objects.values_list("pk", flat=True)[0]
            sealed = keys.unlock(some_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))
            prefix = objects.new_prefix()
            for _ in range(OBJECTS):
                objects.put(sealed, objects.new_name(prefix), [bytes(10_000)], length=10_000)
        before = etags(prefix)

        rotated, updated = [], []
        for _ in range(5):
            updated.append(seconds(update_only))
            rotated.append(seconds(lambda: rotation.rotate_practice(practice_id=practice_id)))
        if etags(prefix) != before:
            raise SystemExit("An object changed during the rotation.")
        unlocks = [seconds(unlock_once) for _ in range(200)]

    median = sorted(rotated)[2]
    report(
        "keys",
        figures={
            "rotation_keys_per_s": KEYS / median,
            "update_keys_per_s": KEYS / sorted(updated)[2],
            "unlock_ms": sorted(unlocks)[100] * 1000,
        },
        ratios={"rotation_vs_update": median / sorted(updated)[2]},
    )


def etags(prefix: str) -> list[tuple[str, str]]:
    from dermalia.sealing.objects import _storage

    return [(entry.key, entry.e_tag) for entry in _storage().bucket.objects.filter(Prefix=prefix)]


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
