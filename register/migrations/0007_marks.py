"""Marks: when something that many machines could do was last begun."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("register", "0006_learning"),
    ]

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
