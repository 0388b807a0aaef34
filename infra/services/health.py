"""Asking a loopback server over HTTP or TLS, with or without a password, whether it is ready."""

import base64
import http.client
import ssl
from pathlib import Path

from infra.services.process import HOST, Health


def over_http(path: str, authority: Path | None = None, user: str = "", password: str = "") -> Health:
    """A check that ``path`` answers 200.

    Args:
        path: to ask for, with its query.
        authority: who signed the server's certificate, as a PEM file; None: plain HTTP.
        user: for basic authentication; "" for none.
        password: of that user.
    """
    context = ssl.create_default_context(cafile=str(authority)) if authority else None
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {token}"} if user else {}

    def answers(port: int) -> bool:
        if context:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                HOST, port, timeout=5, context=context
            )
        else:
            connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return answers
