"""How often the codes of printed separator sheets are read back, whichever way and however well scanned.

python -m tests.bench.separators
"""

import json
from collections import Counter
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from capture.cover import HEAD, write
from domain.document import Cover
from letters.separators import Paper, SeparatorSheet, separator_pdf
from tests.postroom.test_separators import codes, faxed, scanned

SAID = Cover("invoice", "Finanzen & Süd", "IN")
PAPERS: tuple[Paper, ...] = ("a4", "letter")


def main() -> None:
    """Print, scan and read the sheets; the counts as JSON."""
    read = Counter[str]()
    text = write(SAID)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.pdf"
        for paper, letter in product(PAPERS, "T2"):
            path.write_bytes(
                separator_pdf(SeparatorSheet(HEAD, text, letter, [("Class", "invoice")], paper), 1)
            )
            for dpi, lean in product((200, 300), (0.0, -3.0, 4.0)):
                page = scanned(path, dpi, lean)
                for look, resolution in ((page, dpi), (faxed(page, dpi), 204)):
                    for quarter in range(4):
                        found = codes(np.rot90(look, quarter), resolution)
                        read["sheets"] += 1
                        read["code"] += ("QRCode", text) in found
                        read["barcode"] += ("Code128", HEAD) in found
                        patches = {value for form, value in found if form.startswith("Patch")}
                        read["patch"] += patches == {letter}
    print(json.dumps(read))


if __name__ == "__main__":
    main()
