"""From where each decision of the office was made.

A column is added as it is: Django would make SQLite's table anew, and that without its triggers.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("register", "0012_contents"),
    ]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE register_decision ADD COLUMN source text DEFAULT '' NOT NULL",
            "ALTER TABLE register_decision DROP COLUMN source",
            state_operations=[
                migrations.AddField(
                    model_name="decision", name="source", field=models.TextField(blank=True, default="")
                ),
            ],
        ),
    ]
