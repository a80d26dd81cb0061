"""The index behind "needs attention" leaves out mails that nobody will tell anything more of."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

UNSETTLED = models.Q(
    ("handled_at", None),
    models.Q(
        (
            "state__in",
            ["queued", "sending", "unknown", "delayed", "failed", "bounced", "complained"],
        ),
        ("quarantined_at__isnull", False),
        models.Q(("carrier", "resend"), ("state", "sent")),
        _connector="OR",
    ),
)


def _index(name: str) -> models.Index:
    return models.Index(condition=UNSETTLED, fields=["practice", "created_at"], name=name)


class Migration(migrations.Migration):
    atomic = False  # nothing is locked while an index is built

    dependencies = [("reports", "0012_staff_mail_kinds")]

    operations = [
        AddIndexConcurrently("delivery", _index("delivery_unsettled")),
        AddIndexConcurrently("staffmail", _index("staff_mail_unsettled")),
        RemoveIndexConcurrently("delivery", "delivery_not_arrived"),
        RemoveIndexConcurrently("staffmail", "staff_mail_not_arrived"),
    ]
