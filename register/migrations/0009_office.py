"""The office's decisions, rights, parties, clocks, notices, tokens and stamps."""

import django.db.models.deletion
from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

_SQLITE = (
    """CREATE TRIGGER decision_no_update BEFORE UPDATE ON register_decision
        BEGIN SELECT RAISE(ABORT, 'history is append-only: a decision cannot be changed'); END""",
    """CREATE TRIGGER decision_no_delete BEFORE DELETE ON register_decision
        BEGIN SELECT RAISE(ABORT, 'history is append-only: a decision cannot be removed'); END""",
)
_POSTGRESQL = tuple(
    f"""CREATE TRIGGER decision_no_{what.lower()} BEFORE {what} ON register_decision
        FOR EACH {each} EXECUTE FUNCTION register_event_refuse()"""
    for what, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT"))
)


def guard(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Let decisions be added to only, as events are."""
    for sql in _POSTGRESQL if editor.connection.vendor == "postgresql" else _SQLITE:
        editor.execute(sql)


def follow_from_now(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Of what happened before, nothing follows."""
    counters = apps.get_model("register", "Counter").objects.filter(year=0)
    apps.get_model("register", "Mark").objects.bulk_create(
        apps.get_model("register", "Mark")(
            name=f"followed {one.register}", at=timezone.now(), told={"sequence": one.last}
        )
        for one in counters
    )


class Migration(migrations.Migration):
    dependencies = [
        ("register", "0008_entries"),
    ]

    operations = [
        migrations.CreateModel(
            name="Answer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("user", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=255)),
                ("request", models.CharField(max_length=64)),
                ("status", models.PositiveIntegerField(null=True)),
                ("body", models.TextField(blank=True)),
                ("at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Clock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=64)),
                ("legal", models.BooleanField(default=False)),
                ("allowed", models.FloatField()),
                ("begun_at", models.DateTimeField()),
                ("resumed_at", models.DateTimeField(null=True)),
                ("used", models.FloatField(default=0.0)),
                ("due_at", models.DateTimeField(db_index=True, null=True)),
                ("next_at", models.DateTimeField(db_index=True, null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("outcome", models.CharField(blank=True, default="", max_length=16)),
            ],
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sequence", models.PositiveBigIntegerField(unique=True)),
                ("kind", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=64)),
                ("body", models.TextField(blank=True)),
                ("actor", models.CharField(max_length=255)),
                ("at", models.DateTimeField()),
                ("reason", models.TextField(blank=True)),
                ("previous", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Firing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("what", models.CharField(max_length=32)),
                ("due_at", models.DateTimeField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=255, unique=True)),
                ("to", models.CharField(db_index=True, max_length=255)),
                ("way", models.CharField(max_length=16)),
                ("kind", models.CharField(max_length=32)),
                ("language", models.CharField(blank=True, default="", max_length=8)),
                ("told", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(db_index=True, null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("error", models.TextField(blank=True, default="")),
            ],
        ),
        migrations.CreateModel(
            name="PartyKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=32)),
                ("value", models.CharField(max_length=255)),
            ],
        ),
        migrations.CreateModel(
            name="Stamp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("authority", models.CharField(max_length=255)),
                ("token", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Token",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=64)),
                ("user", models.CharField(db_index=True, max_length=64)),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("scopes", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="outbox",
            name="record_is_of_one_thing",
        ),
        migrations.AddField(
            model_name="entry",
            name="custom",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="mark",
            name="told",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="party",
            name="about",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="party",
            name="key",
            field=models.CharField(max_length=36, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="party",
            name="kind",
            field=models.CharField(blank=True, default="", max_length=16),
        ),
        migrations.AddField(
            model_name="party",
            name="merged_into",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="register.party",
            ),
        ),
        migrations.AlterField(
            model_name="party",
            name="folded",
            field=models.CharField(db_index=True, max_length=512),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.UniqueConstraint(fields=("user", "key"), name="answer_once"),
        ),
        migrations.AddField(
            model_name="clock",
            name="entry",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="clocks", to="register.entry"
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["kind", "name", "sequence"], name="decision_of"),
        ),
        migrations.AddField(
            model_name="outbox",
            name="decision",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="outbox",
                to="register.decision",
            ),
        ),
        migrations.AddConstraint(
            model_name="outbox",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("batch", None),
                        ("decision", None),
                        ("entry__isnull", False),
                        ("event__isnull", False),
                    ),
                    models.Q(("batch__isnull", False), ("decision", None), ("entry", None), ("event", None)),
                    models.Q(("batch", None), ("decision__isnull", False), ("entry", None), ("event", None)),
                    _connector="OR",
                ),
                name="record_is_of_one_thing",
            ),
        ),
        migrations.AddField(
            model_name="firing",
            name="clock",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="firings", to="register.clock"
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="entry",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="register.entry",
            ),
        ),
        migrations.AddField(
            model_name="partykey",
            name="party",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="keys", to="register.party"
            ),
        ),
        migrations.AddField(
            model_name="stamp",
            name="event",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="stamp", to="register.event"
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.UniqueConstraint(fields=("entry", "name"), name="clock_once"),
        ),
        migrations.AddConstraint(
            model_name="firing",
            constraint=models.UniqueConstraint(fields=("clock", "what"), name="firing_once"),
        ),
        migrations.AddConstraint(
            model_name="partykey",
            constraint=models.UniqueConstraint(fields=("kind", "value"), name="party_key_once"),
        ),
        migrations.RunPython(guard, migrations.RunPython.noop),
        migrations.RunPython(follow_from_now, migrations.RunPython.noop),
    ]
