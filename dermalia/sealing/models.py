"""The keystore: wrapped keys and the erasure ledger, in a schema of their own.

The schema ``keystore`` is no part of a data backup. Deleting one row of ``ReportKey`` makes a
report's every byte unreadable, wherever copies of them are.
"""

import uuid

from django.db import models
from django.db.models.functions import Now

from dermalia.tenancy.models import ScopedRow


class PracticeKey(ScopedRow):
    """A practice's key, wrapped by a root key version."""

    swept = ("id", "practice_id", "version", "root_version")

    practice_id = models.IntegerField()
    version = models.PositiveSmallIntegerField()
    root_version = models.PositiveSmallIntegerField()
    wrapped = models.BinaryField()

    class Meta:
        db_table = 'keystore"."practice_key'
        constraints = [
            models.UniqueConstraint(fields=["practice_id", "version"], name="practice_key_version")
        ]


class InnerKey(ScopedRow):
    """A key wrapped by its practice's key.

    A foreign key on (practice_id, practice_key_version), made by the migration, keeps a
    practice key from being deleted while anything is wrapped by it.
    """

    practice_key_version = models.PositiveSmallIntegerField()
    wrapped = models.BinaryField()

    class Meta:
        abstract = True


class ReportKey(InnerKey):
    """The key of one scan and its report."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practice_id = models.IntegerField()

    class Meta:
        db_table = 'keystore"."report_key'
        indexes = [models.Index(fields=["practice_id", "practice_key_version", "id"])]


class SecretsKey(InnerKey):
    """The key of a practice's own secrets: its scanner's password, its blind indexes."""

    practice_id = models.IntegerField(unique=True)

    class Meta:
        db_table = 'keystore"."secrets_key'


class LedgerEntry(ScopedRow):
    """That a report's key was destroyed; replayed after a restore, kept for good."""

    append_only = True
    admin_sees = ("practice_id", "key_id", "destroyed_at")

    practice_id = models.IntegerField()
    key_id = models.UUIDField(unique=True)
    destroyed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = 'keystore"."erasure_ledger'
