"""What is to be written down outside of this database, where it is at home, and drills."""

from django.db import models
from django.db.models.functions import Now

from dermalia.tenancy.models import ScopedRow


class LedgerNote(ScopedRow):
    """An erasure whose entry in the ledger outside is to be written, or has been.

    Made in the transaction that destroys the key. Holds random ids and a keyed digest.
    """

    swept = ("id", "practice_id", "published_at")

    practice_id = models.IntegerField()
    key_id = models.UUIDField(unique=True)
    tombstone = models.BinaryField(null=True)  # None where a key went without its scan
    made_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                name="ledger_note_waiting",
                condition=models.Q(published_at__isnull=True),
            )
        ]


class Home(models.Model):
    """A database that these rows may be served from.

    Postgres gives each cluster and each database in it a number of its own. Rows that come
    into another database by a dump bring the old numbers with them, and nothing starts there
    until the ledger was replayed and the new numbers stand here.
    """

    cluster = models.CharField(max_length=20)  # system_identifier, an unsigned 64-bit number
    database = models.BigIntegerField()  # pg_database.oid
    since = models.DateTimeField(db_default=Now())
    backup_id = models.UUIDField(null=True)  # None where it began empty, or was restored by hand
    entries = models.PositiveIntegerField(default=0)  # of the ledger, replayed before

    class Meta:
        indexes = [models.Index(fields=["-since"], name="home_newest")]


class DrillResult(models.Model):
    """That a backup was restored for practice, and what came of it. Nothing personal."""

    at = models.DateTimeField(db_default=Now())
    backup_id = models.UUIDField()
    backup_made_at = models.DateTimeField()
    passed = models.BooleanField()
    problem = models.CharField(max_length=300, blank=True)
    entries = models.PositiveIntegerField(default=0)  # of the ledger, replayed
    erased_again = models.PositiveIntegerField(default=0)  # scans that the backup brought back
    rows = models.PositiveBigIntegerField(default=0)
    sampled = models.PositiveIntegerField(default=0)  # reports opened, every object of them
    objects_opened = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        indexes = [models.Index(fields=["-at"], name="drill_newest")]


class ErasureDrill(models.Model):
    """That a made-up scan was erased for practice, and what came of it. Nobody's; written once."""

    at = models.DateTimeField(db_default=Now())
    passed = models.BooleanField()
    problem = models.CharField(max_length=300, blank=True)
    rows = models.PositiveIntegerField(default=0)  # erased with it
    objects_erased = models.PositiveIntegerField(default=0)  # versions of one count
    seconds = models.FloatField(default=0)  # from the request until it was verified

    class Meta:
        indexes = [models.Index(fields=["-at"], name="erasure_drill_newest")]
