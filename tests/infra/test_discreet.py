from pathlib import Path

import pytest

from infra.discreet import without_secrets
from infra.settings import load_settings


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ('timezone = "UTC" # as at home\n', 'timezone = "UTC" # as at home\n'),
        ('[database]\nurl = "postgresql://u:geheim@h/d"\n', '[database]\nurl = "postgresql://u@h/d"\n'),
        ('[database]\nurl = "postgresql://h/d?password=geheim"\n', "[database]\n# a secret was here\n"),
        ('[index]\n api_key = "geheim"\nuser = "u"\n', '[index]\n# a secret was here\nuser = "u"\n'),
        ('prefect_auth = "me:geheim"\n', "# a secret was here\n"),
        ('[index]\npassword = """geh\\\neim"""\n', None),
        ('database = { url = "postgresql://u:geheim@h/d" }\n', 'database = { url = "postgresql://u@h/d" }\n'),
        ('index = { password = "geheim" }\n', None),
        ('[mail]\npassword = "geheim"\n', "[mail]\n# a secret was here\n"),
        ('[webhook_secrets]\nerp = "sehr geheim, wirklich"\n', "[webhook_secrets]\n# a secret was here\n"),
        ('webhook_secrets = { erp = "sehr geheim, wirklich" }\n', "# a secret was here\n"),
        ('[webhook_secrets]\n"my erp" = "sehr geheim, wirklich"\n', None),
    ],
)
def test_secrets_are_taken_out_or_nothing_is_shown(settings: str, left: str | None, tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text(settings)
    assert without_secrets(settings, load_settings(tmp_path)) == left
