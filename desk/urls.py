"""What answers at which address."""

from django.urls import URLPattern, URLResolver, path

from desk.api import api
from desk.check import check, download, heads, proof

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("check", check),
    path("check/receipt", download),
    path("check/proof", proof),
    path("check/heads", heads),
    path("check/heads/<str:day>.json", heads),
]
