"""What answers at which address."""

from django.urls import URLPattern, URLResolver, path

from desk.api import api

urlpatterns: list[URLPattern | URLResolver] = [path("api/v1/", api.urls)]
