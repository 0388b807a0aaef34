"""What a clock's terms are, and when it ran: it can be measured anew when the calendar changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("register", "0009_office"),
    ]

    operations = [
        migrations.AddField(model_name="clock", name="terms", field=models.JSONField(default=dict)),
        migrations.AddField(model_name="clock", name="given", field=models.BooleanField(default=False)),
        migrations.AddField(model_name="clock", name="ran", field=models.JSONField(default=list)),
    ]
