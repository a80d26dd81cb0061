from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scans", "0006_zones_and_detail")]

    operations = [
        migrations.AlterField(
            model_name="asset",
            name="kind",
            field=models.CharField(
                choices=[
                    ("mesh", "3D geometry"),
                    ("material", "Material"),
                    ("texture", "Texture"),
                    ("overlay", "Overlay"),
                    ("image", "Photograph"),
                    ("zones", "Zones of the face"),
                    ("model", "3D model"),
                    ("detail", "3D model in full detail"),
                    ("layer", "Texture layer"),
                    ("still", "Still"),
                    ("pdf", "Document"),
                ],
                max_length=10,
            ),
        )
    ]
