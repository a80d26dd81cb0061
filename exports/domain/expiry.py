"""The end of an export: its plan is dropped. There is nothing else of it to delete."""

from django.db.models.functions import Now

from audit.chain import SYSTEM, Who, record
from audit.words import Action
from dermalia.tenancy import practice_scope
from exports.models import Export


def end_export(*, export: Export, who: Who) -> None:
    """Drop the plan; a download that is under way breaks off. In the practice's scope."""
    deleted, _ = Export.objects.filter(pk=export.pk).delete()
    if deleted:
        record(Action.EXPORT_ENDED, who=who, object_id=export.pk)


def end_expired_exports(*, practice_id: int) -> int:
    """Drop what was ready for long enough, by the database's clock. Returns how many."""
    with practice_scope(practice_id):
        expired = list(Export.objects.filter(expires_at__lte=Now()))
        for export in expired:
            end_export(export=export, who=SYSTEM)
    return len(expired)
