"""What is known of a connection besides how to open it."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from dermalia.tenancy.models import PracticeOwned
from scans.models import Connection


class Check(PracticeOwned):
    """How the last test of a connection went."""

    objects: ClassVar[models.Manager["Check"]]

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="check_up")
    passed = models.BooleanField()
    failed_step = models.CharField(max_length=12, blank=True)
    checked_at = models.DateTimeField(db_default=Now())


class Pause(PracticeOwned):
    """That nothing is taken in from a connection until somebody says so."""

    objects: ClassVar[models.Manager["Pause"]]

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="pause")
    since = models.DateTimeField(db_default=Now())
