"""The plan of a practice's export: what lies where in the file. The file itself is kept nowhere."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from dermalia.sealing.fields import SealedTextField
from dermalia.tenancy.models import PracticeOwned
from dermalia.work.models import Work
from practices.models import User
from scans.models import Scan


class Export(Work):
    """That a practice wants everything it has, as it was at one moment.

    Attributes:
        as_of: what came later is not in it.
        folders, of_folders: how many of the scans are planned, of how many.
        length: bytes planned so far; once it is ready, of the whole file.
        tail_at: where the list of contents begins.
        tail_folders: how many folders stood in that list when it was last sent from its beginning.
        cursor_at, cursor_id: the scan that was planned last.
        delivered_at: when the last byte was first handed over.
    """

    class State(models.TextChoices):
        PREPARING = "preparing", _("Being prepared")
        READY = "ready", _("Ready")

    objects: ClassVar[models.Manager["Export"]]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=12, choices=State, default=State.PREPARING)
    # None: the operator, on the practice's instruction.
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    as_of = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    of_folders = models.PositiveIntegerField(default=0)
    folders = models.PositiveIntegerField(default=0)
    length = models.PositiveBigIntegerField(default=0)
    tail_at = models.PositiveBigIntegerField(null=True, blank=True)
    tail_folders = models.PositiveIntegerField(null=True, blank=True)
    cursor_at = models.DateTimeField(null=True, blank=True)
    cursor_id = models.UUIDField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice"], name="one_export_at_a_time"),
            models.CheckConstraint(
                condition=models.Q(state="preparing", expires_at=None, tail_at=None)
                | models.Q(state="ready", expires_at__isnull=False, tail_at__isnull=False),
                name="export_ready_with_its_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="export_due",
                condition=models.Q(state="preparing"),
            )
        ]


class Folder(PracticeOwned):
    """One scan's place in an export; number 0 is what belongs to the practice as a whole.

    The plan holds texts and file names, sealed under the scan's own key, so that an erasure makes
    it unreadable at once; the row goes with the scan.

    Attributes:
        position, length: bytes in the file, headers included.
        directory: bytes of its lines in the list of contents at the end.
        files, bytes: what is in it, without headers.
        digest: SHA-256 of its manifest.
        checks: once it was sent whole, five bytes for each file: whether it could be had, and its
            CRC-32.
    """

    objects: ClassVar[models.Manager["Folder"]]

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="plan")
    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, null=True, related_name="+")
    number = models.PositiveIntegerField()
    position = models.PositiveBigIntegerField()
    length = models.PositiveBigIntegerField()
    directory = models.PositiveIntegerField()
    files = models.PositiveIntegerField()
    bytes = models.PositiveBigIntegerField()
    digest = models.BinaryField()
    plan = SealedTextField()
    checks = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["export", "number"], name="one_folder_of_a_number")
        ]
