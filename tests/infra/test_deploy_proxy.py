"""The proxy in front of the desk: what its configuration says, and what is said elsewhere of the same."""

import re
from typing import Any

import pytest

from infra.settings import DeskSettings
from tests.infra.deploy_files import DEPLOY, document

PROXY = DEPLOY / "proxy"
DESK = (PROXY / "desk.conf").read_text("utf-8")


def directives(text: str) -> dict[str, str]:
    """Each directive with the last value that it is given; of headers each by its name."""
    lines = re.findall(r"(?m)^\s*([a-z_]+) ([^;{]+);", re.sub(r"(?m)(^|\s)#.*$", "", text))
    return {
        f"{name} {value.split()[0]}" if name in ("proxy_set_header", "add_header") else name: value.strip()
        for name, value in lines
    }


def test_it_speaks_tls_and_says_so() -> None:
    said = directives(DESK)
    assert said["ssl_protocols"] == "TLSv1.2 TLSv1.3"
    assert all("ECDHE" in one for one in said["ssl_ciphers"].split(":"))
    lasts = re.fullmatch(
        r'Strict-Transport-Security "max-age=(\d+)" always', said["add_header Strict-Transport-Security"]
    )
    assert lasts
    assert int(lasts[1]) >= 365 * 24 * 3600
    assert all("ssl" in line for line in re.findall(r"(?m)^\s*listen ([^;]+);", DESK))


def test_it_says_who_asks_and_nothing_of_what_they_say() -> None:
    said = directives(DESK)
    assert said["proxy_set_header X-Forwarded-For"] == "X-Forwarded-For $remote_addr"
    assert said["proxy_set_header X-Forwarded-Proto"] == "X-Forwarded-Proto https"
    assert "$request " not in DESK  # number and code of a receipt
    assert "$args" not in DESK


def settings(name: str) -> dict[str, Any]:
    environment = document(DEPLOY / "compose.yaml")["services"]["desk"]["environment"]
    example = (DEPLOY / "systemd" / "desk.env.example").read_text("utf-8")
    found: dict[str, Any] = dict(re.findall(r"(?m)^(\w+)=(.*)$", example))
    return dict(environment) if name == "compose" else found


@pytest.mark.parametrize("name", ["compose", "systemd"])
def test_it_takes_what_the_desk_takes(name: str) -> None:
    """A form has 64 KB beside its file: what the proxy lets through above that gets the desk's own answer."""
    most = int(settings(name)["POSTROOM_DESK__UPLOAD_MB"])
    assert most == DeskSettings().upload_mb
    assert directives(DESK)["client_max_body_size"] == f"{most + 1}m"


def test_the_desk_believes_it_and_nobody_else() -> None:
    whole = document(DEPLOY / "compose.yaml")
    ((subnet),) = whole["networks"]["front"]["ipam"]["config"]
    assert settings("compose")["POSTROOM_DESK__PROXIES"] == f'["{subnet["subnet"]}"]'
    there = {name for name, one in whole["services"].items() if "front" in one["networks"]}
    assert there == {"desk", "proxy"}
    assert settings("systemd")["POSTROOM_DESK__PROXIES"] == "'[\"127.0.0.1\"]'"


def test_the_desk_leaves_to_workers_what_it_has_no_rights_for() -> None:
    for name in ("compose", "systemd"):
        assert settings(name)["POSTROOM_LEAVES_TO_WORKERS"] == "true"
    assert settings("compose")["POSTROOM_INDEX__USER"] == "postroom-reader"
    assert "PREFECT" not in str(settings("compose"))
    unit = (DEPLOY / "systemd" / "postroom-desk.service").read_text("utf-8")
    assert "UnsetEnvironment=POSTROOM_PREFECT_API_URL POSTROOM_PREFECT_AUTH" in unit


def test_the_container_has_what_it_names() -> None:
    proxy = document(DEPLOY / "compose.yaml")["services"]["proxy"]
    mounted = {volume.split(":")[1]: volume.split(":")[0] for volume in proxy["volumes"]}
    whole = (PROXY / "nginx.conf").read_text("utf-8")
    assert mounted[directives(whole)["include"]] == "./proxy/desk.conf"
    secrets = {f"/run/secrets/{name}" for name in proxy["secrets"]}
    assert {directives(DESK)["ssl_certificate"], directives(DESK)["ssl_certificate_key"]} == secrets
    assert "server desk:8470;" in DESK
    written = [value for name, value in directives(whole).items() if name.endswith("_temp_path")]
    assert len(written) == 5
    assert all(one.startswith("/tmp/") for one in [*written, directives(whole)["pid"]])
    assert proxy["read_only"] is True
    assert proxy["cap_drop"] == ["ALL"]
