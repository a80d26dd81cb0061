"""Who administers the service, and what they come in with."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.utils.translation import gettext_lazy as _

from dermalia.clients import Browser, Device
from operators.models.statements import Statement
from practices.models.credentials import KeptPasskey


class Operator(AbstractBaseUser):
    """An administrator. Comes in by passkey only: the database refuses a usable password."""

    name = models.CharField(max_length=60, unique=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Names the operator to authenticators and as an object of the log.
    handle = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)

    objects = BaseUserManager["Operator"]()
    USERNAME_FIELD = "name"
    # Asked for by Django's admin; who may do what is decided in operators.access.
    is_staff = True

    class Meta:
        verbose_name = _("administrator")
        verbose_name_plural = _("administrators")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(password__startswith="!"),  # noqa: S106 (none can be)
                name="operator_has_no_password",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        if not self.password:
            self.set_unusable_password()
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came

    def has_perm(self, perm: str, _obj: object = None) -> bool:
        """Whether Django's admin may show something; it changes nothing by itself."""
        return self.is_active and ".view_" in perm

    def has_module_perms(self, _label: str) -> bool:
        return self.is_active


class OperatorPasskey(KeptPasskey):
    """A passkey of an operator's. Two are needed before anything else opens."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    operator = models.ForeignKey(Operator, on_delete=models.CASCADE, related_name="passkeys")


class OperatorLink(models.Model):
    """A link from the server's command line that lets one operator enrol. Only its digest is kept.

    It may wait for another operator to confirm it: see ``operators.domain.links``.
    """

    class Kind(models.TextChoices):
        ENROL = "enrol", _("first passkeys")
        RECOVER = "recover", _("all passkeys anew")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    operator = models.ForeignKey(Operator, on_delete=models.CASCADE, related_name="links")
    kind = models.CharField(max_length=7, choices=Kind)
    digest = models.BinaryField(unique=True)
    issued_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(
        Operator, on_delete=models.PROTECT, null=True, related_name="confirmed_links"
    )
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("enrolment link")
        verbose_name_plural = _("enrolment links")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confirmed_by=None, confirmed_at=None)
                | models.Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="operator_link_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_by=None)
                | ~models.Q(confirmed_by=models.F("operator")),
                name="operator_link_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(used_at=None)
                | models.Q(kind="enrol")
                | models.Q(kind="recover", confirmed_at__isnull=False),
                name="operator_recovers_with_a_colleague",
            ),
        ]


class OperatorSession(models.Model):
    """One operator in one browser, known by the digest of its cookie.

    Attributes:
        enrols_until: until when passkeys may be added in it.
        by_link: it was opened by a link: it serves to make passkeys and for nothing else.
        statement: what the operator came for; without it no page of the admin opens.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.BinaryField(unique=True)
    operator = models.ForeignKey(Operator, on_delete=models.CASCADE, related_name="sessions")
    by_link = models.BooleanField(default=False)
    enrols_until = models.DateTimeField(null=True)
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    network = models.CharField(max_length=43, blank=True)  # /24 or /48, never the address
    browser = models.CharField(max_length=8, choices=Browser)
    device = models.CharField(max_length=8, choices=Device)
