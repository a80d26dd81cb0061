"""What must be true of the root keys before a process serves anything."""

from django.core.exceptions import ImproperlyConfigured

from dermalia.sealing.keyring import KeyRefused
from dermalia.sealing.keys import open_practice_key
from dermalia.sealing.models import PracticeKey
from dermalia.sealing.roots import root_keys
from dermalia.sealing.rotation import usage
from dermalia.tenancy import practice_scope


def require_fitting_root_keys() -> None:
    """Refuse to run with root keys that are not those of this database.

    Opens one practice key of each root version in use.

    Raises:
        ImproperlyConfigured: a version in use is missing, or a key does not open.
        KeysUnavailable: the key management service does not answer.
    """
    root_keys().check()
    found = usage()
    if found.missing:
        versions = ", ".join(map(str, sorted(found.missing)))
        raise ImproperlyConfigured(
            f"The root keys lack version {versions}, which wraps practice keys of this database."
            " Restore the newest keyring; a key made anew cannot open them."
        )
    for version in found.practice_keys:
        _require_opens(version)


def _require_opens(root_version: int) -> None:
    anyone = PracticeKey.across_practices.using("sweeper").filter(root_version=root_version)
    practice_id = anyone.values_list("practice_id", flat=True).first()
    if practice_id is None:
        return
    with practice_scope(practice_id):
        row = PracticeKey.objects.filter(root_version=root_version).first()
        try:
            if row is not None:
                open_practice_key(row)
        except KeyRefused as error:
            raise ImproperlyConfigured(
                f"Root key version {root_version} does not open the keys of this database:"
                " this is the keyring of another installation, or an older one."
            ) from error
