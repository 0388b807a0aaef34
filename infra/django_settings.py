"""Django's settings that never differ between installations; the database is added by ``infra.database``."""

from typing import Any

INSTALLED_APPS = ["register"]
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES: dict[str, dict[str, Any]] = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
}
SECRET_KEY = "only-for-checks-no-sessions-yet"  # noqa: S105 - nothing signs with it
