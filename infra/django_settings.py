"""Django's settings that never differ between installations; the database is added by ``infra.database``."""

from typing import Any

INSTALLED_APPS = ["register"]
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES: dict[str, dict[str, Any]] = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
}
ROOT_URLCONF = "desk.urls"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "desk.answers.api_answers",
]
ALLOWED_HOSTS = ["*"]  # nothing that is sent depends on the name by which we were asked
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
SECRET_KEY = "only-for-checks-no-sessions-yet"  # noqa: S105 - nothing signs with it
