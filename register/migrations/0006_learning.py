"""Learning from people: why a document waits, blind reviews, how a word came about, the models' seal."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("register", "0005_capture"),
    ]

    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("trusted", models.JSONField(default=list)),
            ],
        ),
        migrations.AddField(
            model_name="correction",
            name="kind",
            field=models.CharField(
                choices=[
                    ("review", "Review"),
                    ("reclassified", "Reclassified"),
                    ("blind", "Blind"),
                    ("sheet", "Sheet"),
                    ("carried", "Carried"),
                ],
                default="review",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="reason",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="document",
            name="blind",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="document",
            name="forgotten",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="document",
            name="why",
            field=models.TextField(blank=True, default=""),
        ),
    ]
