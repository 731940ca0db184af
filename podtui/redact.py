"""Keeps keys out of every log: known values, and whatever looks like a secret."""

import logging
import re
import traceback
from urllib.parse import quote, quote_plus

_MASK = "[secret]"
_known: set[str] = set()

# Header names with their value, as a header line, a dict, a list of pairs or JSON writes them.
_HEADER = re.compile(
    r"""(authorization|x-shopify-access-token)(\\?['"]?\s*[:=,]\s*)"""
    r"""(?:b?(\\?['"]).*?\3|(?:(?:bearer|basic)\s+)?[^\s'"]+)""",
    re.IGNORECASE,
)
_QUERY = re.compile(
    r"((?<![A-Za-z])(?:x-amz-(?:signature|credential|security-token)|token|sig|signature|api_key|apikey)=)"
    r"[^&\s\"'<>\\)]+",
    re.IGNORECASE,
)
_SHAPES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![A-Za-z0-9])(?:rpa_|shpat_|shpss_|sk_live_|ghp_)[A-Za-z0-9_-]{6,}",
        r"(?<![A-Za-z0-9])AKIA[A-Z0-9]{12,}",
        r"(?<=[Bb]earer )[A-Za-z0-9._~+/=-]{6,}",
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
        r"[A-Za-z0-9+/=_-]{400,}",
    )
)


def register(secret: str) -> None:
    """Name a value that must never be written, in its plain, quoted and escaped forms."""
    if len(secret) >= 6:
        _known.update({secret, quote(secret), quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]})


def redact(text: str) -> str:
    """Mask every known secret and whatever looks like one."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, _MASK)
    text = _HEADER.sub(rf"\1\2{_MASK}", text)
    text = _QUERY.sub(rf"\1{_MASK}", text)
    for pattern in _SHAPES:
        text = pattern.sub(_MASK, text)
    return text


class RedactingFilter(logging.Filter):
    """Masks message, arguments and traceback of a record before a handler writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; every record passes."""
        try:
            said = record.getMessage()
        except Exception:  # a record whose arguments do not fit is a fault of its own, and must not end us
            said = f"{record.msg} {record.args!r}"
        record.msg = redact(said)
        record.args = None
        if record.exc_info:
            record.exc_text = redact("".join(traceback.format_exception(*record.exc_info)).rstrip())
            record.exc_info = None
        elif record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


def install() -> None:
    """Put the filter before every handler of the root logger, and quiet the HTTP libraries."""
    for handler in logging.getLogger().handlers:
        if not any(isinstance(known, RedactingFilter) for known in handler.filters):
            handler.addFilter(RedactingFilter())
    for name in ("httpx", "httpcore", "websockets"):
        logging.getLogger(name).setLevel(logging.WARNING)
