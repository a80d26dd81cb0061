from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dermalia.sealing import rotation
from dermalia.sealing.keyring import KeyRefused, KeysUnavailable


class Command(BaseCommand):
    help = "Shows, rotates and retires the keys that wrap every practice's keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("status", help="root key versions and what they wrap")
        verbs.add_parser("rotate", help="add a root key version and wrap all practice keys by it")
        verbs.add_parser("rewrap", help="finish whatever rotation was interrupted")
        retire = verbs.add_parser("retire", help="take a root key version out of the keyring file")
        retire.add_argument("version", type=int)
        practice = verbs.add_parser("rotate-practice", help="give one practice a new key")
        practice.add_argument("practice", type=int)

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            getattr(self, f"_{verb.replace('-', '_')}")(**options)
        except KeyRefused as error:
            raise CommandError(f"A key does not open and was left as it is. {error}") from error
        except KeysUnavailable as error:
            raise CommandError(f"{error} Run it again later: done keys stay done.") from error

    def _status(self, **_: Any) -> None:
        found = rotation.usage()
        for version in sorted(found.known | set(found.practice_keys)):
            notes = [
                note
                for note, holds in (
                    ("current", version == found.current),
                    ("MISSING: restore the newest keyring", version in found.missing),
                    ("may be retired", _may_go(found, version)),
                )
                if holds
            ]
            wraps = {"practice keys": 0} | found.wraps(version)
            counted = ", ".join(f"{number} {name}" for name, number in wraps.items())
            self.stdout.write(
                f"root key {version}: wraps {counted}" + (f" ({', '.join(notes)})" if notes else "")
            )
        unfinished = rotation.unfinished_rotations()
        if found.outdated or unfinished or found.others_outdated:
            self.stdout.write(
                f"To be wrapped anew: {found.outdated} practice keys, keys of {len(unfinished)}"
                f" practices, {found.others_outdated} others. Run: manage.py keys rewrap"
            )
        if found.missing:
            raise CommandError("Practice keys are wrapped by a version that is not at hand.")

    def _rotate(self, **options: Any) -> None:
        if settings.KMS_KEYS:
            raise CommandError(
                "The key management service wraps: add its new key to DERMALIA_KMS_KEYS, restart,"
                " and run: manage.py keys rewrap"
            )
        version = rotation.add_root_version(_file())
        self.stdout.write(
            f"Root key {version} is in {_file()} and wraps from now on. Back the file up."
        )
        self._rewrap(**options)

    def _rewrap(self, **_: Any) -> None:
        count = rotation.rewrap_practice_keys()
        self.stdout.write(f"{count} practice keys wrapped by root key {rotation.usage().current}.")
        others = rotation.rewrap_others()
        if others:
            self.stdout.write(f"{others} other keys wrapped by it as well.")
        for practice_id in rotation.unfinished_rotations():
            self._finish(practice_id, rotation.finish_rotation(practice_id=practice_id))

    def _rotate_practice(self, *, practice: int, **_: Any) -> None:
        if not rotation.has_keys(practice_id=practice):
            raise CommandError(f"There is no practice {practice} with a key.")
        self._finish(practice, rotation.rotate_practice(practice_id=practice))

    def _retire(self, *, version: int, **_: Any) -> None:
        try:
            rotation.retire_root_version(_file(), version=version)
        except rotation.StillInUse as error:
            raise CommandError(f"{error} Run: manage.py keys rewrap") from error
        except ValueError as error:
            raise CommandError(f"{error}: see manage.py keys status") from error
        self.stdout.write(f"Root key {version} is gone. Destroy its copies in backups as well.")

    def _finish(self, practice_id: int, count: int) -> None:
        self.stdout.write(f"practice {practice_id}: {count} keys wrapped by its newest key.")


def _file() -> Path:
    if settings.KEYRING_FILE is None:
        raise CommandError(
            "There is no keyring file: the root keys are in the key management service."
        )
    return Path(settings.KEYRING_FILE)


def _may_go(found: rotation.Usage, version: int) -> bool:
    return version != found.current and not found.wraps(version)
