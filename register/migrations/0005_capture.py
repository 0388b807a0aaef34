"""Capture: progress, edits by operators, files in files, renditions, signatures, void entries."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

# Where a table is made anew its triggers go with the old one.
_guards = import_module("register.migrations.0002_guards")


class Migration(migrations.Migration):
    dependencies = [
        ("register", "0004_two_deliveries"),
    ]

    operations = [
        migrations.RunPython(_guards.drop, _guards.create),
        migrations.AddField(
            model_name="batch",
            name="begun_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="batch",
            name="begun_pages",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="batch",
            name="edits",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="claim",
            name="inside",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="members",
                to="register.claim",
            ),
        ),
        migrations.AddField(
            model_name="claim",
            name="member",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="claim",
            name="rendition",
            field=models.CharField(blank=True, default="", max_length=1024),
        ),
        migrations.AddField(
            model_name="claim",
            name="rendition_sha256",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="claim",
            name="signatures",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="document",
            name="candidates",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="document",
            name="lines",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="document",
            name="signatures",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="entry",
            name="department",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="entry",
            name="void_reason",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="entry",
            name="voided_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(_guards.create, _guards.drop),
    ]
