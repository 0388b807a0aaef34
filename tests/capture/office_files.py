"""Small office files, written by hand or by LibreOffice."""

import subprocess
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

from capture.arrivals import open_file
from capture.tools import libreoffice
from capture.tools.libreoffice import find

RTF = rb"{\rtf1\ansi Dear Sir or Madam, {\b Invoice} from the office.\par}"
_NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.2"'
)
_BODIES = {
    "text": "<text:p>Invoice from the office</text:p>{more}",
    "spreadsheet": (
        '<table:table table:name="one"><table:table-row><table:table-cell office:value-type="string">'
        "<text:p>Invoice from the office</text:p></table:table-cell></table:table-row></table:table>{more}"
    ),
    "presentation": (
        '<draw:page draw:name="one"><draw:frame svg:width="20cm" svg:height="3cm" svg:x="2cm" svg:y="2cm">'
        "<draw:text-box><text:p>Invoice from the office</text:p></draw:text-box></draw:frame>{more}"
        "</draw:page>"
    ),
}
_WRITTEN_BY = {"text": "docx doc", "spreadsheet": "xlsx xls", "presentation": "pptx ppt"}
_ENDINGS = {"odt": "text", "ods": "spreadsheet", "odp": "presentation"}


def open_document(path: Path, kind: str, more: str = "") -> Path:
    """An OpenDocument file: ``text``, ``spreadsheet`` or ``presentation``; ``more`` goes into its body."""
    mime = f"application/vnd.oasis.opendocument.{kind}"
    body = f"<office:{kind}>{_BODIES[kind].format(more=more)}</office:{kind}>"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{mime}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", mime)
        archive.writestr(
            "content.xml",
            f"<office:document-content {_NAMES}><office:body>{body}</office:body></office:document-content>",
        )
        archive.writestr("META-INF/manifest.xml", manifest)
    return path


@cache
def all_kinds(folder: Path) -> dict[str, Path]:
    """One file of each kind that is taken, by its kind, in this folder. Takes LibreOffice some seconds."""
    made = {ending: open_document(folder / f"a.{ending}", kind) for ending, kind in _ENDINGS.items()}
    made["rtf"] = folder / "a.rtf"
    made["rtf"].write_bytes(RTF)
    program = find()
    assert program is not None
    for ending, kind in _ENDINGS.items():
        for other in _WRITTEN_BY[kind].split():
            home = f"-env:UserInstallation={(folder / 'home').as_uri()}"
            starter = [str(program.with_name("oosplash")), home, "--headless", "--convert-to", other]
            command = [*starter, "--outdir", str(folder), str(made[ending])]
            subprocess.run(command, check=True, capture_output=True, timeout=120)
            made[other] = folder / f"a.{other}"
    return made


def opened_without(*values: Any) -> Any:
    """``open_file`` in a reading process that does not find LibreOffice."""
    libreoffice.find = lambda: None
    try:
        return open_file(*values)
    finally:
        libreoffice.find = find
