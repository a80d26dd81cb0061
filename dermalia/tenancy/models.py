"""Base classes of everything a practice owns."""

from typing import ClassVar, Self

from django.db import models

from dermalia.tenancy.scope import practice_to_filter_by


class ScopedManager(models.Manager[models.Model]):
    """Reads and writes inside a practice's scope; raises ``NoPracticeScope`` outside."""

    def get_queryset(self) -> models.QuerySet[models.Model]:
        return super().get_queryset().filter(practice_id=practice_to_filter_by())


class ScopedRow(models.Model):
    """A row that carries ``practice_id`` and is guarded by row-level security.

    The subclass declares the column itself: ``PracticeOwned`` as a foreign key, tables that
    may outlive their practice as a plain integer.
    """

    class Meta:
        abstract = True

    # Rows that are written once: the application's role may neither change nor delete them.
    append_only: ClassVar[bool] = False
    # Columns that maintenance may read across practices; never anything about a person.
    swept: ClassVar[tuple[str, ...]] = ()
    # Columns that Dermalia's own administrators may read across practices.
    admin_sees: ClassVar[tuple[str, ...]] = ()

    # Typed per subclass by the django-stubs plugin through ``objects: ClassVar``.
    objects: ClassVar[models.Manager[Self]] = ScopedManager()  # type: ignore[assignment]
    # For maintenance by roles with policies of their own, never for the application's role.
    across_practices: ClassVar[models.Manager[Self]] = models.Manager()


class PracticeOwned(ScopedRow):
    """A row that belongs to exactly one practice and cannot point into another's."""

    practice = models.ForeignKey("practices.Practice", on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True
