"""What notices say: to people of the office, one by one or gathered in a digest, and to senders outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.notices import (
    APPROVAL,
    ASSIGNED,
    BROUGHT_BACK,
    DEADLINE_PASSED,
    DEADLINE_SOON,
    GIVEN_BACK,
    RECEIPT,
    ROUTED,
    RULE_FAILED,
    SECOND_LOOK,
    SENT_BACK,
    SHARED,
    STATUS,
)

_TO_DEPARTMENT = "assigned to department"
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        ASSIGNED: "{number} was given to you", _TO_DEPARTMENT: "{number} was given to {department}",
        GIVEN_BACK: "{number} came back", SHARED: "{number} was shared with you",
        APPROVAL: "{number} waits for your approval", SENT_BACK: "{number} was not approved",
        SECOND_LOOK: "{number} is to be looked at once more", ROUTED: "{number} has come in",
        RULE_FAILED: "{number} waits with the registry: a rule could not be followed",
        DEADLINE_SOON: "{number} is due soon", DEADLINE_PASSED: "{number} is overdue",
        BROUGHT_BACK: "{number} is back with the registry: nobody could work on it",
        RECEIPT: "We have received your letter: {number}", STATUS: "Your letter {number}: {state}",
        "subject": "Subject", "by": "By", "reason": "Why", "why": "Why", "hours": "Working hours left",
        "absent": "You stand in for", "action": "You may",
        "deadline": "Deadline", "due_at": "Due", "failed": "Rule", "received": "Received", "state": "State",
        "answered": "answered", "closed": "closed", "rejected": "rejected",
        "digest": "{count} notices", "digest one": "1 notice",
        "foot": "Sent by {office}. How you are told is yours to choose: postroom user notices",
        "foot outside": "Please name this number when you write to us.\n\n{office}",
    },
    "es": {
        ASSIGNED: "Se le ha asignado {number}", _TO_DEPARTMENT: "{number} se ha asignado a {department}",
        GIVEN_BACK: "{number} ha sido devuelto", SHARED: "{number} se ha compartido con usted",
        APPROVAL: "{number} espera su aprobación", SENT_BACK: "{number} no ha sido aprobado",
        SECOND_LOOK: "{number} debe revisarse de nuevo", ROUTED: "Ha entrado {number}",
        RULE_FAILED: "{number} espera en el registro: no se pudo aplicar una regla",
        DEADLINE_SOON: "{number} vence pronto", DEADLINE_PASSED: "{number} ha vencido",
        BROUGHT_BACK: "{number} ha vuelto al registro: nadie podía tramitarlo",
        RECEIPT: "Hemos recibido su carta: {number}", STATUS: "Su carta {number}: {state}",
        "subject": "Asunto", "by": "Por", "reason": "Motivo", "why": "Motivo",
        "hours": "Horas hábiles restantes",
        "absent": "En sustitución de",
        "action": "Puede", "deadline": "Plazo", "due_at": "Vence", "failed": "Regla", "received": "Recibido",
        "state": "Estado", "answered": "respondida", "closed": "cerrada", "rejected": "rechazada",
        "digest": "{count} avisos", "digest one": "1 aviso",
        "foot": "Enviado por {office}. Usted elige cómo se le avisa: postroom user notices",
        "foot outside": "Indique este número cuando nos escriba.\n\n{office}",
    },
    "fr": {
        ASSIGNED: "{number} vous a été confié", _TO_DEPARTMENT: "{number} a été confié à {department}",
        GIVEN_BACK: "{number} est revenu", SHARED: "{number} a été partagé avec vous",
        APPROVAL: "{number} attend votre approbation", SENT_BACK: "{number} n’a pas été approuvé",
        SECOND_LOOK: "{number} est à revoir", ROUTED: "{number} est arrivé",
        RULE_FAILED: "{number} attend au bureau d’ordre : une règle n’a pas pu être suivie",
        DEADLINE_SOON: "{number} arrive à échéance", DEADLINE_PASSED: "{number} est en retard",
        BROUGHT_BACK: "{number} est revenu au bureau d’ordre : personne ne pouvait le traiter",
        RECEIPT: "Nous avons reçu votre courrier : {number}", STATUS: "Votre courrier {number} : {state}",
        "subject": "Objet", "by": "Par", "reason": "Motif", "why": "Motif",
        "hours": "Heures ouvrées restantes",
        "absent": "Vous remplacez",
        "action": "Vous pouvez", "deadline": "Délai", "due_at": "Échéance", "failed": "Règle",
        "received": "Reçu", "state": "État", "answered": "répondu", "closed": "clos", "rejected": "rejeté",
        "digest": "{count} avis", "digest one": "1 avis",
        "foot": "Envoyé par {office}. Vous choisissez comment être averti : postroom user notices",
        "foot outside": "Merci de rappeler ce numéro quand vous nous écrivez.\n\n{office}",
    },
    "de": {
        ASSIGNED: "{number} wurde Ihnen zugewiesen",
        _TO_DEPARTMENT: "{number} wurde {department} zugewiesen",
        GIVEN_BACK: "{number} kam zurück", SHARED: "{number} wurde mit Ihnen geteilt",
        APPROVAL: "{number} wartet auf Ihre Freigabe", SENT_BACK: "{number} wurde nicht freigegeben",
        SECOND_LOOK: "{number} ist noch einmal anzusehen", ROUTED: "{number} ist eingegangen",
        RULE_FAILED: "{number} wartet in der Registratur: Eine Regel konnte nicht befolgt werden",
        DEADLINE_SOON: "{number} ist bald fällig", DEADLINE_PASSED: "{number} ist überfällig",
        BROUGHT_BACK: "{number} ist zurück in der Registratur: Niemand konnte es bearbeiten",
        RECEIPT: "Wir haben Ihr Schreiben erhalten: {number}", STATUS: "Ihr Schreiben {number}: {state}",
        "subject": "Betreff", "by": "Von", "reason": "Grund", "why": "Grund", "hours": "Arbeitsstunden übrig",
        "absent": "Sie vertreten",
        "action": "Sie dürfen", "deadline": "Frist", "due_at": "Fällig", "failed": "Regel",
        "received": "Eingegangen", "state": "Stand", "answered": "beantwortet", "closed": "abgeschlossen",
        "rejected": "abgelehnt", "digest": "{count} Mitteilungen", "digest one": "1 Mitteilung",
        "foot": "Gesandt von {office}. Wie Sie benachrichtigt werden, bestimmen Sie: postroom user notices",
        "foot outside": "Bitte nennen Sie diese Nummer, wenn Sie uns schreiben.\n\n{office}",
    },
}  # fmt: skip
"""By language; whoever reads another is written to in the first."""

OUTSIDE = (RECEIPT, STATUS)
"""What goes to senders outside."""
_DETAILS = ("absent", "by", "reason", "why", "action", "deadline", "due_at", "hours", "failed")
_LONGEST = 300  # signs of a detail


@dataclass(frozen=True, slots=True)
class Item:
    """Something that somebody is told; ``subject`` of the entry, "" for what mail does not say.

    ``at`` is when it happened, ``told`` what else there is to say of it.
    """

    kind: str
    number: str
    at: datetime
    subject: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)


def line(item: Item, language: str) -> str:
    """What happened, in one line. A kind that is not known is told by its own name."""
    words = _words(language)
    by_department = item.kind == ASSIGNED and "department" in item.told
    pattern = words.get(_TO_DEPARTMENT if by_department else item.kind)
    if pattern is None:
        return f"{item.number}: {item.kind}" if item.number else item.kind
    state = str(item.told.get("state", ""))
    said = {"number": item.number, "department": item.told.get("department", "")}
    return pattern.format(**said, state=words.get(state, state))


def mail(item: Item, office: str, language: str) -> tuple[str, str]:
    """Subject and text of a mail to somebody of the office."""
    said = line(item, language)
    return said, "\n".join([said, "", *_details(item, language), "", _foot("foot", office, language)])


def digest(items: Sequence[Item], office: str, language: str) -> tuple[str, str]:
    """Subject and text of a mail that tells all of it."""
    words = _words(language)
    title = words["digest one"] if len(items) == 1 else words["digest"].format(count=len(items))
    rows: list[str] = []
    for item in items:
        rows += [f"* {line(item, language)}", *(f"  {one}" for one in _details(item, language)), ""]
    return f"{office}: {title}", "\n".join([*rows, _foot("foot", office, language)])


def outside(item: Item, office: str, language: str) -> tuple[str, str]:
    """Subject and text of a mail to who sent a letter: its number, state and subject, and no more."""
    words, said = _words(language), line(item, language)
    rows = [f"{words['subject']}: {_short(item.subject)}"] if item.subject else []
    if item.kind == RECEIPT:
        rows.append(f"{words['received']}: {_moment(item.at)}")
    return said, "\n".join([said, "", *rows, "", _foot("foot outside", office, language)])


def _details(item: Item, language: str) -> list[str]:
    words = _words(language)
    rows = [("subject", item.subject), *((name, _text(item.told.get(name, ""))) for name in _DETAILS)]
    return [f"{words[name]}: {_short(value)}" for name, value in rows if value]


def _text(value: Any) -> str:
    """A moment as people read it, several things in one line, all else as it is."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {one}" for name, one in value.items())
    try:
        return _moment(datetime.fromisoformat(str(value))) if "T" in str(value) else str(value)
    except ValueError:
        return str(value)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} {at.tzname()}"


def _short(text: str) -> str:
    """In one line, which nobody can make another of, and not endless."""
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"


def _foot(name: str, office: str, language: str) -> str:
    return f"-- \n{_words(language)[name].format(office=office)}"


def _words(language: str) -> Mapping[str, str]:
    return WORDS.get(language, WORDS["en"])
