"""A typeset letter with all that a register can know of one."""

from pathlib import Path

from letters.typeset import compile_pdf

_LETTER = r"""
#set page(paper: "a4", margin: 2.5cm)
#set text(size: 11pt, font: "Lato", lang: "en")
Brightwater Supplies Ltd \
14 Harbour Road, Leeds LS1 4AB \
Tel. +44 113 496 0123 \
accounts\@brightwater.example

#v(1cm)
Town Hall \
Accounts Department \
1 Market Square \
York YO1 8QL

#v(0.5cm)
Date: 3 March 2026 \
Our reference: BW-2026/0417-A \
Due date: 2 April 2026

#v(0.5cm)
*Subject: Invoice for twelve chairs*

Dear Sir or Madam,

Thank you for your order. We have delivered the chairs to the reading room.
Please pay the total by the date named above.

#table(columns: (1fr, auto, auto, auto), stroke: none,
  [Item], [Quantity], [Unit price], [Amount],
  [Chair, walnut], [12], [100.00], [1,200.00],
  [Delivery], [1], [34.50], [34.50],
)

Total amount due: EUR 1,234.50

IBAN: DE89 3704 0044 0532 0130 00 \
VAT ID: DE136695976

Yours faithfully,

Ada Brightwater
"""


def rich_pdf(path: Path) -> Path:
    """The letter as a PDF of one page, whose words need no OCR."""
    path.write_bytes(compile_pdf(_LETTER).pdf)
    return path
