"""The Terraform files: they parse, their references lead somewhere, and they say what they must.

Terraform and its AWS provider are not here: infra/deploy/README.md.
"""

import json
import re
from functools import cache
from typing import Any

import hcl2
import pytest

from tests.infra.deploy_files import DEPLOY, policy

TERRAFORM = DEPLOY / "terraform"
POLICIES = sorted(path.stem for path in (DEPLOY / "access" / "s3").glob("*.json"))
ROLES = {"station", "worker", "indexer", "desk", "fixity", "custodian", "auditor"}


@cache
def parsed() -> dict[str, Any]:
    return {path.name: hcl2.loads(path.read_text("utf-8")) for path in sorted(TERRAFORM.glob("*.tf"))}


def plain(name: str) -> str:
    return name.strip('"')


def blocks(kind: str) -> list[Any]:
    return [block for file in parsed().values() for block in file.get(kind, [])]


@cache
def resources() -> dict[tuple[str, str], Any]:
    return {
        (plain(kind), plain(name)): body
        for block in blocks("resource")
        for kind, named in block.items()
        if not kind.startswith("__")
        for name, body in named.items()
        if not name.startswith("__")
    }


def one(kind: str, name: str = "archive") -> str:
    """A resource's body as text, without quotes and blanks: enough to look for what it says."""
    return re.sub(r"\s", "", json.dumps(resources()[kind, name])).replace('\\"', "").replace('"', "")


def names(kind: str) -> set[str]:
    return {plain(name) for block in blocks(kind) for name in block if not name.startswith("__")}


def test_they_parse() -> None:
    assert sorted(parsed()) == [
        "access.tf", "bucket.tf", "mirror.tf", "outputs.tf", "variables.tf", "versions.tf",
    ]  # fmt: skip
    assert len(resources()) > 15


def test_references_lead_somewhere() -> None:
    text = "\n".join(path.read_text("utf-8") for path in TERRAFORM.glob("*.tf"))
    text = re.sub(r"(?m)#.*$|description\s*=.*$|error_message\s*=.*$", "", text)
    used = set(re.findall(r"\b(aws_\w+)\.(\w+)", text))
    assert used - set(resources()) == set()
    assert set(re.findall(r"\bvar\.(\w+)", text)) == names("variable")
    assert set(re.findall(r"\blocal\.(\w+)", text)) == names("locals")
    for path, given in re.findall(r'templatefile\("\$\{path\.module\}/([^"]+)", \{(.*?)\n  \}\)', text, re.S):
        assert set(re.findall(r"(?m)^\s+(\w+)\s*=", given))
        for role in ROLES if "${each.key}" in path else {""}:
            file = TERRAFORM / path.replace("${each.key}", role)
            wanted = set(re.findall(r"\$\{(\w+)\}", file.read_text("utf-8")))
            assert wanted <= set(re.findall(r"(?m)^\s+(\w+)\s*=", given)), file


@pytest.mark.parametrize("name", POLICIES)
def test_policies_are_policies(name: str) -> None:
    more = {"break_glass_arn": "arn:aws:iam::111122223333:role/safe", "kms_key_arn": "arn:aws:kms:::key/1"}
    text = policy(name, **more)
    assert "${" not in text
    assert len(re.sub(r"\s", "", text)) <= 6144  # a managed policy's limit
    read = json.loads(text)
    assert set(read) == {"Version", "Statement"}
    assert read["Version"] == "2012-10-17"
    sids = [statement["Sid"] for statement in read["Statement"]]
    assert len(sids) == len(set(sids))
    for statement in read["Statement"]:
        assert statement["Effect"] in {"Allow", "Deny"}
        assert statement["Effect"] == "Deny" or not any("*" in action for action in statement["Action"])


@pytest.mark.parametrize("name", sorted(ROLES))
def test_no_role_may_remove_or_unlock(name: str) -> None:
    denied = {
        (action, resource.split("/", 1)[-1])
        for statement in json.loads(policy(name))["Statement"]
        if statement["Effect"] == "Deny"
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    for prefix in ("originals", "documents", "register", "batches", "models", "champions"):
        for action in ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"):
            assert (action, f"{prefix}/*") in denied


def test_the_prefixes_are_those_of_the_archive() -> None:
    from archive import keys

    named = [value for name, value in vars(keys).items() if name.isupper() and str(value).endswith("/")]
    said = {f"{value.split('/')[0]}/" for value in named}
    assert {keys.ORIGINALS, keys.MODELS, keys.CHAMPIONS, keys.WORK} < said
    used = {
        resource.split("/", 1)[1].removesuffix("*")
        for name in POLICIES
        for resource in re.findall(r'"arn:aws:s3:::[^"]+?(/[^"]+)"', policy_text(name))
        if resource != "/*"
    }
    used = {f"{prefix.split('/')[0]}/" for prefix in used}
    assert used == said | {".postroom/"}  # what the store is tried with
    archived = re.findall(r"archived\s*=\s*\[(.*?)\]", (TERRAFORM / "bucket.tf").read_text())[0]
    assert {f"{name}/" for name in re.findall(r"\w+", archived)} == said - {keys.WORK}


def policy_text(name: str) -> str:
    return (DEPLOY / "access" / "s3" / f"{name}.json").read_text("utf-8")


def test_the_bucket_is_as_the_archive_needs_it() -> None:
    for bucket in ("archive", "mirror"):
        assert "object_lock_enabled:true" in one("aws_s3_bucket", bucket)
        assert "prevent_destroy:true" in one("aws_s3_bucket", bucket)
        assert "status:Enabled" in one("aws_s3_bucket_versioning", bucket)
        assert "sse_algorithm:aws:kms" in one("aws_s3_bucket_server_side_encryption_configuration", bucket)
        closed = one("aws_s3_bucket_public_access_block", bucket)
        for what in (
            "block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets",
        ):  # fmt: skip
            assert f"{what}:true" in closed
        assert "bucket.json" in one("aws_s3_bucket_policy", bucket)
        assert "days_after_initiation:2" in one("aws_s3_bucket_lifecycle_configuration", bucket)
    # A default retention would lock the scratch.
    assert not [kind for kind, _ in resources() if kind == "aws_s3_bucket_object_lock_configuration"]
    assert "status:Disabled" in one("aws_s3_bucket_replication_configuration")  # of delete markers


def test_only_scratch_expires() -> None:
    lifecycle = (TERRAFORM / "bucket.tf").read_text().split('"aws_s3_bucket_lifecycle_configuration"')[1]
    rules = re.split(r"\n  (?:dynamic \"rule\"|rule) \{", lifecycle)[1:]
    expiring = [rule for rule in rules if re.search(r"\b(expiration|noncurrent_version_expiration) \{", rule)]
    assert len(expiring) == 2
    assert all('prefix = "work/"' in rule for rule in expiring)


def test_tls_is_asked_for() -> None:
    bucket = json.loads(policy("bucket", break_glass_arn="arn:aws:iam::111122223333:role/safe"))
    tls = next(one for one in bucket["Statement"] if one["Sid"] == "OnlyOverTls")
    assert tls["Effect"] == "Deny"
    assert tls["Action"] == ["s3:*"]
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_example_gives_the_module_what_it_needs() -> None:
    example = hcl2.loads((TERRAFORM / "example" / "main.tf").read_text("utf-8"))
    providers = [body for block in example["provider"] for body in block.values()]
    regions = {plain(str(one.get("alias", "default"))): plain(one["region"]) for one in providers}
    assert set(regions) == {"default", "mirror"}
    assert regions["default"] != regions["mirror"]
    ((name, module),) = ((plain(name), body) for block in example["module"] for name, body in block.items())
    assert (TERRAFORM / "example" / plain(module["source"])).resolve() == TERRAFORM
    text = (TERRAFORM / "example" / "main.tf").read_text("utf-8")
    given = re.findall(r"providers = \{(.*?)\}", text, re.S)[0].split()
    assert given == ["aws", "=", "aws", "aws.mirror", "=", "aws.mirror"]
    (needed,) = blocks("terraform")
    (told,) = example["terraform"]
    for key in ("source", "version"):
        assert pinned(told)[key] == pinned(needed)[key]
    variables = {
        plain(one): body for block in blocks("variable") for one, body in block.items() if one[:2] != "__"
    }
    required = {one for one, body in variables.items() if "default" not in body}
    arguments = {plain(key) for key in module if not key.startswith("__")} - {"source", "providers"}
    assert required <= arguments <= set(variables)
    assert {plain(role) for role in module["trusted_arns"]} == ROLES
    outputs = names("output")
    assert set(re.findall(rf"module\.{name}\.(\w+)", text)) == outputs


def pinned(block: Any) -> dict[str, Any]:
    (required,) = block["required_providers"]
    return {plain(key): value for key, value in required["aws"].items()}


def test_the_outputs_are_settings() -> None:
    from tests.infra.deploy_files import settings_names

    given = set(re.findall(r"\bPOSTROOM_\w+", (TERRAFORM / "outputs.tf").read_text()))
    assert given <= settings_names()
    assert {"POSTROOM_ARCHIVE__BUCKET", "POSTROOM_ARCHIVE__KMS_KEY"} <= given
