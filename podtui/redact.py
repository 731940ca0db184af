"""Keeps keys out of every log: known values, and whatever looks like a secret."""

import logging
import re
import traceback
from urllib.parse import quote

_MASK = "[secret]"
_known: set[str] = set()

_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:rpa_|shpat_|shpss_|sk_live_|ghp_)[A-Za-z0-9_-]{6,}",
        r"\bAKIA[A-Z0-9]{12,}",
        r"(?<=authorization: )\S+(?: \S+)?",
        r"(?<=authorization': ')[^']+",
        r"(?<=x-shopify-access-token: )\S+",
        r"(?<=x-shopify-access-token': ')[^']+",
        r"(?<=bearer )[A-Za-z0-9._~+/=-]{8,}",
        r"(?<=x-amz-signature=)[^&\s\"']+",
        r"(?<=x-amz-credential=)[^&\s\"']+",
        r"(?<=x-amz-security-token=)[^&\s\"']+",
        r"(?<=[?&]token=)[^&\s\"']+",
        r"(?<=[?&]sig=)[^&\s\"']+",
        r"(?<=[?&]api_key=)[^&\s\"']+",
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
        r"[A-Za-z0-9+/=]{400,}",
    )
)


def register(secret: str) -> None:
    """Name a value that must never be written, in its plain, quoted and escaped forms."""
    if len(secret) >= 6:
        _known.update({secret, quote(secret, safe=""), repr(secret)[1:-1]})


def redact(text: str) -> str:
    """Mask every known secret and whatever looks like one."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, _MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(_MASK, text)
    return text


class RedactingFilter(logging.Filter):
    """Masks message, arguments and traceback of a record before any handler sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; every record passes."""
        record.msg = redact(record.getMessage())
        record.args = None
        if record.exc_info:
            record.exc_text = redact("".join(traceback.format_exception(*record.exc_info)).rstrip())
            record.exc_info = None
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
