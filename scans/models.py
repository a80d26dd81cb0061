"""Scanners' connections, scans and their files."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from dermalia.sealing.fields import SealedTextField
from dermalia.sealing.keys import UnlockedKey
from dermalia.tenancy.models import PracticeOwned
from dermalia.work.models import Work
from scans.due import InTwoYears
from scans.metrics import Metric


class Connection(PracticeOwned):
    """Where a practice's scans come from: its account in the cluster, or a watched folder."""

    class Exports(models.TextChoices):
        """What becomes of an export in the folder once its sealed copy is there."""

        KEEP = "keep", _("Keep in done/")
        DELETE = "delete", _("Delete")

    admin_sees = ("id", "practice_id", "rests_until", "last_listed_at", "last_error")

    base_url = models.URLField(max_length=200, blank=True)
    client_id = models.CharField(max_length=120, blank=True)
    client_secret = SealedTextField(null=True)  # under the practice's secrets key
    folder = models.CharField(max_length=64, blank=True)  # a name below settings.SCAN_FOLDERS
    exports = models.CharField(max_length=6, choices=Exports, default=Exports.KEEP)
    cursor = models.CharField(max_length=200, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True)
    last_listed_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(base_url="") ^ models.Q(folder=""), name="cluster_or_folder"
            ),
            models.CheckConstraint(
                condition=models.Q(exports__in=["keep", "delete"]), name="exports_kept_or_deleted"
            ),
            models.UniqueConstraint(
                fields=["folder"], condition=~models.Q(folder=""), name="folder_of_one_practice"
            ),
        ]


class Scan(Work):
    """One capture of one person. Values are sealed under the scan's own key."""

    class State(models.TextChoices):
        DISCOVERED = "discovered", _("Discovered")
        PULLED = "pulled", _("Being copied")
        STORED = "stored", _("Stored")
        READY = "ready", _("Ready")

    class Stage(models.TextChoices):
        COPYING = "copying", _("Copying from the scanner")
        CONVERTING = "converting", _("Making the 3D view")
        SEALING = "sealing", _("Sealing the 3D view")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="scans")
    scan_identifier = models.CharField(max_length=120)
    state = models.CharField(max_length=12, choices=State, default=State.DISCOVERED)

    key_id = models.UUIDField(unique=True)  # the report key, in the keystore
    prefix = models.CharField(max_length=32, unique=True)  # of its objects in storage

    device_serial = models.CharField(max_length=64, blank=True)
    device_model = models.CharField(max_length=64, blank=True)
    algorithm_version = models.CharField(max_length=64, blank=True)
    captured_at = models.DateTimeField(null=True, blank=True)
    measurements = SealedTextField(null=True)  # JSON

    # What a worker is at, for as long as it holds the row (see domain/progress.py).
    stage = models.CharField(max_length=10, choices=Stage, blank=True)
    stage_since = models.DateTimeField(null=True, blank=True)
    stage_done = models.PositiveBigIntegerField(default=0)
    stage_total = models.PositiveBigIntegerField(default=0)
    conversion_seconds = models.FloatField(null=True, blank=True)

    discovered_at = models.DateTimeField(auto_now_add=True)
    stored_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    # For as long as it has not become a report, which has a day of its own.
    due_on = models.DateField(db_default=InTwoYears())
    triangles = models.PositiveIntegerField(null=True, blank=True)
    # What the conversion found: see scans/conversion/notes.py and pose.py.
    unit = models.CharField(max_length=8, blank=True)
    up_axis = models.CharField(max_length=2, blank=True)
    notes = ArrayField(models.CharField(max_length=24), default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "scan_identifier"], name="pulled_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["discovered", "pulled", "stored", "ready"]),
                name="scan_state",
            ),
        ]
        indexes = [
            models.Index(fields=["practice", "-captured_at"]),
            models.Index(fields=["practice", "-discovered_at"]),
            # The order of the practice's list, and where its next page begins.
            models.Index(
                "practice",
                Coalesce("captured_at", "discovered_at").desc(),
                models.F("id").desc(),
                name="scan_list",
            ),
            models.Index(
                fields=["state", "next_attempt_at"],
                name="scan_due",
                condition=~models.Q(state="ready"),
            ),
            # What something is wrong with: few of many, and counted at every look at the list.
            models.Index(
                fields=["practice"], name="scan_in_trouble", condition=~models.Q(last_error="")
            ),
        ]


class Detail(Work):
    """That the practice wants a scan's 3D model in full detail, which few scans need."""

    class State(models.TextChoices):
        WANTED = "wanted", _("Being made")
        MADE = "made", _("Ready")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scan = models.OneToOneField(Scan, on_delete=models.CASCADE, related_name="detail")
    state = models.CharField(max_length=12, choices=State, default=State.WANTED)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["wanted", "made"]), name="detail_state"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="detail_due",
                condition=models.Q(state="wanted"),
            )
        ]


class Identity(PracticeOwned):
    """All we know of the person beside the scan identifier; both optional, both sealed (R18).

    The blind indexes answer "who of this practice is called so" without opening anything.
    """

    scan = models.OneToOneField(Scan, on_delete=models.CASCADE, related_name="identity")
    first_name = SealedTextField(null=True)
    email = SealedTextField(null=True)
    first_name_index = models.BinaryField(null=True)
    email_index = models.BinaryField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["practice", "first_name_index"]),
            models.Index(fields=["practice", "email_index"]),
        ]


class IdentityChange(PracticeOwned):
    """That staff corrected a name or an address, and what stood there before, sealed.

    It goes with the report: its key seals what is in it.
    """

    class Field(models.TextChoices):
        FIRST_NAME = "first_name", _("First name")
        EMAIL = "email", _("E-mail address")

    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, related_name="identity_changes")
    field = models.CharField(max_length=10, choices=Field)
    before = SealedTextField(null=True)  # None: nothing was given
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(field__in=["first_name", "email"]), name="identity_change_field"
            )
        ]
        indexes = [models.Index(fields=["practice", "scan", "-at"], name="identity_history")]


class Asset(PracticeOwned):
    """A file of a scan: raw as the device made it, or derived from it by conversion.

    The row is written before its object, so that no object can be without an owner. Whoever
    named a raw file may have named it after the patient: its name is a digest (see
    ``raw_name``), and what it was called is in ``label``. Derived files have names of ours.
    """

    class Origin(models.TextChoices):
        RAW = "raw", _("from the scanner")
        DERIVED = "derived", _("derived")

    class Kind(models.TextChoices):
        MESH = "mesh", _("3D geometry")
        MATERIAL = "material", _("Material")
        TEXTURE = "texture", _("Texture")
        OVERLAY = "overlay", _("Overlay")
        IMAGE = "image", _("Photograph")
        ZONES = "zones", _("Zones of the face")
        MODEL = "model", _("3D model")
        DETAIL = "detail", _("3D model in full detail")
        LAYER = "layer", _("Texture layer")
        STILL = "still", _("Still")
        PDF = "pdf", _("Document")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, related_name="assets")
    origin = models.CharField(max_length=8, choices=Origin)
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=120)
    label = SealedTextField(null=True)  # as the device named a raw file
    light = models.CharField(max_length=24, blank=True)
    metric = models.CharField(max_length=16, choices=Metric, blank=True)
    view = models.CharField(max_length=16, blank=True)
    media_type = models.CharField(max_length=60)
    bytes = models.PositiveBigIntegerField()
    sha256 = models.BinaryField(null=True)
    object_name = models.CharField(max_length=80, unique=True)
    stored_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scan", "origin", "name"], name="each_asset_once")
        ]

    # For whoever compares rows with objects: random names, which practice, and since when.
    swept = ("practice_id", "scan_id", "object_name", "stored_at")

    def called(self, key: UnlockedKey) -> str:
        """What the device called a raw file, or what we called a derived one."""
        return self.label.open(key) if self.label else self.name


class Tombstone(PracticeOwned):
    """That a scan was erased here and is not to be pulled again. Holds no identifier."""

    append_only = True

    digest = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "digest"], name="one_tombstone")]
