"""The register as a Django app."""

from django.apps import AppConfig


class RegisterConfig(AppConfig):
    """Tables live under the label ``register``."""

    name = "register"
    default_auto_field = "django.db.models.BigAutoField"
