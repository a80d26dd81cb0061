"""The log's rows. They hold ids and words only, so that they may outlive what they tell of."""

from django.db import models

from audit.words import Actor
from dermalia.tenancy.models import ScopedRow


class Entry(ScopedRow):
    """One thing that was done. ``hash`` covers the row and the hash before it."""

    append_only = True
    admin_sees = (
        "id",
        "practice_id",
        "sequence",
        "at",
        "actor",
        "actor_id",
        "action",
        "object_id",
        "counts",
        "hash",
    )

    practice_id = models.IntegerField()
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=16, choices=[(a, a) for a in Actor])
    actor_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=32)  # one of Action: see chain.record
    object_id = models.UUIDField(null=True)
    counts = models.JSONField(default=dict)
    hash = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice_id", "sequence"], name="entry_sequence"),
            models.CheckConstraint(
                condition=models.Q(actor__in=list(Actor)), name="entry_actor_is_a_word"
            ),
            models.CheckConstraint(
                # By form, so that a new word is no new schema; no name and no address fits it.
                condition=models.Q(action__regex=r"^[a-z]+\.[a-z_]+$"),
                name="entry_action_is_a_word",
            ),
        ]
        indexes = [models.Index(fields=["practice_id", "object_id", "sequence"])]


class Head(ScopedRow):
    """Where a practice's chain ends; locked while an entry is appended."""

    swept = admin_sees = ("practice_id", "sequence", "hash")

    practice_id = models.IntegerField(primary_key=True)
    sequence = models.BigIntegerField(default=0)
    hash = models.BinaryField(default=bytes(32))
    # The last entry's time: the next one bears no earlier, whatever the server's clock did.
    at = models.DateTimeField(null=True)
