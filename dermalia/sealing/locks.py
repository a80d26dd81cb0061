"""A lock between making practice keys and taking root keys away."""

from django.db import connection

# Any number, the same in every process of this database.
_KEYSTORE = 0x4445524D


def share_keystore() -> None:
    """Until the transaction ends, no root key version is retired."""
    _lock("pg_advisory_xact_lock_shared")


def hold_keystore() -> None:
    """Until the transaction ends, no practice key is made and nobody else holds this."""
    _lock("pg_advisory_xact_lock")


def _lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_KEYSTORE])
