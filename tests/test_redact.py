"""No key reaches a log: known values, what looks like one, arguments and tracebacks included."""

import io
import logging
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from podtui import redact
from podtui.settings import Settings

CANARY = "c4n4ry/with+odd'letters"
SHAPES = [
    "rpa_CANARY0123456789",
    "shpat_CANARY0123456789",
    "sk_live_CANARY0123456789",
    "ghp_CANARY0123456789",
    "AKIACANARY0123456789",
    "eyJhbGciOiJDQU5BUlk.eyJzdWIiOiJDQU5BUlk.CANARY-signature_0",
    "CANARY" * 80,
]
IN_PLACE = [
    "X-Amz-Signature=CANARY0&x=1",
    "https://a.example/b?X-Amz-Credential=CANARY0%2F20261122&X-Amz-Date=20261122T075702Z",
    "https://a.example/b?X-Amz-Security-Token=CANARY0",
    "https://a.example/b?token=CANARY0",
    "https://a.example/b?a=1&sig=CANARY0&b=2",
    "https://a.example/b?api_key=CANARY0",
    "Authorization: Bearer CANARY0",
    "authorization: CANARY0",
    "{'Authorization': 'Bearer CANARY0'}",
    "[(b'Authorization', b'Bearer CANARY0')]",
    '{"Authorization": "Bearer CANARY0"}',
    "X-Shopify-Access-Token: CANARY0",
    "{'X-Shopify-Access-Token': 'CANARY0'}",
    "[(b'X-Shopify-Access-Token', b'CANARY0')]",
    "Headers({'x-shopify-access-token': 'CANARY0'})",
]


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(redact.RedactingFilter())
    logger = logging.getLogger("podtui.test_redact")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
    redact.register(CANARY)
    yield logger, written
    logger.removeHandler(handler)


@pytest.mark.parametrize("text", SHAPES + IN_PLACE)
def test_s3_s4_s5_what_looks_like_a_secret_is_masked(text: str) -> None:
    assert "CANARY" not in redact.redact(f"before {text} after")
    assert redact.redact(f"before {text} after").startswith("before ")


def test_s4_the_rest_of_a_link_stays() -> None:
    text = redact.redact(
        "GET https://s3.example.com/a.png?X-Amz-Date=20261122T075702Z&X-Amz-Signature=00ff&x=1"
    )
    assert "https://s3.example.com/a.png" in text
    assert "00ff" not in text
    assert text.endswith("&x=1")


@pytest.mark.parametrize(
    "form",
    [CANARY, quote(CANARY, safe=""), quote(CANARY), repr(CANARY), repr(CANARY.encode()), f"x{CANARY}y"],
)
def test_s3_a_known_value_is_masked_in_every_form(form: str) -> None:
    redact.register(CANARY)
    assert "c4n4ry" not in redact.redact(form)


def test_ordinary_words_stay() -> None:
    for text in (
        "Generating image 1/10...",
        "token of thanks",
        "a signature dish",
        "batch_0123456789ab",
        "1" * 50,
    ):
        assert redact.redact(text) == text


def test_s3_message_arguments_and_traceback_are_masked(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log
    logger.warning("key %s of %r", CANARY, {"Authorization": f"Bearer {CANARY}"})
    try:
        raise ValueError(f"bad key {CANARY}")
    except ValueError:
        logger.exception("it failed with %s", CANARY, stack_info=True)
    text = written.getvalue()
    assert "c4n4ry" not in text
    assert "ValueError: bad key [secret]" in text


def test_a_record_whose_arguments_do_not_fit_is_still_written(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, written = log
    logger.warning("one %s two %s %d", CANARY)
    assert "one" in written.getvalue()
    assert "c4n4ry" not in written.getvalue()


def test_s4_s5_httpx_errors_and_headers_are_masked(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log
    request = httpx.Request(
        "GET",
        "https://s3.example.com/a?X-Amz-Signature=CANARY0",
        headers={"X-Shopify-Access-Token": "CANARY0", "Authorization": "Bearer CANARY0"},
    )
    try:
        httpx.Response(403, request=request).raise_for_status()
    except httpx.HTTPStatusError as error:
        logger.error("%s %r", error, request.headers)
        logger.error("raw %s", request.headers.raw)
    assert "CANARY" not in written.getvalue()


def test_s6_validation_errors_hide_what_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(hide_input_in_errors=True)
        key: SecretStr
        number: int = 0

    with pytest.raises(ValidationError) as caught:
        Strict.model_validate({"key": 7, "number": "CANARY"})
    assert "CANARY" not in str(caught.value)
    monkeypatch.setenv("RUNPOD_API_KEY", "CANARY\nCANARY")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "CANARY" not in str(refused.value)


def test_s3_the_http_libraries_log_no_requests() -> None:
    levels = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "websockets")}
    root = logging.getLogger()
    handler = logging.NullHandler()
    root.addHandler(handler)
    try:
        redact.install()
        redact.install()
        assert [type(found) for found in handler.filters] == [redact.RedactingFilter]
        assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
        assert not logging.getLogger("httpcore.connection").isEnabledFor(logging.DEBUG)
    finally:
        root.removeHandler(handler)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
