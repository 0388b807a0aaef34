"""What the page that checks receipts says, in four languages."""

from collections.abc import Mapping

Words = Mapping[str, str]

LANGUAGES: Mapping[str, Words] = {
    "en": {
        "title": "Check a receipt",
        "lead": "Is a receipt of this office genuine? Give its file, or the number and code that "
        "stand on it.",
        "file": "The receipt as a file (PDF), or a document that you got",
        "by_file": "Check the file",
        "or": "or",
        "number": "Number", "code": "Code", "by_code": "Check number and code",
        "genuine": "Genuine",
        "genuine_says": "This office gave this receipt, and not a byte of it was changed.",
        "void": "Genuine, but its entry does not count any more",
        "void_says": "This office gave this receipt. Its entry was made void afterwards: ask the "
        "office why.",
        "altered": "Altered",
        "altered_says": "It does not say what this office certified. This differs:",
        "altered_hidden": "It does not say what this office certified, and lacks what only a "
        "receipt of it has.",
        "drawn over": "Altered",
        "drawn over_says": "The file was changed after it was given. Do not trust what its pages show.",
        "made up": "Not of this office",
        "made up_says": "This office gave no such receipt.",
        "document": "Genuine",
        "document_says": "The archive of this office holds exactly this file.",
        "unknown": "Unknown",
        "unknown_says": "It is neither a receipt of this office nor a file of its archive, or it "
        "was altered.",
        "found": "A receipt was given",
        "found_says": "Compare what you have in hand with what was certified:",
        "not found": "Not found",
        "not found_says": "No receipt has this number and code. Look whether both are typed as they "
        "stand there.",
        "nothing": "Nothing to check",
        "nothing_says": "Choose a file, or type number and code.",
        "large": "Too large",
        "large_says": "Files of up to {mb} MB are checked here. A receipt is far smaller.",
        "wait": "Please wait",
        "wait_says": "Too many checks. Try again in {seconds} seconds.",
        "silent": "Not now",
        "silent_says": "The register does not answer. Try again in a few minutes.",
        "gone": "Ask the office",
        "gone_says": "The office's letterhead has changed since: ask for a new receipt.",
        "tomorrow": "Not yet",
        "tomorrow_says": "The proof is to be had once the day’s heads are published: try again tomorrow.",
        "proof": "What proves it without this office (JSON)",
        "what": "What", "here": "In your file", "there": "Certified",
        "download": "Download the receipt (PDF)", "again": "Check another",
        "received_at": "Received", "entered_at": "Entered here", "direction": "Direction",
        "channel": "By", "senders": "From",
        "recipients": "To", "subject": "Subject", "reference": "Reference", "pages": "Pages",
        "files": "Files", "sequence": "Place in the audit chain", "hash": "Hash in the audit chain",
        "issued_at": "Issued", "office": "Office", "version": "Version", "clock": "Clock",
        "stamp": "Time certified by",
    },
    "es": {
        "title": "Comprobar un acuse de recibo",
        "lead": "¿Es auténtico un acuse de esta oficina? Entregue el archivo, o el número y el "
        "código que lleva.",
        "file": "El acuse como archivo (PDF), o un documento recibido",
        "by_file": "Comprobar el archivo",
        "or": "o",
        "number": "Número", "code": "Código", "by_code": "Comprobar número y código",
        "genuine": "Auténtico",
        "genuine_says": "Esta oficina emitió este acuse y no se ha cambiado ni un byte.",
        "void": "Auténtico, pero la entrada ya no es válida",
        "void_says": "Esta oficina emitió este acuse. La entrada fue anulada después: pregunte en "
        "la oficina.",
        "altered": "Alterado",
        "altered_says": "No dice lo que esta oficina certificó. Difiere lo siguiente:",
        "altered_hidden": "No dice lo que esta oficina certificó, y le falta lo que solo tiene un "
        "acuse suyo.",
        "drawn over": "Alterado",
        "drawn over_says": "El archivo se cambió después de emitirse. No confíe en lo que muestran "
        "sus páginas.",
        "made up": "No es de esta oficina",
        "made up_says": "Esta oficina no emitió tal acuse.",
        "document": "Auténtico",
        "document_says": "El archivo de esta oficina guarda exactamente este documento.",
        "unknown": "Desconocido",
        "unknown_says": "No es un acuse de esta oficina ni un documento de su archivo, o fue alterado.",
        "found": "Se emitió un acuse",
        "found_says": "Compare lo que tiene con lo que se certificó:",
        "not found": "No encontrado",
        "not found_says": "Ningún acuse tiene este número y código. Revise si están escritos como "
        "figuran allí.",
        "nothing": "Nada que comprobar",
        "nothing_says": "Elija un archivo, o escriba número y código.",
        "large": "Demasiado grande",
        "large_says": "Aquí se comprueban archivos de hasta {mb} MB. Un acuse es mucho más pequeño.",
        "wait": "Espere, por favor",
        "wait_says": "Demasiadas comprobaciones. Inténtelo de nuevo en {seconds} segundos.",
        "silent": "Ahora no",
        "silent_says": "El registro no responde. Inténtelo de nuevo en unos minutos.",
        "gone": "Pregunte en la oficina",
        "gone_says": "El membrete de la oficina ha cambiado desde entonces: pida un acuse nuevo.",
        "tomorrow": "Todavía no",
        "tomorrow_says": "La prueba estará disponible cuando se publiquen las cabeceras del día: "
        "inténtelo mañana.",
        "proof": "Lo que lo prueba sin esta oficina (JSON)",
        "what": "Qué", "here": "En su archivo", "there": "Certificado",
        "download": "Descargar el acuse (PDF)", "again": "Comprobar otro",
        "received_at": "Recibido", "entered_at": "Anotado aquí", "direction": "Sentido",
        "channel": "Por", "senders": "De",
        "recipients": "Para", "subject": "Asunto", "reference": "Referencia", "pages": "Páginas",
        "files": "Archivos", "sequence": "Lugar en la cadena de auditoría",
        "hash": "Hash en la cadena de auditoría", "issued_at": "Emitido", "office": "Oficina",
        "version": "Versión", "clock": "Reloj", "stamp": "Hora certificada por",
    },
    "de": {
        "title": "Empfangsbestätigung prüfen",
        "lead": "Ist eine Bestätigung dieser Stelle echt? Geben Sie die Datei, oder Nummer und Code "
        "darauf.",
        "file": "Die Bestätigung als Datei (PDF), oder ein Dokument, das Sie bekamen",
        "by_file": "Datei prüfen",
        "or": "oder",
        "number": "Nummer", "code": "Code", "by_code": "Nummer und Code prüfen",
        "genuine": "Echt",
        "genuine_says": "Diese Stelle hat die Bestätigung ausgestellt, kein Byte wurde geändert.",
        "void": "Echt, aber der Eintrag gilt nicht mehr",
        "void_says": "Diese Stelle hat sie ausgestellt. Der Eintrag wurde danach ungültig: fragen "
        "Sie dort nach.",
        "altered": "Verändert",
        "altered_says": "Sie sagt nicht, was diese Stelle bestätigt hat. Dies weicht ab:",
        "altered_hidden": "Sie sagt nicht, was diese Stelle bestätigt hat, und ihr fehlt, was nur "
        "echte haben.",
        "drawn over": "Verändert",
        "drawn over_says": "Die Datei wurde danach verändert. Trauen Sie nicht, was ihre Seiten zeigen.",
        "made up": "Nicht von dieser Stelle",
        "made up_says": "Diese Stelle hat keine solche Bestätigung ausgestellt.",
        "document": "Echt",
        "document_says": "Das Archiv dieser Stelle enthält genau diese Datei.",
        "unknown": "Unbekannt",
        "unknown_says": "Weder eine Bestätigung dieser Stelle noch eine Datei ihres Archivs, oder "
        "verändert.",
        "found": "Eine Bestätigung wurde ausgestellt",
        "found_says": "Vergleichen Sie, was Sie in der Hand haben, mit dem, was bestätigt wurde:",
        "not found": "Nicht gefunden",
        "not found_says": "Keine Bestätigung hat diese Nummer und diesen Code. Ist beides richtig getippt?",
        "nothing": "Nichts zu prüfen",
        "nothing_says": "Wählen Sie eine Datei, oder tippen Sie Nummer und Code.",
        "large": "Zu groß",
        "large_says": "Hier werden Dateien bis {mb} MB geprüft. Eine Bestätigung ist viel kleiner.",
        "wait": "Bitte warten",
        "wait_says": "Zu viele Prüfungen. Versuchen Sie es in {seconds} Sekunden wieder.",
        "silent": "Jetzt nicht",
        "silent_says": "Das Register antwortet nicht. Versuchen Sie es in einigen Minuten wieder.",
        "gone": "Fragen Sie die Stelle",
        "gone_says": "Der Briefkopf ist inzwischen ein anderer: bitten Sie um eine neue Bestätigung.",
        "tomorrow": "Noch nicht",
        "tomorrow_says": "Den Nachweis gibt es, sobald die Köpfe des Tages veröffentlicht sind: "
        "morgen wieder.",
        "proof": "Was sie ohne diese Stelle beweist (JSON)",
        "what": "Was", "here": "In Ihrer Datei", "there": "Bestätigt",
        "download": "Bestätigung herunterladen (PDF)", "again": "Noch eine prüfen",
        "received_at": "Eingegangen", "entered_at": "Hier eingetragen", "direction": "Richtung",
        "channel": "Weg", "senders": "Von",
        "recipients": "An", "subject": "Betreff", "reference": "Zeichen", "pages": "Seiten",
        "files": "Dateien", "sequence": "Platz in der Prüfkette", "hash": "Hash in der Prüfkette",
        "issued_at": "Ausgestellt", "office": "Stelle", "version": "Version", "clock": "Uhr",
        "stamp": "Zeit bescheinigt von",
    },
    "fr": {
        "title": "Vérifier un accusé de réception",
        "lead": "Un accusé de ce bureau est-il authentique ? Donnez le fichier, ou le numéro et le code.",
        "file": "L’accusé (fichier PDF), ou un document reçu",
        "by_file": "Vérifier le fichier",
        "or": "ou",
        "number": "Numéro", "code": "Code", "by_code": "Vérifier numéro et code",
        "genuine": "Authentique",
        "genuine_says": "Ce bureau a délivré cet accusé, et pas un octet n’en a été changé.",
        "void": "Authentique, mais son inscription ne compte plus",
        "void_says": "Ce bureau a délivré cet accusé. L’inscription a été annulée depuis : demandez "
        "au bureau.",
        "altered": "Modifié",
        "altered_says": "Il ne dit pas ce que ce bureau a certifié. Ceci diffère :",
        "altered_hidden": "Il ne dit pas ce que ce bureau a certifié, et il lui manque ce qu’un "
        "vrai contient.",
        "drawn over": "Modifié",
        "drawn over_says": "Le fichier a été changé ensuite. Ne vous fiez pas à ce que montrent ses pages.",
        "made up": "Pas de ce bureau",
        "made up_says": "Ce bureau n’a délivré aucun accusé de ce genre.",
        "document": "Authentique",
        "document_says": "Les archives de ce bureau contiennent exactement ce fichier.",
        "unknown": "Inconnu",
        "unknown_says": "Ni un accusé de ce bureau, ni un fichier de ses archives, ou bien modifié.",
        "found": "Un accusé a été délivré",
        "found_says": "Comparez ce que vous avez en main avec ce qui a été certifié :",
        "not found": "Introuvable",
        "not found_says": "Aucun accusé n’a ce numéro et ce code. Sont-ils tapés comme ils y figurent ?",
        "nothing": "Rien à vérifier",
        "nothing_says": "Choisissez un fichier, ou tapez numéro et code.",
        "large": "Trop grand",
        "large_says": "Ici on vérifie des fichiers jusqu’à {mb} Mo. Un accusé est bien plus petit.",
        "wait": "Veuillez patienter",
        "wait_says": "Trop de vérifications. Réessayez dans {seconds} secondes.",
        "silent": "Pas maintenant",
        "silent_says": "Le registre ne répond pas. Réessayez dans quelques minutes.",
        "gone": "Demandez au bureau",
        "gone_says": "L’en-tête du bureau a changé depuis : demandez un nouvel accusé.",
        "tomorrow": "Pas encore",
        "tomorrow_says": "La preuve sera disponible une fois publiées les têtes du jour : réessayez "
        "demain.",
        "proof": "Ce qui le prouve sans ce bureau (JSON)",
        "what": "Quoi", "here": "Dans votre fichier", "there": "Certifié",
        "download": "Télécharger l’accusé (PDF)", "again": "En vérifier un autre",
        "received_at": "Reçu", "entered_at": "Inscrit ici", "direction": "Sens",
        "channel": "Par", "senders": "De", "recipients": "À",
        "subject": "Objet", "reference": "Référence", "pages": "Pages", "files": "Fichiers",
        "sequence": "Place dans la chaîne d’audit", "hash": "Hash dans la chaîne d’audit",
        "issued_at": "Délivré", "office": "Bureau", "version": "Version", "clock": "Horloge",
        "stamp": "Heure certifiée par",
    },
}  # fmt: skip


def language_of(wanted: str) -> str:
    """The language of ours that is wanted most, by an ``Accept-Language`` header; English for none."""
    found: list[tuple[float, int, str]] = []
    for place, part in enumerate(wanted.split(",")[:20]):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        language = name.split("-")[0].strip().lower()
        if language in LANGUAGES and weight > 0:
            found.append((-weight, place, language))
    return min(found)[2] if found else "en"
