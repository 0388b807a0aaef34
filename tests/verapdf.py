"""The reference validator of PDF/A: veraPDF, from Maven, run once for many files."""

import re
import subprocess
from pathlib import Path

JAR = Path(__file__).parents[1] / ".cache/tools/greenfield-apps-1.28.2.jar"


def verapdf(*paths: Path, flavour: str = "2b") -> dict[Path, bool]:
    """Whether each file is valid PDF/A of the flavour. ``make tools`` brings the validator."""
    assert JAR.is_file(), f"no {JAR}: make tools"
    command = [
        "java",
        "-cp",
        str(JAR),
        "org.verapdf.apps.GreenfieldCliWrapper",
        "--format",
        "text",
        "-f",
        flavour,
    ]
    ran = subprocess.run([*command, *map(str, paths)], capture_output=True, text=True)
    verdicts = {
        Path(name): verdict == "PASS"
        for verdict, name in re.findall(r"^(PASS|FAIL) (.*) \w+$", ran.stdout, re.M)
    }
    assert verdicts, ran.stdout + ran.stderr
    return {path: verdicts[path] for path in paths}
