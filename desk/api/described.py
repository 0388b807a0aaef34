"""The API's description (OpenAPI), with the media types that are sent."""

from collections.abc import Iterator
from typing import Any

from ninja import NinjaAPI

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
                if path.endswith("/pdf") and int(status) == 200:
                    answer["content"] = {
                        "application/pdf": {"schema": {"type": "string", "format": "binary"}}
                    }
        return schema


def _answers(schema: Any) -> Iterator[tuple[str, dict[Any, Any]]]:
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            yield path, operation["responses"]
