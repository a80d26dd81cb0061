"""What a process does whose temporary folder is a file system of its own, which is full.

``test_disk_full`` starts it as ``python -m tests.faults.full_disk <act>`` in a mount namespace
where TMPDIR is a small tmpfs; it says one JSON object. The act ``postgres`` puts a cluster there.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.environment import DATA

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dermalia.settings")
MOST = 5000  # entries until even the largest free page is full


@contextmanager
def no_room() -> Iterator[None]:
    """Until the end of the block not a byte of the disk is free."""
    filler = Path(tempfile.gettempdir(), "filler")
    with filler.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    try:
        yield
    finally:
        filler.unlink()


def postgres() -> dict[str, object]:
    """Entries are written until there is no room, then once there is room again."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import OperationalError, connections

    from audit.chain import SYSTEM, first_broken, record
    from audit.models import Entry
    from audit.words import Action
    from dermalia.embedded import Services
    from dermalia.tenancy import practice_scope
    from practices.domain.tenants import create_practice
    from practices.models import Practice
    from tests.migrated import lay_out

    def migrate() -> None:
        call_command("setup_database", verbosity=0)
        connections.close_all()

    lay_out(DATA, migrate)
    with Services(DATA, durable=False):
        practice = create_practice(name="Demo practice", email="practice@example.org")
        acknowledged, refused = 0, ""
        with no_room():
            while not refused and acknowledged < MOST:
                try:
                    with practice_scope(practice.pk):
                        record(Action.SCAN_VIEWED, who=SYSTEM)
                    acknowledged += 1
                except OperationalError as error:
                    refused = type(error.__cause__).__name__
            read = Practice.objects.get().name
            with practice_scope(practice.pk):
                whole = first_broken() is None
                kept = Entry.objects.filter(action=Action.SCAN_VIEWED).count()
        with practice_scope(practice.pk):
            record(Action.SCAN_VIEWED, who=SYSTEM)
            told = {
                "acknowledged": acknowledged,
                "refused": refused,
                "read": read,
                "whole": whole,
                "kept": kept,
                "afterwards": Entry.objects.filter(action=Action.SCAN_VIEWED).count(),
                "whole_afterwards": first_broken() is None,
            }
        connections.close_all()
    return told


def converting() -> dict[str, object]:
    """A model and a document are made where no file could be written."""
    import django

    django.setup()
    from dermalia.sandbox.face import make_capture
    from reports.pdf import typeset
    from scans.conversion import SourceFile, convert
    from tests.reports.pdf.test_typesetting import document

    capture = make_capture(seed=1, triangles=4000, texture_size=256, overlay_size=128)
    files = [
        SourceFile(
            name=file.name, kind=file.kind, light=file.light, metric=file.metric, data=file.data
        )
        for file in capture.files
    ]
    before = left()
    with no_room():
        model = next(out for out in convert(files).outputs if out.kind == "model")
        pdf = typeset(document("<h1>A</h1>"))
    return {"model": len(model.data), "pdf": pdf[:5].decode(), "new": sorted(left() - before)}


def left() -> set[str]:
    """Everything that lies in the temporary folder."""
    folder = Path(tempfile.gettempdir())
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


if __name__ == "__main__":
    ACTS = {"postgres": postgres, "converting": converting}
    sys.stdout.write(json.dumps(ACTS[sys.argv[1]]()) + "\n")
