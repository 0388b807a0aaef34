"""The receipt of an entry, as the person who came to the counter takes it home."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from domain.receipt import MEDIA_TYPE, NAME, Receipt, ReceivedFile
from domain.wire import to_json
from letters.typeset import archived_pdf, barcode_image, quote

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Receipt", "incoming": "Received", "outgoing": "Dispatched", "internal": "Entered",
        "sender": "From", "recipient": "To", "subject": "Subject", "reference": "Your reference",
        "channel": "By", "pages": "Pages", "files": "Files received", "pages_of": "pages", "issued": "Issued",
        "entered": "Entered here",
        "certified": "This entry stands in the register under the number above. It is event {sequence} of "
        "the register's audit chain, whose hash is",
        "check": "Whether this receipt is genuine can be checked at the office, which needs the file itself.",
        "check_at": "Whether it is genuine: {url}", "code": "Code", "clock": "Clock of the office",
        "stamp": "Time certified by",
    },
    "es": {
        "title": "Acuse de recibo", "incoming": "Recibido", "outgoing": "Enviado", "internal": "Registrado",
        "sender": "De", "recipient": "Para", "subject": "Asunto", "reference": "Su referencia",
        "channel": "Por", "pages": "Páginas", "files": "Archivos recibidos", "pages_of": "páginas",
        "issued": "Emitido", "entered": "Anotado aquí",
        "certified": "Esta entrada consta en el registro con el número indicado. Es el evento {sequence} de "
        "la cadena de auditoría del registro, cuyo hash es",
        "check": "La autenticidad de este acuse se comprueba en la oficina con el archivo original.",
        "check_at": "Compruebe su autenticidad: {url}", "code": "Código", "clock": "Reloj de la oficina",
        "stamp": "Hora certificada por",
    },
    "de": {
        "title": "Empfangsbestätigung", "incoming": "Eingegangen", "outgoing": "Abgesandt",
        "internal": "Eingetragen", "sender": "Von", "recipient": "An", "subject": "Betreff",
        "reference": "Ihr Zeichen", "channel": "Weg", "pages": "Seiten", "files": "Empfangene Dateien",
        "pages_of": "Seiten", "issued": "Ausgestellt", "entered": "Hier eingetragen",
        "certified": "Der Eintrag steht unter der obigen Nummer im Register. Er ist Ereignis {sequence} der "
        "Prüfkette des Registers, deren Hash ist",
        "check": "Ob diese Bestätigung echt ist, prüft die Stelle an der Datei selbst.",
        "check_at": "Ob sie echt ist: {url}", "code": "Code", "clock": "Uhr der Stelle",
        "stamp": "Zeit bescheinigt von",
    },
    "fr": {
        "title": "Accusé de réception", "incoming": "Reçu", "outgoing": "Expédié", "internal": "Inscrit",
        "sender": "De", "recipient": "À", "subject": "Objet", "reference": "Votre référence",
        "channel": "Par", "pages": "Pages", "files": "Fichiers reçus", "pages_of": "pages",
        "issued": "Délivré", "entered": "Inscrit ici",
        "certified": "Cette entrée figure au registre sous le numéro ci-dessus. C’est l’événement {sequence} "
        "de la chaîne d’audit du registre, dont le hash est",
        "check": "L’authenticité de cet accusé se vérifie auprès du bureau, avec le fichier lui-même.",
        "check_at": "Vérifiez son authenticité : {url}", "code": "Code", "clock": "Horloge du bureau",
        "stamp": "Heure certifiée par",
    },
}  # fmt: skip
"""By language; whoever writes in another is answered in the first."""

CHANNELS: Mapping[str, Mapping[str, str]] = {
    "es": {
        "post": "correo", "courier": "mensajería", "hand": "en mano", "e-mail": "correo electrónico",
        "web form": "formulario web", "phone": "teléfono", "social": "redes sociales", "internal": "interno",
    },
    "de": {
        "post": "Post", "courier": "Kurier", "hand": "persönlich", "e-mail": "E-Mail", "sms": "SMS",
        "web form": "Webformular", "phone": "Telefon", "chat": "Chat", "social": "soziale Medien",
        "portal": "Portal", "internal": "intern",
    },
    "fr": {
        "post": "courrier", "courier": "coursier", "hand": "en main propre", "e-mail": "courriel",
        "web form": "formulaire web", "phone": "téléphone", "social": "réseaux sociaux",
        "portal": "portail", "internal": "interne",
    },
}  # fmt: skip
_FILES = 12  # that are listed on paper; the file inside holds all


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What the office's letters bear; ``logo`` is a picture of this ``form`` (png, jpg, svg).

    ``check`` is the address at which anybody may check a receipt; "" for none.
    """

    name: str
    address: str = ""
    logo: bytes = b""
    form: str = ""
    check: str = ""


def receipt_pdf(receipt: Receipt, head: Letterhead, language: str = "en") -> bytes:
    """The receipt as PDF/A-3b, which holds what it says as ``receipt.json`` too.

    The same receipt gives the same bytes.
    """
    language = language if language in WORDS else "en"
    return archived_pdf(
        _source(receipt, head, WORDS[language], language),
        NAME,
        to_json(receipt),
        MEDIA_TYPE,
        datetime.fromisoformat(receipt.issued_at),
    )


def code_text(receipt: Receipt, check: str = "") -> str:
    """The text of the QR code: where to check it, or number, place in the chain and hash."""
    if check and receipt.code:
        return f"{check}?{urlencode({'n': receipt.number, 'c': receipt.code})}"
    return ";".join(("POSTROOM-RECEIPT", "1", receipt.number, str(receipt.sequence), receipt.hash))


def _source(receipt: Receipt, head: Letterhead, words: Mapping[str, str], language: str) -> str:
    channel = CHANNELS.get(language, {}).get(receipt.channel, receipt.channel)
    rows = [
        (words[receipt.direction], _moment(receipt.received_at)),
        (words["entered"], _moment(receipt.entered_at) if receipt.entered_at else ""),
        (words["channel"], channel),
        *((words["sender"], name) for name in receipt.senders),
        *((words["recipient"], name) for name in receipt.recipients),
        (words["subject"], receipt.subject),
        (words["reference"], receipt.reference),
        (words["pages"], str(receipt.pages) if receipt.pages else ""),
        (words["clock"], receipt.clock),
        (words["stamp"], receipt.stamp),
    ]
    told = "".join(
        f"[#text(fill: luma(90))[{quote(name)}]], [{quote(value)}]," for name, value in rows if value
    )
    code = barcode_image(code_text(receipt, head.check), "QRCode", "34mm", "34mm")
    title = json.dumps(f"{words['title']} {receipt.number}", ensure_ascii=False)
    return (
        f"#set document(title: {title}, author: {json.dumps(head.name, ensure_ascii=False)}, date: auto)\n"
        f'#set text(font: "Source Sans Pro", size: 11pt, lang: "{language}")\n'
        '#set page(paper: "a4", margin: (x: 24mm, y: 22mm))\n#set par(spacing: 3mm)\n'
        f"{_head(head)}"
        f'#v(10mm)#text(24pt, weight: "bold")[{quote(words["title"])}]#v(2mm)'
        f'#text(20pt, font: "DejaVu Sans Mono")[{quote(receipt.number)}]#v(2mm)'
        f"{barcode_image(receipt.number, 'Code128', '80mm', '11mm')}#v(8mm)"
        f"#grid(columns: (38mm, 1fr), row-gutter: 3mm, {told})"
        f"{_files(receipt, words)}"
        "#v(1fr)#line(length: 100%, stroke: 0.5pt + luma(150))"
        f"#grid(columns: (36mm, 1fr), column-gutter: 6mm, [{code}],"
        f"[#text(9pt)[{quote(words['certified'].format(sequence=receipt.sequence))}#linebreak()"
        f'#text(7.5pt, font: "DejaVu Sans Mono")[{quote(receipt.hash)}]#v(1mm)'
        f"{_check(receipt, head, words)}#v(1mm)"
        f"{quote(words['issued'])} {quote(_moment(receipt.issued_at))}]])"
    )


def _check(receipt: Receipt, head: Letterhead, words: Mapping[str, str]) -> str:
    if not (head.check and receipt.code):
        return quote(words["check"])
    code = " ".join(receipt.code[i : i + 4] for i in range(0, len(receipt.code), 4))
    mono = f'#text(font: "DejaVu Sans Mono")[{quote(code)}]'
    return f"{quote(words['check_at'].format(url=head.check))}#linebreak(){quote(words['code'])} {mono}"


def _head(head: Letterhead) -> str:
    lines = quote(head.address) if head.address else ""
    words = f'#text(14pt, weight: "bold")[{quote(head.name)}]#linebreak()#text(9pt)[{lines}]'
    logo = ""
    if head.logo:
        data = "(" + ",".join(map(str, head.logo)) + ",)"
        picture = f'image(bytes({data}), format: "{head.form}", height: 18mm, alt: {json.dumps(head.name)})'
        logo = f"#align(right, {picture})"
    return f"#grid(columns: (1fr, 50mm), [{words}], [{logo}])"


def _files(receipt: Receipt, words: Mapping[str, str]) -> str:
    if not receipt.files:
        return ""
    shown, more = receipt.files[:_FILES], len(receipt.files) - _FILES
    rows = "".join(_file(one, words) for one in shown)
    rest = f"#text(8pt)[{quote(f'+ {more}')}]" if more > 0 else ""
    return f'#v(4mm)#text(weight: "bold")[{quote(words["files"])}]#v(1mm){rows}{rest}'


def _file(one: ReceivedFile, words: Mapping[str, str]) -> str:
    size = f"{one.size:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return (
        f"#block(spacing: 2.5mm, breakable: false)[#text(9.5pt)[{quote(one.name)}, {size} B, "
        f"{one.pages} {quote(words['pages_of'])}]#linebreak()"
        f'#text(7.5pt, font: "DejaVu Sans Mono")[SHA-256 {quote(one.sha256)}]]'
    )


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).isoformat(sep=" ", timespec="seconds")
