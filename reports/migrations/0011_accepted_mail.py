from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0010_case_evidence"),
    ]

    operations = [
        migrations.AlterField(
            model_name="staffmail",
            name="kind",
            field=models.CharField(
                choices=[
                    ("invitation", "invitation"),
                    ("attention", "attention"),
                    ("bounce", "bounce"),
                    ("agreement", "agreement"),
                    ("accepted", "accepted"),
                    ("subprocessor", "subprocessor"),
                ],
                max_length=12,
            ),
        ),
    ]
