"""Leave to look at one report, for a while."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dermalia.tenancy.models import PracticeOwned
from operators.models.people import Operator
from operators.models.statements import Statement


class Grant(PracticeOwned):
    """That an operator may read one report until ``expires_at``; the practice was told.

    It outlives the report, as evidence, and says nothing of the person.
    """

    objects: ClassVar[models.Manager["Grant"]]
    append_only = True
    admin_sees = ("id", "practice_id", "operator_id", "report_id", "granted_at", "expires_at")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    operator = models.ForeignKey(Operator, on_delete=models.PROTECT, related_name="+")
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="+")
    report_id = models.UUIDField()
    scan_id = models.UUIDField()
    granted_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("opened report")
        verbose_name_plural = _("opened reports")
        indexes = [models.Index(fields=["practice", "-granted_at"], name="grant_newest")]
