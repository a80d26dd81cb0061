"""Taking a practice in."""

from typing import Any

from django.db import transaction

from dermalia.sealing.keys import create_practice_key
from dermalia.tenancy import practice_scope
from practices.models import Practice


def create_practice(*, name: str, email: str, **details: Any) -> Practice:
    """Create a practice together with its key.

    Args:
        details: further fields of ``Practice``, such as ``city`` or ``language``.
    """
    with transaction.atomic():
        practice = Practice.objects.create(name=name, email=email, **details)
        with practice_scope(practice.pk):
            create_practice_key()
    return practice
