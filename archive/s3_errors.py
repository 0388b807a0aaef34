"""What S3 and the way to it can say, as errors of ours. Nothing here shows a credential or a signature."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)
from botocore.exceptions import ConnectionError as NoConnection
from botocore.httpsession import URLLib3SSLError  # type: ignore[attr-defined]
from botocore.parsers import ResponseParserError

from archive.port import Conflict, NotFound
from domain.errors import Denied, PostroomError, Unavailable, Usage

# Refusals in form, but the fault of the way or the moment: the same request may pass the next time.
_PASSING = frozenset(
    (
        "BadDigest", "ConditionalRequestConflict", "IncompleteBody", "InvalidDigest", "OperationAborted",
        "RequestTimeTooSkewed", "RequestTimeout", "SlowDown", "Throttling", "ThrottlingException",
        "TooManyRequests", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch",
    )
)  # fmt: skip
_TAKEN = frozenset(("ExistingObjectIsDirectory", "ObjectParentIsFile", "PreconditionFailed"))
_CREDENTIALS = "Correct the credentials that the AWS chain gives (AWS_ACCESS_KEY_ID, AWS_PROFILE, a role)"
_REGION = "Correct archive.region"
BUCKET_FIX = "Make the bucket (docs/archive.md), or correct archive.bucket"
_FIXES = {
    "AccessDenied": "Give the role in use the policy in docs/archive.md",
    "AuthorizationHeaderMalformed": _REGION,
    "BucketAlreadyExists": "Somebody else has a bucket of that name: choose another archive.bucket",
    "ExpiredToken": _CREDENTIALS,
    "IllegalLocationConstraintException": _REGION,
    "InvalidAccessKeyId": _CREDENTIALS,
    "InvalidBucketName": "Correct archive.bucket",
    "InvalidRequest": "If it is about object lock: the bucket must be made with it (docs/archive.md)",
    "InvalidToken": _CREDENTIALS,
    "InvalidTokenId": _CREDENTIALS,
    "NoSuchBucket": BUCKET_FIX,
    "ObjectLockConfigurationNotFoundError": (
        "Make a bucket with object lock (docs/archive.md), or set archive.retention_days = 0"
    ),
    "PermanentRedirect": _REGION,
    "SignatureDoesNotMatch": _CREDENTIALS,
    403: "Check the credentials, and that their role has the policy in docs/archive.md",
    404: BUCKET_FIX,
    405: "This S3 cannot do it; docs/archive.md says what it must be able to do",
    501: "This S3 cannot do it; docs/archive.md says what it must be able to do",
}
_MISSING = frozenset(("404", "NoSuchKey", "NotFound", "NoSuchUpload", "NoSuchVersion"))
_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, ProfileNotFound)
_TRANSPORT = (
    ConnectionError, HTTPClientError, IncompleteReadError, NoConnection, ResponseParserError,
    ResponseStreamingError, TimeoutError, URLLib3SSLError,  # the last: TLS fails inside of a body
)  # fmt: skip


class PastTheEnd(PostroomError):
    """The part that was asked for begins at the object's end or after it."""


def ours(error: Exception, place: str) -> Exception:
    """The error of ours that says the same; ``error`` itself if it is not from S3.

    ``NotFound`` for a missing object, ``Conflict`` for a taken key, ``PastTheEnd`` for a part that is not
    there, ``Unavailable`` for what may pass by itself, ``Denied`` for a refusal that credentials, rights,
    the bucket or the settings explain, ``Usage`` for any other. ``place`` names endpoint, bucket and object.
    """
    if isinstance(error, ClientError):
        return _answer(error, place)
    if not isinstance(error, (BotoCoreError, *_TRANSPORT)):
        return error
    if isinstance(error, CredentialRetrievalError):
        return Unavailable(f"{place}: the source of the AWS credentials does not answer. See that it runs")
    if isinstance(error, _NO_CREDENTIALS):
        return Denied(f"{place}: {_sentence(error)}. {_CREDENTIALS}")
    if isinstance(error, NoRegionError):
        return Denied(f"{place}: no region is set. Set archive.region or AWS_DEFAULT_REGION")
    if isinstance(error, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Denied(
            f"{place}: its certificate is not signed by an authority that this machine trusts. Name the "
            "authority's file in AWS_CA_BUNDLE"
        )
    if isinstance(error, ConnectTimeoutError | ReadTimeoutError):
        return Unavailable(f"{place} did not answer in time. See that it runs and can be reached")
    if isinstance(error, _TRANSPORT):
        why = type(error).__name__
        return Unavailable(f"{place} did not answer ({why}). See that it runs and can be reached")
    return Denied(f"{place}: {_sentence(error)}. Correct the settings of [archive]")


def _answer(error: ClientError, place: str) -> PostroomError:
    said = error.response.get("Error", {})
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code = str(said.get("Code", status))
    told = f"{place}, {error.operation_name}: {code} ({str(said.get('Message', status)).rstrip('.')})"
    if status == 404 and code in _MISSING:
        return NotFound(f"{place}: there is no such object")
    if status == 416:
        return PastTheEnd(told)
    if status == 412 or code in _TAKEN:
        return Conflict(told)
    if code == "RequestTimeTooSkewed":
        return Unavailable(f"{told}. Set this machine's clock")
    if code in _PASSING or status == 429 or (status >= 500 and status != 501) or status < 300:
        return Unavailable(f"{told}. The work goes on by itself when it can again")
    if fix := _FIXES.get(code) or _FIXES.get(status):
        return Denied(f"{told}. {fix}")
    return Usage(f"{told}. See docs/archive.md")


def _sentence(error: Exception) -> str:
    return str(error).rstrip(".")
