"""Commands as an operator types them, in this process: each start of its own would cost seconds."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from domain.errors import Usage
from postroom.main import app


def run(home: Path, *words: str | Path) -> Result:
    return CliRunner().invoke(app, ["--home", str(home), *map(str, words)])


def asked(home: Path, *words: str | Path) -> Any:
    """What it prints as JSON."""
    done = run(home, *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def refused(home: Path, *words: str | Path) -> str:
    """Why it does nothing."""
    done = run(home, *words)
    assert isinstance(done.exception, Usage), done.exception
    return str(done.exception)
