"""The API's description (OpenAPI), with the media types that are sent."""

from collections.abc import Iterator
from typing import Any

from ninja import NinjaAPI

_FILES = {
    "/entries/{number}/pdf": "application/pdf",
    "/entries/{number}/original": "application/octet-stream",
    "/entries/{number}/receipts": "application/pdf",
    "/entries/{number}/receipt": "application/pdf",
    "/labels/sheet": "application/pdf",
    "/labels/zpl": "application/zpl",
}
_BASE = "/api/v1"
_JSON, _PROBLEM = "application/json", "application/problem+json"


class Described(NinjaAPI):
    """Tells of errors as the problem details that they are, and of files as files."""

    def get_openapi_schema(self, **asked: Any) -> Any:
        """As the library makes it, with the media types put right."""
        schema = super().get_openapi_schema(**asked)
        for path, answers in _answers(schema):
            for status, answer in answers.items():
                content = answer.get("content")
                if content and int(status) >= 400:
                    answer["content"] = {_PROBLEM: content[_JSON]}
                if int(status) < 300 and (media := _FILES.get(path.removeprefix(_BASE))):
                    answer["content"] = {media: {"schema": {"type": "string", "format": "binary"}}}
        return schema


def _answers(schema: Any) -> Iterator[tuple[str, dict[Any, Any]]]:
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            yield path, operation["responses"]
