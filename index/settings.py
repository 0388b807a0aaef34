"""Settings of the index: Tantivy in the home, or Elasticsearch where a server is named."""

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class IndexSettings(BaseModel):
    """Where entries are searched.

    Attributes:
        url: the address of Elasticsearch, such as ``https://search.office.example:9200``; "" for none.
        name: of the alias, and the beginning of the indexes' names.
        user: for basic authentication, with ``password``.
        api_key: instead of user and password.
        certificates: a file of authorities to trust beside the system's.
        bulk_mb: most megabytes of one bulk request.
        timeout_seconds: to wait for one answer.
        patience_seconds: to go on offering what an overloaded server turns away.
        shards: of an index that is made from now on.
        replicas: most copies of each shard; fewer where there are fewer machines.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = ""
    name: str = Field(default="postroom-entries", pattern=r"^[a-z][a-z0-9-]{0,99}$")
    user: str = ""
    password: SecretStr = SecretStr("")
    api_key: SecretStr = SecretStr("")
    certificates: str = ""
    bulk_mb: float = Field(default=8.0, gt=0, le=100)
    timeout_seconds: float = Field(default=30.0, gt=0, le=600)
    patience_seconds: float = Field(default=30.0, ge=0, le=3600)
    shards: int = Field(default=1, ge=1, le=1024)
    replicas: int = Field(default=1, ge=0, le=16)

    @field_validator("url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        if not url:
            return url
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not an address; use one such as https://search.office.example:9200")
        if "@" in parts.netloc:
            raise ValueError("an address without a password; give user and password in their own settings")
        return url
