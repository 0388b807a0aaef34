"""Settings: read once, from ``HOME/postroom.toml`` and ``POSTROOM_*`` variables, which win."""

import os
import re
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import platformdirs
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from archive.settings import ArchiveSettings
from capture.settings import CaptureSettings
from capture.tools.tesseract import PLACES, find_tessdata
from domain.correspondence import Direction
from domain.errors import Usage
from domain.states import checked_states
from domain.working_time import USUAL_HOURS, opening_hours
from index.settings import IndexSettings
from infra.calendars import countries

CHECKOUT = Path(__file__).resolve().parents[1]


class DatabaseSettings(BaseModel):
    """Where the register lies.

    Attributes:
        url: ``postgresql://user:password@host:5432/postroom``; "" for SQLite in the home.
        connections: most connections that one process opens.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: SecretStr = SecretStr("")
    connections: int = Field(default=8, ge=1, le=200)


def _address(url: str) -> str:
    parts = urlsplit(url)
    if url and not (parts.scheme in ("http", "https") and parts.hostname and not parts.query):
        raise ValueError("not an address; use one such as https://registry.example.org")
    return url


def _networks(names: list[str]) -> list[str]:
    for one in names:
        ip_network(one, strict=False)
    return names


class OfficeSettings(BaseModel):
    """What the office's own letters bear, and when it is open.

    Attributes:
        name: of the office.
        address: below its name; lines are kept.
        logo: path of a picture, PNG, JPEG or SVG; "" for none.
        hours: when it is open in a week, such as ``Mon-Fri 09:00-12:30, 13:30-17:00; Sat 10:00-12:00``.
        country: whose holidays it keeps, ISO 3166-1; "" for none.
        subdivision: of the country, ISO 3166-2, such as ``BY``; "" for the holidays of all of it.
        public_url: address at which the desk is reached from outside, as receipts name it; "" for none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "Registry"
    address: str = ""
    logo: str = ""
    hours: str = USUAL_HOURS
    country: str = ""
    subdivision: str = ""
    public_url: Annotated[str, AfterValidator(_address)] = ""

    @field_validator("hours")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        opening_hours(text)
        return text

    @field_validator("country")
    @classmethod
    def _known_country(cls, country: str) -> str:
        if country and country not in countries():
            raise ValueError("no country with holidays that are known; use two letters such as DE")
        return country

    @field_validator("subdivision")
    @classmethod
    def _known_subdivision(cls, subdivision: str, info: ValidationInfo) -> str:
        known = countries().get(info.data.get("country", ""), []) if subdivision else []
        if subdivision and subdivision not in known:
            there = f"its are: {', '.join(known)}" if known else "its country has none"
            raise ValueError(f"no such part of the country; {there}")
        return subdivision


class DeskSettings(BaseModel):
    """What the desk lets through.

    Attributes:
        proxies: addresses or networks of proxies in front of it, which are believed about who asks.
        checks_per_minute: that one address may make on the public page.
        checks_per_minute_all: that all together may make.
        upload_mb: most of a file that is checked there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    proxies: Annotated[list[str], AfterValidator(_networks)] = []
    checks_per_minute: int = Field(default=20, ge=1)
    checks_per_minute_all: int = Field(default=300, ge=1)
    upload_mb: int = Field(default=20, ge=1, le=64)


class MailSettings(BaseModel):
    """How mail goes out.

    Attributes:
        host: of the SMTP server; "" for a folder, ``mail/`` in the home.
        port: 0 for the usual one: 587 with ``starttls``, 465 with ``tls``, 25 with ``none``.
        tls: how the connection is kept secret.
        user, password: for the server; "" for none.
        sender: address that mail comes from.
        certificates: file with authorities to trust beside the system's; "" for none.
        timeout_seconds: to wait for an answer.
        digest_hour: hour of the day, in the office's zone, at which digests go.
        external: whether senders outside get a receipt and hear what became of their letter.
        language: of mail to addresses whose language is not known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = ""
    port: int = Field(default=0, ge=0, le=65535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretStr = SecretStr("")
    sender: str = Field(default="postroom@localhost", pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$")
    certificates: str = ""
    timeout_seconds: float = Field(default=20.0, gt=0, le=60)
    digest_hour: int = Field(default=7, ge=0, le=23)
    external: bool = False
    language: str = Field(default="en", pattern="^[a-z]{2}$")

    @field_validator("password")
    @classmethod
    def _not_in_the_clear(cls, password: SecretStr, told: ValidationInfo) -> SecretStr:
        here = told.data.get("host") in ("localhost", "127.0.0.1", "::1")
        if password.get_secret_value() and told.data.get("tls") == "none" and not here:
            raise ValueError("it would go over the network in the clear; set mail.tls")
        return password


class TimeSettings(BaseModel):
    """Who says what time it is.

    Attributes:
        ntp: time servers that this machine's clock is compared with, ``host`` or ``host:port``; the first
            that answers.
        ntp_minutes: between two comparisons.
        ntp_warn_seconds: by which the clock may be wrong before that is an error in the log.
        authority: address of a time-stamping authority (RFC 3161); "" for none.
        authority_user: with which it is asked; "" for none.
        authority_password: of the user.
        authority_ca: PEM file of the certificates that its stamps are checked with; "" to see only that they
            are over what they should be, and signed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ntp: list[str] = []
    ntp_minutes: int = Field(default=60, ge=1)
    ntp_warn_seconds: float = Field(default=1.0, gt=0)
    authority: Annotated[str, AfterValidator(_address)] = ""
    authority_user: str = ""
    authority_password: SecretStr = SecretStr("")
    authority_ca: str = ""


class ClassifierSettings(BaseModel):
    """What the classifier may do, and how it learns.

    Attributes:
        max_error: share 0-1 of what is filed by machine that may be wrong.
        max_error_by_class: the same for single classes; the others keep to ``max_error`` among themselves.
        confidence: with which that is promised.
        blind_share: share 0-1 of documents filed by machine that a person classes without seeing the guess.
        blind_second: share 0-1 of those that a second person classes too.
        promotion: whether a challenger that passes the gate comes into use by itself, or waits for a person.
        retrain_after: corrections after which ``postroom up`` trains anew; 0 for never.
        retrain_hour: hour of the day, in the office's zone, after which it does so each night; -1 for never.
        review_seconds: that a person takes for a document, for saying how long the queue takes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_error: float = Field(default=0.02, gt=0, lt=1)
    max_error_by_class: dict[str, Annotated[float, Field(gt=0, lt=1)]] = {}
    confidence: float = Field(default=0.9, gt=0, lt=1)
    blind_share: float = Field(default=0.01, ge=0, le=1)
    blind_second: float = Field(default=0.2, ge=0, le=1)
    promotion: Literal["automatic", "approved"] = "automatic"
    retrain_after: int = Field(default=50, ge=0)
    retrain_hour: int = Field(default=2, ge=-1, le=23)
    review_seconds: float = Field(default=20.0, gt=0)


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < 16:
        raise ValueError("at least 16 signs; make one with: openssl rand -base64 32")
    return secret


Machine = Annotated[dict[str, tuple[str, ...]], AfterValidator(checked_states)]


class Settings(BaseSettings):
    """What an installation may set. Every key stands in ``docs/settings.md``."""

    model_config = SettingsConfigDict(
        env_prefix="POSTROOM_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    processes: int = Field(default=os.cpu_count() or 1, ge=1, le=256)
    timezone: str = "UTC"
    prefect_api_url: str = ""
    prefect_auth: SecretStr = SecretStr("")
    stuck_after_seconds: float = Field(default=900.0, gt=0)
    stale_after_seconds: float = Field(default=45.0, ge=1.0)
    retry_after_seconds: float = Field(default=60.0, ge=1.0)
    leaves_to_workers: bool = False
    chunk_pages: int = Field(default=40, ge=1, le=1000)
    database: DatabaseSettings = DatabaseSettings()
    archive: ArchiveSettings = ArchiveSettings()
    index: IndexSettings = IndexSettings()
    capture: CaptureSettings
    classifier: ClassifierSettings = ClassifierSettings()
    states: dict[str, dict[Direction, Machine]] = {}
    office: OfficeSettings = OfficeSettings()
    desk: DeskSettings = DeskSettings()
    mail: MailSettings = MailSettings()
    time: TimeSettings = TimeSettings()
    webhook_secrets: dict[str, Annotated[SecretStr, AfterValidator(_long_enough)]] = {}

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("not a time zone; use a name such as Europe/Madrid")
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The office's time zone: the year of a register number is taken in it."""
        return ZoneInfo(self.timezone)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, whose values come in as arguments."""
        return env_settings, init_settings


def find_home(argument: Path | None) -> Path:
    """Where the instance lives: as asked, else ``POSTROOM_HOME``, ``var/`` of a checkout, the user's data."""
    if argument or os.environ.get("POSTROOM_HOME"):
        return Path(argument or os.environ["POSTROOM_HOME"]).expanduser().resolve()
    if (CHECKOUT / "pyproject.toml").exists():
        return CHECKOUT / "var"
    return Path(platformdirs.user_data_dir("postroom"))


def _tessdata() -> Path:
    try:
        return find_tessdata()
    except Usage:
        return PLACES[0]  # searching needs none; reading and the doctor say what to install


def _shown(name: str, wrong: str, value: object) -> str:
    """The value as people may see it: not if it may be a secret, such as one under a misspelt key."""
    secret = (
        name.endswith(("password", "api_key"))
        or name.startswith("webhook_secrets")
        or (wrong == "extra_forbidden" and "." in name)
    )
    return "***" if secret or re.search("://[^/]*@", repr(value)) else repr(value)


def load_settings(home: Path) -> Settings:
    """The settings of the instance in ``home``.

    Raises:
        Usage: a key or value that cannot be; names it, with the value and the fix.
    """
    file = home / "postroom.toml"
    values: dict[str, Any] = {}
    if file.exists():
        try:
            values = tomllib.loads(file.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Usage(f"{file} is not TOML: {error}. Correct it, or delete it for the defaults.") from error
    capture = values.setdefault("capture", {})
    if isinstance(capture, dict):
        capture.setdefault("tessdata", _tessdata())
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise Usage(
            f"setting {name} = {_shown(name, first['type'], first['input'])}: {first['msg']}. "
            f"Correct it in {file} or in POSTROOM_{name.upper().replace('.', '__')}; see docs/settings.md"
        ) from error
