"""What a clock was given beyond its terms; what it brings about is so once for each time that it was given."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("register", "0013_sources"),
    ]

    operations = [
        migrations.AddField(model_name="clock", name="more", field=models.FloatField(default=0.0)),
        migrations.AddField(
            model_name="clock", name="extended", field=models.PositiveIntegerField(default=0)
        ),
        migrations.AddField(model_name="clock", name="extended_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="firing", name="extended", field=models.PositiveIntegerField(default=0)
        ),
        migrations.RemoveConstraint(model_name="firing", name="firing_once"),
        migrations.AddConstraint(
            model_name="firing",
            constraint=models.UniqueConstraint(
                fields=["clock", "what", "extended"], name="firing_once_each_time"
            ),
        ),
    ]
