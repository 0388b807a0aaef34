"""The sample's stations: how each scanner's folder is set up. Written as ``station.toml``."""

LABEL = r"^DOC-\d{4}-\d{6}$"
SEPARATOR = "POSTROOM-SEPARATOR"
BETWEEN = 'sheets = "between"\n'

STATIONS = {
    "frontdesk": "# One file is one document: born-digital PDF, scanned PDF, TIFF.\n",
    "batch": f'# Stacks with patch T sheets between the documents.\n[separation]\npatch = ["T"]\n{BETWEEN}',
    "barcode": f'# Separator sheets that carry a barcode.\n[separation]\nbarcode = "{SEPARATOR}"\n{BETWEEN}',
    "labels": f"# Each first page bears a label with a barcode.\n[separation]\nlabel = '{LABEL}'\n",
    "folders": '# A folder of JPEG pages is one document.\nbatch = "folder"\ntakes = ["jpeg"]\n',
    "duplex": f'# Both sides are scanned.\nduplex = true\n[separation]\npatch = ["T"]\n{BETWEEN}',
    "receipts": "# Every page is a document of its own.\n[separation]\npages = 1\n",
}


def profile(station: str) -> str:
    """The text of ``station``'s ``station.toml``; keys that are not named keep their default."""
    comment, rest = STATIONS[station].split("\n", 1)
    return f'{comment}\nquiet_seconds = 1.0\nduplicate = "link"\n{rest}'
