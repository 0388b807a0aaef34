"""The real Prefect server: the locked versions fit together, and it keeps to itself."""

import http.client
import json
from pathlib import Path

import psutil
import pytest

from infra.services import prefect_server, process


def get(port: int, path: str) -> object:
    connection = http.client.HTTPConnection(process.HOST, port, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == http.client.OK
        return json.loads(response.read())
    finally:
        connection.close()


def test_boots_answers_and_is_gone_after_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", "nonsense://of.another/prefect")
    home = tmp_path / "prefect"
    with prefect_server.start(home) as running:
        assert prefect_server.api_url(running) == f"http://127.0.0.1:{running.port}/api"
        assert get(running.port, prefect_server.HEALTH) is True
        settings = get(running.port, "/api/admin/settings")
        assert isinstance(settings, dict)
        assert settings["server"]["analytics_enabled"] is False
        assert settings["home"] == str(home)
        listening = {
            connection.laddr.ip
            for connection in psutil.Process(running.pid).net_connections()
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {process.HOST}
        assert psutil.Process(running.pid).children(recursive=True) == []
    assert not psutil.pid_exists(running.pid)
    assert not process.answers(running.port)
    assert (home / "prefect.db").is_file()
    assert (home / "ui").is_dir()


def test_a_client_gets_the_api_and_the_same_quiet() -> None:
    home = Path("/somewhere")
    quiet = prefect_server.environment(home)
    assert "PREFECT_API_URL" not in quiet
    assert prefect_server.environment(home, "http://127.0.0.1:4200/api") == quiet | {
        "PREFECT_API_URL": "http://127.0.0.1:4200/api"
    }
