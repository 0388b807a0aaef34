"""The manifests: built by kustomize, checked against Kubernetes' schemas and against each other."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.mail import _PORTS
from infra.services import tools
from infra.services.server import program
from tests.infra.deploy_files import DEPLOY, documents

VERSIONS = ("1.32", "1.36")  # the oldest and the newest that we say it runs on
OVERLAY = DEPLOY / "kubernetes" / "overlays" / "production"
SECRETS = documents(OVERLAY / "secrets.example.yaml")
WORKLOADS = ("Deployment", "StatefulSet", "Job")


@cache
def built(place: Path) -> list[dict[str, Any]]:
    tools.install("kustomize")
    command = [str(program("kustomize")), "build", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(done.stdout))


def production(*kinds: str) -> dict[str, Any]:
    return {one["metadata"]["name"]: one for one in built(OVERLAY) if one["kind"] in kinds}


def pods() -> dict[str, Any]:
    return {name: one["spec"]["template"] for name, one in production(*WORKLOADS).items()}


def containers() -> dict[str, Any]:
    found = {name: pod["spec"]["containers"] for name, pod in pods().items()}
    return {name: only for name, (only,) in found.items()}


def said_of(objects: list[dict[str, Any]], version: str, folder: Path) -> str:
    """What is wrong with them by this version's schemas, which are in the package: no network."""
    paths = [folder / f"{number}.json" for number in range(len(objects))]
    for path, one in zip(paths, objects, strict=True):
        path.write_text(json.dumps(one))
    command = [
        sys.executable,
        "-m",
        "kubernetes_validate",
        "--strict",
        "-k",
        version,
        "--quiet",
        *map(str, paths),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    said: str = done.stdout + done.stderr
    assert (done.returncode == 0) == (said == "")
    return said


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("place", [DEPLOY / "kubernetes" / "base", OVERLAY], ids=lambda path: path.name)
def test_kubernetes_takes_them(place: Path, version: str, tmp_path: Path) -> None:
    assert said_of([*built(place), *SECRETS], version, tmp_path) == ""


def test_a_wrong_key_would_be_noticed(tmp_path: Path) -> None:
    worker = production("Deployment")["postroom-worker"]
    wrong = {**worker, "spec": {**worker["spec"], "replikas": 3}}
    assert "replikas" in said_of([wrong], VERSIONS[-1], tmp_path)


def test_every_file_is_used() -> None:
    base = DEPLOY / "kubernetes" / "base"
    for folder in (base, OVERLAY):
        (one,) = documents(folder / "kustomization.yaml")
        used = {*one["resources"], *(patch["path"] for patch in one.get("patches", []))}
        there = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml", "secrets.example.yaml"}
        assert there == {name for name in used if name.endswith(".yaml")}


@pytest.mark.parametrize(
    "name",
    ["postroom-worker", "postroom-indexer", "postroom-station", "postroom-desk", "postroom-setup"],
)
def test_a_process_is_what_it_should_be(name: str) -> None:
    pod, container = pods()[name]["spec"], containers()[name]
    role = {"setup": "owner"}.get(name.removeprefix("postroom-"), name.removeprefix("postroom-"))
    env = {one["name"]: one["valueFrom"]["secretKeyRef"] for one in container["env"]}
    assert env["POSTROOM_DATABASE__URL"] == {"name": "postroom-database", "key": role}
    assert pod["serviceAccountName"] == name
    assert name in production("ServiceAccount")
    told = {one["configMapRef"]["name"] for one in container["envFrom"]}
    searching = name in {"postroom-indexer", "postroom-desk", "postroom-setup"}
    own = {name} & set(production("ConfigMap"))
    assert told == {"postroom-settings", *({"postroom-search"} if searching else set()), *own}
    assert told <= set(production("ConfigMap"))
    assert ("POSTROOM_INDEX__API_KEY" in env) == searching


def test_every_secret_is_in_the_template() -> None:
    asked = {
        (one["valueFrom"]["secretKeyRef"]["name"], one["valueFrom"]["secretKeyRef"]["key"])
        for container in containers().values()
        for one in container.get("env", [])
        if "valueFrom" in one
    }
    assert asked == {(one["metadata"]["name"], key) for one in SECRETS for key in one["stringData"]}


def test_nothing_runs_with_more_than_it_needs() -> None:
    for name, pod in pods().items():
        spec, container = pod["spec"], containers()[name]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["automountServiceAccountToken"] is False, name
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
        assert "memory" in container["resources"]["limits"], name
        mounts = {mount["name"] for mount in container["volumeMounts"]}
        claims = production("StatefulSet").get(name, {}).get("spec", {}).get("volumeClaimTemplates", [])
        volumes = {one["name"] for one in spec["volumes"]} | {one["metadata"]["name"] for one in claims}
        assert mounts == volumes, name


def test_images_are_pinned() -> None:
    from importlib.metadata import version

    images = {name: container["image"] for name, container in containers().items()}
    assert all(":" in image and not image.endswith(":latest") for image in images.values())
    assert images["postroom-worker"].endswith(f"/postroom:{version('postroom')}")
    assert f":{version('prefect')}-" in images["prefect"]


def matching(selector: dict[str, Any]) -> set[str]:
    wanted = selector.get("matchLabels", selector)
    labels = {name: pod["metadata"]["labels"] for name, pod in pods().items()}
    return {name for name, has in labels.items() if wanted.items() <= has.items()}


def test_selectors_find_somebody() -> None:
    for name, one in production("Service", "PodDisruptionBudget").items():
        assert matching(one["spec"]["selector"]) == {name}
    for name, one in production("Deployment", "StatefulSet").items():
        assert matching(one["spec"]["selector"]) == {name}
    (scaler,) = production("HorizontalPodAutoscaler").values()
    assert scaler["spec"]["scaleTargetRef"]["name"] in production("Deployment")
    assert "replicas" not in production("Deployment")["postroom-worker"]["spec"]  # they would fight
    for policy in production("NetworkPolicy").values():
        sides = [*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])]
        peers = [peer for side in sides for peer in side.get("to", side.get("from", []))]
        for peer in peers:
            assert "podSelector" not in peer or matching(peer["podSelector"])


def reach(name: str) -> set[int]:
    """The TCP ports beyond Kubernetes' own names that a pod may open."""
    return {
        port["port"]
        for policy in production("NetworkPolicy").values()
        if name in matching(policy["spec"]["podSelector"])
        for rule in policy["spec"].get("egress", [])
        for port in rule["ports"]
        if port["port"] != 53
    }


def test_who_reaches_what() -> None:
    assert {name: reach(name) for name in pods()} == {
        "postroom-station": {443, 4200, 5432},
        "postroom-worker": {443, 4200, 5432},
        "postroom-indexer": {25, 443, 465, 587, 4200, 5432, 9200},
        "postroom-desk": {25, 443, 465, 587, 5432, 9200},
        "postroom-setup": {443, 4200, 5432, 9200},
        "prefect": {5432, 6379},
        "prefect-services": {4200, 5432, 6379},
        "prefect-messages": set(),
    }
    closed = production("NetworkPolicy")["nothing-else"]["spec"]
    assert closed["podSelector"] == {}
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    listening = {
        name
        for policy in production("NetworkPolicy").values()
        if policy["spec"].get("ingress")
        for name in matching(policy["spec"]["podSelector"])
    }
    assert listening == {"postroom-desk", "prefect", "prefect-messages"}


def test_the_overlay_names_the_networks() -> None:
    places = {
        peer["ipBlock"]["cidr"]
        for name in ("station", "worker", "indexer", "desk", "setup")
        for rule in production("NetworkPolicy")[name]["spec"]["egress"][:2]
        for peer in rule["to"]
    }
    assert places == {"10.20.0.0/24", "10.20.8.0/22"}


def outside(name: str) -> set[int]:
    """The ports at which a policy lets its pods reach anybody."""
    return {
        port["port"]
        for rule in production("NetworkPolicy")[name]["spec"].get("egress", [])
        if any(peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0" for peer in rule["to"])
        for port in rule["ports"]
    }


def test_whoever_tells_people_reaches_mail_servers() -> None:
    """The usual ports of ``mail.tls``; webhooks go out from where notices do."""
    ports = set(_PORTS.values())
    said = {name: outside(name) for name in production("NetworkPolicy") if name != "nothing-else"}
    assert {name: found for name, found in said.items() if found} == {
        "indexer": ports | {443},
        "desk": ports,
    }


def test_the_desk_is_reached_over_tls_from_the_ingress_alone() -> None:
    (ingress,) = production("Ingress").values()
    (rule,) = ingress["spec"]["rules"]
    assert ingress["spec"]["tls"] == [{"hosts": [rule["host"]], "secretName": "registry-tls"}]
    (path,) = rule["http"]["paths"]
    service = production("Service")[path["backend"]["service"]["name"]]
    (port,) = service["spec"]["ports"]
    assert path["backend"]["service"]["port"] == {"name": port["name"]}
    container = containers()["postroom-desk"]
    assert container["ports"] == [{"name": port["targetPort"], "containerPort": 8470}]
    (opened,) = production("NetworkPolicy")["desk"]["spec"]["ingress"]
    assert [one["port"] for one in opened["ports"]] == [8470]
    assert all("namespaceSelector" in peer for peer in opened["from"])
    settings = production("ConfigMap")["postroom-desk"]["data"]
    assert settings["POSTROOM_OFFICE__PUBLIC_URL"] == f"https://{rule['host']}"
    assert settings["POSTROOM_LEAVES_TO_WORKERS"] == "true"  # its rights are for no more


def test_a_worker_has_what_its_processes_take() -> None:
    container = containers()["postroom-worker"]
    processes = int(container["args"][container["args"].index("--processes") + 1])
    assert container["resources"]["requests"]["cpu"] == str(processes)  # measured: one core each
    assert pods()["postroom-worker"]["spec"]["terminationGracePeriodSeconds"] > 120  # page_seconds
