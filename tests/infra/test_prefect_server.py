"""The real Prefect server: the locked versions fit together, and it keeps to itself."""

import http.client
import json
import stat
from pathlib import Path

import psutil
import psycopg
import pytest

from infra.services import prefect_server, process
from infra.services.postgresql import PostgreSQL
from infra.services.prefect_server import PrefectServer
from tests.servers import fresh_database


def get(server: PrefectServer, path: str, headers: dict[str, str]) -> tuple[int, object]:
    return ask(server, "GET", path, headers)


def post(server: PrefectServer, path: str, content: object) -> tuple[int, object]:
    headers = {"Content-Type": "application/json", **server.headers}
    return ask(server, "POST", path, headers, json.dumps(content))


def ask(
    server: PrefectServer, method: str, path: str, headers: dict[str, str], body: str | None = None
) -> tuple[int, object]:
    connection = http.client.HTTPConnection(process.HOST, server.port, timeout=30)
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_boots_answers_and_is_gone_after_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", "nonsense://of.another/prefect")
    home = tmp_path / "prefect"
    with prefect_server.start(home) as server:
        assert prefect_server.api_url(server) == f"http://127.0.0.1:{server.port}/api"
        assert get(server, prefect_server.HEALTH, {}) == (http.client.OK, True)
        status, settings = get(server, "/api/admin/settings", server.headers)
        assert status == http.client.OK
        assert isinstance(settings, dict)
        assert settings["server"]["analytics_enabled"] is False
        assert settings["home"] == str(home)
        family = psutil.Process(server.pid)
        listening = {
            connection.laddr.ip
            for connection in family.net_connections()
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {process.HOST}
        assert family.children(recursive=True) == []
        assert get(server, "/api/admin/settings", {})[0] == http.client.UNAUTHORIZED
        assert server.auth not in " ".join(family.cmdline())
    assert not psutil.pid_exists(server.pid)
    assert not process.answers(server.port)
    assert (home / "prefect.db").is_file()
    assert (home / "ui").is_dir()
    assert stat.S_IMODE((home / "auth").stat().st_mode) == 0o600
    assert server.auth not in server.running.log.read_text()


def test_runs_on_postgresql_and_keeps_its_password(postgresql: PostgreSQL, tmp_path: Path) -> None:
    database = fresh_database(postgresql)
    pool = {"name": "letters", "type": "process"}
    with prefect_server.start(tmp_path, database_url=database) as server:
        assert post(server, "/api/work_pools/", pool)[0] == http.client.CREATED
        server.kill()
        again = server.restart()
        with again:
            assert (again.port, again.auth) == (server.port, server.auth)
            status, found = get(again, "/api/admin/version", again.headers)
            assert (status, found) == (http.client.OK, prefect_server.version())
            status, found = get(again, "/api/work_pools/letters", again.headers)
            assert status == http.client.OK
            assert isinstance(found, dict)
            assert {name: found[name] for name in pool} == pool
    assert not (tmp_path / "prefect.db").exists()
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regclass('flow_run')::text").fetchone() == ("flow_run",)


def test_a_client_gets_the_api_and_the_same_quiet() -> None:
    home = Path("/somewhere")
    quiet = prefect_server.environment(home)
    assert quiet.keys() & {"PREFECT_API_URL", "PREFECT_API_AUTH_STRING"} == set()
    assert prefect_server.environment(home, "http://127.0.0.1:4200/api", "me:secret") == quiet | {
        "PREFECT_API_URL": "http://127.0.0.1:4200/api",
        "PREFECT_API_AUTH_STRING": "me:secret",
    }
