"""``compose.yaml`` against the Compose specification's schema, and its names against each other."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.infra.deploy_files import DEPLOY, document

COMPOSE = document(DEPLOY / "compose.yaml")
SCALED = document(DEPLOY / "compose.scaled.yaml")
OURS = ("setup", "station", "worker", "indexer", "desk")


def services() -> dict[str, Any]:
    return dict(COMPOSE["services"])


def sources(listed: list[Any]) -> set[str]:
    return {one if isinstance(one, str) else one["source"] for one in listed}


def follows(whole: Any, path: Path) -> bool:
    """Whether it is by the specification; its schema is in the package: no network."""
    path.write_text(json.dumps(whole))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True).returncode == 0


def test_it_follows_the_specification(tmp_path: Path) -> None:
    assert follows(COMPOSE, tmp_path / "compose.json")
    assert follows(SCALED, tmp_path / "scaled.json")
    assert not follows({"services": {"worker": {"imagine": "postroom"}}}, tmp_path / "wrong.json")


def test_every_secret_is_declared_and_made(tmp_path: Path) -> None:
    used = {name for one in services().values() for name in sources(one.get("secrets", []))}
    assert used == set(COMPOSE["secrets"])
    folder = tmp_path / "secrets"
    for _ in range(2):
        subprocess.run([DEPLOY / "compose" / "secrets.sh", folder], check=True)
        made = {path.name: path.read_text() for path in folder.iterdir()}
        assert {f"secrets/{name}" for name in made} == {one["file"] for one in COMPOSE["secrets"].values()}
        assert all(made.values())
        first = locals().setdefault("first", made)
        assert made == first  # a second run makes nothing new
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len({value for name, value in made.items() if name.startswith("database_")}) == 12
    assert made["database_worker"] in made["database_worker_url"]


def test_secrets_are_there_where_they_are_read() -> None:
    for name, one in (*services().items(), *SCALED["services"].items()):
        whole = {**services().get(name, {}), **one}
        given = {
            one if isinstance(one, str) else one.get("target", one["source"])
            for one in whole.get("secrets", [])
        }
        text = str({key: value for key, value in whole.items() if key != "secrets"})
        read = set(re.findall(r"/run/secrets/(\w+)", text))
        scripts = [each.split(":")[0] for each in whole.get("volumes", []) if "/compose/" in str(each)]
        for script in scripts:
            said = (DEPLOY / script).read_text()
            read |= set(re.findall(r"/run/secrets/(\w+)\b(?!_\$)", said)) - {"database_", "s3_", "search_"}
        assert read - given == set(), name


def test_names_lead_somewhere() -> None:
    for name, one in services().items():
        assert set(one["networks"]) <= set(COMPOSE["networks"]), name
        for volume in one.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).exists(), volume
            elif not source.startswith(("/", "$")):
                assert source in COMPOSE["volumes"], volume


def test_what_is_waited_for_can_come() -> None:
    for name, one in services().items():
        for other, how in one.get("depends_on", {}).items():
            awaited = services()[other]
            if how["condition"] == "service_healthy":
                assert "healthcheck" in awaited, (name, other)
            if how["condition"] == "service_completed_successfully":
                assert awaited["restart"] == "no", (name, other)


def test_everything_is_watched_and_bounded() -> None:
    for name, one in services().items():
        limits = one["deploy"]["resources"]["limits"]
        assert {"cpus", "memory"} <= set(limits), name
        assert ("healthcheck" in one) == (one["restart"] != "no"), name


def test_nothing_listens_beyond_this_machine() -> None:
    published = {port for one in services().values() for port in one.get("ports", [])}
    assert published == {"127.0.0.1:4200:4200", "127.0.0.1:8443:443"}
    assert COMPOSE["networks"]["inside"]["internal"] is True


@pytest.mark.parametrize("name", OURS)
def test_ours_can_do_little(name: str) -> None:
    one = services()[name]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["build"]["dockerfile"] == "infra/deploy/Dockerfile"
    role = "owner" if name == "setup" else name
    assert one["environment"]["POSTROOM_DATABASE__URL_FILE"] == f"/run/secrets/database_{role}_url"


def test_images_are_pinned() -> None:
    images = {
        one["image"] for which in (COMPOSE, SCALED) for one in which["services"].values() if "image" in one
    }
    assert {image for image in images if ":" not in image or image.endswith(":latest")} == set()
    elastic = next(image for image in images if "elasticsearch" in image)
    assert elastic.startswith("docker.elastic.co/elasticsearch/elasticsearch:8.19.")


def test_the_versions_are_those_that_the_tests_run_on() -> None:
    from importlib.metadata import version

    assert services()["prefect"]["image"].startswith(f"prefecthq/prefect:{version('prefect')}-")
    assert services()["worker"]["image"] == f"postroom:{version('postroom')}"
