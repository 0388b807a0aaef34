"""The public page that checks receipts: no account, no script; it tells what the receipt itself says."""

import base64
import hashlib
import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods

from archive.keys import HEADS, heads_key
from archive.port import NotFound
from desk.addresses import Limit, address, whose
from desk.check_words import LANGUAGES, language_of
from desk.instance import served
from desk.uploads import copy_to, is_too_large
from domain.errors import Unavailable, Usage
from domain.receipt import Receipt
from domain.wire import to_plain
from flows import receipts as flow
from flows.mailed import file_name
from flows.proofs import proof_of
from infra.settings import DeskSettings
from register import receipts
from register.session import asking

log = structlog.get_logger()
_limit = Limit()
_FORM = 1 << 16  # bytes beside the file
_NOTHING = SafeString("")
_GOOD, _BAD, _NEUTRAL = "good", "bad", "neutral"
_TONES = {"genuine": _GOOD, "document": _GOOD, "found": _GOOD, "void": _NEUTRAL}
_STATUS = {
    "large": 413,
    "wait": 429,
    "silent": 503,
    "nothing": 400,
    "not found": 404,
    "gone": 410,
    "tomorrow": 404,
}
_STYLE = """
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--line:#767676;--key:#0b4f9c;--good:#0b6b2c;
--bad:#a3121f;--neutral:#7a4a00}
@media(prefers-color-scheme:dark){:root{--ink:#eee;--paper:#161616;--line:#8f8f8f;--key:#8ec1ff;--good:#7ddf9a;
--bad:#ff9aa2;--neutral:#ffc46b}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1.0625rem/1.5 system-ui,sans-serif}
header,main{max-width:44rem;margin:0 auto;padding:1rem}
header{border-bottom:1px solid var(--line);font-weight:600}
h1{font-size:clamp(1.375rem,6vw,1.75rem);line-height:1.2;margin:.5rem 0;overflow-wrap:anywhere;
hyphens:auto}
h2{font-size:1.375rem;margin:0 0 .25rem}
form{margin:1.5rem 0;display:grid;gap:.75rem}
label{font-weight:600;display:grid;gap:.25rem}
input,button,.button{font:inherit;font-weight:400;min-height:2.75rem;padding:.5rem .75rem;width:100%;
max-width:100%;
border-radius:.25rem;border:1px solid var(--line);background:var(--paper);color:var(--ink)}
button,.button{width:auto;justify-self:start;background:var(--key);color:var(--paper);border-color:var(--key);
font-weight:600;cursor:pointer;display:inline-block;text-decoration:none}
a{color:var(--key)}
:focus-visible{outline:3px solid var(--key);outline-offset:2px}
.or{border-top:1px solid var(--line);padding-top:.5rem}
.told{border-left:.5rem solid;padding:.75rem 1rem;margin:1.5rem 0}
.told p{margin:.25rem 0;color:var(--ink)}
.good{color:var(--good)}.bad{color:var(--bad)}.neutral{color:var(--neutral)}
dl,table{color:var(--ink);width:100%;margin:1rem 0}
dt{font-weight:600}dd{margin:0 0 .5rem;overflow-wrap:anywhere}
table{border-collapse:collapse;table-layout:fixed}
th,td{text-align:left;vertical-align:top;padding:.5rem .25rem;border-bottom:1px solid var(--line);
overflow-wrap:anywhere}
@media(max-width:34rem){thead{display:none}tr,tr>*{display:block}
tr{padding:.5rem 0;border-bottom:1px solid var(--line)}
tr>*{border:0;padding:.125rem 0}td::before{content:attr(data-of) ": ";font-weight:600}}
"""
_ALLOWED = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_ALLOWED}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept-Language",
}


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Ask for a receipt, or say what it is that somebody gives."""
    number, code = request.GET.get("n", ""), request.GET.get("c", "")
    if request.method != "POST" and not (number or code):
        return _page(request)
    return _asked(request, number, code)


@require_http_methods(["GET"])
def download(request: HttpRequest) -> HttpResponse:
    """The receipt itself, for whoever has its number and code."""
    if refused := _too_often(request):
        return refused
    number, code = request.GET.get("n", ""), request.GET.get("c", "")
    try:
        if not asking(receipts.knows, number, code):
            return _told(request, "not found")
        pdf = asking(flow.again, served(), number)
    except (Unavailable, Usage) as error:
        log.warning("a receipt could not be made again", reason=str(error))
        return _told(request, "silent")
    if pdf is None:
        return _told(request, "gone")
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{file_name(number)}.pdf"'
    return _sealed(answer)


@require_http_methods(["GET"])
def heads(request: HttpRequest, day: str = "") -> HttpResponse:
    """The published heads of a day as they lie in the archive, or the days that there are, as JSON."""
    if refused := _too_often(request):
        return refused
    archive = served().archive
    try:
        if not day:
            days = [key.removeprefix(HEADS).removesuffix(".json") for key in archive.list(HEADS)]
            return _sealed(JsonResponse({"days": days}))
        return _sealed(HttpResponse(archive.read(heads_key(day)), content_type="application/json"))
    except (NotFound, Usage):
        return _sealed(HttpResponse(status=404))
    except Unavailable:
        return _told(request, "silent")


@require_http_methods(["GET"])
def proof(request: HttpRequest) -> HttpResponse:
    """What proves the receipt with the published heads, for whoever has its number and code."""
    if refused := _too_often(request):
        return refused
    number, code = request.GET.get("n", ""), request.GET.get("c", "")
    try:
        if not asking(receipts.knows, number, code):
            return _told(request, "not found")
        data = asking(proof_of, served(), number)
    except Usage:
        return _told(request, "tomorrow")
    except Unavailable:
        return _told(request, "silent")
    answer = HttpResponse(data, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{file_name(number)}.proof.json"'
    return _sealed(answer)


def _asked(request: HttpRequest, number: str, code: str) -> HttpResponse:
    if refused := _too_often(request):
        return refused
    desk = served().settings.desk
    try:
        if _too_large(request, desk):
            return _told(request, "large", mb=desk.upload_mb)
        file = request.FILES.get("file") if request.method == "POST" else None
        if file:
            if is_too_large(served(), file):
                return _told(request, "large", mb=desk.upload_mb)
            return _file(request, file)
        number = str(request.POST.get("number", number)).strip()
        code = str(request.POST.get("code", code)).strip()
        if not (number and code):
            return _told(request, "nothing")
        return _known(request, number, code)
    except (Unavailable, Usage) as error:
        log.warning("a receipt could not be checked", reason=str(error))
        return _told(request, "silent")
    except (MultiPartParserError, RequestDataTooBig, SuspiciousOperation, UnicodeError):
        return _told(request, "nothing")


def _too_often(request: HttpRequest) -> HttpResponse | None:
    desk = served().settings.desk
    asker = whose(address(request, desk.proxies))
    wait = _limit.wait(asker, desk.checks_per_minute, desk.checks_per_minute_all)
    if not wait:
        return None
    seconds = math.ceil(wait)
    answer = _told(request, "wait", seconds=seconds)
    answer["Retry-After"] = str(seconds)
    return answer


def _too_large(request: HttpRequest, desk: DeskSettings) -> bool:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return True
    return length > (desk.upload_mb << 20) + _FORM


def _file(request: HttpRequest, file: Any) -> HttpResponse:
    with tempfile.NamedTemporaryFile(prefix="postroom-check-") as copy:
        copy_to(Path(copy.name), file)
        found = asking(flow.check, served(), Path(copy.name))
    if found.finding in ("altered", "made up") and not found.known:
        # What a forger guesses must not be answered: not even whether there is such an entry.
        return _told(request, "altered", says=_words(request)["altered_hidden"])
    inside = _differing(found.differs, _words(request)) if found.differs else _NOTHING
    return _told(request, found.finding, inside=inside)


def _known(request: HttpRequest, number: str, code: str) -> HttpResponse:
    if not asking(receipts.knows, number, code):
        number = number.upper()  # as most offices write them, and people do not
        if not asking(receipts.knows, number, code):
            return _told(request, "not found")
    given = asking(receipts.given, number)
    if not given:
        return _told(request, "not found")
    words = _words(request)
    receipt = flow.said(given[-1]["receipt"])
    link = format_html(
        '<p><a class="button" href="/check/receipt?{0}">{1}</a></p><p><a href="/check/proof?{0}">{2}</a></p>',
        urlencode({"n": receipt.number, "c": receipt.code}),
        words["download"],
        words["proof"],
    )
    void = asking(flow.is_void, number)
    return _told(request, "void" if void else "found", inside=_certified(receipt, words) + link)


def _certified(receipt: Receipt, words: Mapping[str, str]) -> SafeString:
    told = {name: flow.text(value) for name, value in to_plain(receipt).items()}
    rows = [(words[name], _moment(name, told[name])) for name in ("number", *_SHOWN) if told[name] not in _NO]
    return format_html("<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows))


_NO = ("", "0")


def _moment(name: str, told: str) -> str:
    return told.replace("T", " ", 1) if name.endswith("_at") else told


_SHOWN = (
    "received_at", "entered_at", "channel", "senders", "recipients", "subject", "reference", "pages", "files",
    "sequence", "hash", "clock", "stamp", "issued_at",
)  # fmt: skip


def _differing(differs: tuple[tuple[str, str, str], ...], words: Mapping[str, str]) -> SafeString:
    heads = format_html_join(
        "", '<th scope="col">{}</th>', [(words[one],) for one in ("what", "here", "there")]
    )
    rows = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td data-of="{}">{}</td><td data-of="{}">{}</td></tr>',
        [
            (words.get(name, name), words["here"], _moment(name, here), words["there"], _moment(name, there))
            for name, here, there in differs
        ],
    )
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", heads, rows)


def _words(request: HttpRequest) -> Mapping[str, str]:
    return LANGUAGES[language_of(request.headers.get("Accept-Language", ""))]


def _told(
    request: HttpRequest, finding: str, *, says: str = "", inside: SafeString = _NOTHING, **values: int
) -> HttpResponse:
    """The page that says so, below it what was asked for again."""
    words = _words(request)
    told = format_html(
        '<section class="told {}" role="status"><h2>{}</h2><p>{}</p>{}</section>',
        _TONES.get(finding, _BAD),
        words[finding],
        (says or words[f"{finding}_says"]).format(**values),
        inside,
    )
    return _page(request, told, _STATUS.get(finding, 200))


def _page(request: HttpRequest, told: SafeString = _NOTHING, status: int = 200) -> HttpResponse:
    language = language_of(request.headers.get("Accept-Language", ""))
    words = LANGUAGES[language]
    form = format_html(
        '<form method="post" action="/check" enctype="multipart/form-data">'
        '<label>{file}<input type="file" name="file" accept="application/pdf,.pdf,image/*" required></label>'
        "<button>{by_file}</button></form>"
        '<p class="or">{or}</p>'
        '<form method="post" action="/check">'
        '<label>{number}<input name="number" autocomplete="off" maxlength="64" required '
        'placeholder="IN-2026-000001-7"></label>'
        '<label>{code}<input name="code" autocomplete="off" maxlength="40" required></label>'
        "<button>{by_code}</button></form>",
        **words,
    )
    body = format_html(
        '<!doctype html><html lang="{}"><head><meta charset="utf-8"><title>{}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><style>{}</style></head>'
        "<body><header>{}</header><main><h1>{}</h1><p>{}</p>{}</main></body></html>",
        language,
        words["title"],
        mark_safe(_STYLE),  # noqa: S308 - ours
        served().settings.office.name,
        words["title"],
        words["lead"],
        told + form,
    )
    return _sealed(HttpResponse(body, status=status))


def _sealed(answer: HttpResponse) -> HttpResponse:
    for name, value in _HEADERS.items():
        answer[name] = value
    return answer
