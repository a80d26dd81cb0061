from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def back_to_staff(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Nobody has vouched yet for what was released at once: staff look at each report again."""
    rows = apps.get_model("practices", "Practice").objects.using(schema_editor.connection.alias)
    rows.filter(release="at_once").update(release="staff")


class Migration(migrations.Migration):
    dependencies = [
        ("practices", "0005_desk"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="practice",
            name="release_at_once_needs_a_purpose",
        ),
        migrations.AddField(
            model_name="practice",
            name="silent_hours",
            field=models.PositiveSmallIntegerField(default=3),
        ),
        migrations.AddField(
            model_name="practice",
            name="standing_basis",
            field=models.CharField(
                blank=True,
                choices=[
                    ("treatment", "Treatment: Art. 9(2)(h) GDPR with section 22(1) no. 1(b) BDSG"),
                    ("consent", "Explicit written consent: Art. 9(2)(a) GDPR"),
                ],
                max_length=9,
            ),
        ),
        migrations.AddField(
            model_name="practice",
            name="standing_basis_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="practice",
            name="standing_basis_version",
            field=models.CharField(blank=True, max_length=24),
        ),
        migrations.AddField(
            model_name="user",
            name="pledge",
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name="user",
            name="pledged_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunPython(back_to_staff, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="practice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("release", "at_once"), _negated=True),
                    models.Q(
                        models.Q(("default_purpose", ""), _negated=True),
                        models.Q(("standing_basis", ""), _negated=True),
                        ("standing_basis_on__isnull", False),
                        models.Q(("standing_basis_version", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="release_at_once_is_vouched_for",
            ),
        ),
        migrations.AddConstraint(
            model_name="practice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("default_purpose", "aesthetic"), ("standing_basis", "treatment"), _negated=True
                ),
                name="standing_aesthetic_rests_on_consent",
            ),
        ),
        migrations.AddConstraint(
            model_name="practice",
            constraint=models.CheckConstraint(
                condition=models.Q(("silent_hours__gte", 1), ("silent_hours__lte", 72)),
                name="silent_hours_make_sense",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("pledge", ""), ("pledged_at", None)),
                    models.Q(
                        models.Q(("pledge", ""), _negated=True), ("pledged_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="pledge_with_its_time",
            ),
        ),
    ]
