"""Entries that people make: what they say of them, their state, who holds them, what they are to others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("register", "0007_marks"),
    ]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="channel",
            field=models.CharField(default="post", max_length=16),
        ),
        migrations.AddField(
            model_name="entry",
            name="confidentiality",
            field=models.CharField(default="internal", max_length=16),
        ),
        migrations.AddField(
            model_name="entry",
            name="dated",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="entry",
            name="label",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="entry",
            name="language",
            field=models.CharField(blank=True, default="", max_length=8),
        ),
        migrations.AddField(
            model_name="entry",
            name="location",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="entry",
            name="person",
            field=models.CharField(blank=True, db_index=True, default="", max_length=255),
        ),
        migrations.AddField(
            model_name="entry",
            name="priority",
            field=models.CharField(default="normal", max_length=16),
        ),
        migrations.AddField(
            model_name="entry",
            name="relations",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="entry",
            name="status",
            field=models.CharField(db_index=True, default="registered", max_length=64),
        ),
        migrations.AddField(
            model_name="entry",
            name="tags",
            field=models.JSONField(default=list),
        ),
        migrations.AlterField(
            model_name="entry",
            name="department",
            field=models.CharField(blank=True, db_index=True, default="", max_length=64),
        ),
    ]
