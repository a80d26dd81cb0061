from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The index is built while links are written; that is no part of a transaction.
    atomic = False

    dependencies = [
        ("reports", "0014_mails_on_changes"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="link",
            index=models.Index(fields=["report_id"], name="link_of_report"),
        ),
    ]
