"""What answers at which address."""

from django.urls import URLPattern, URLResolver, path

from desk.api import api
from desk.check import check, download

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("check", check),
    path("check/receipt", download),
]
