"""Ways in which an answer goes wrong: each name is one way, told in HTTP or below it.

``accepted`` among a fault's arguments decides whether the request has its effect first.
"""

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from podtui.demo.wire import Answer, Talk

Args = dict[str, Any]
Act = Callable[[Talk, Answer, Args], Awaitable[None]]

_HTML = "<html><head><title>{code}</title></head><body><h1>{code} error</h1><p>cloudflare</p></body></html>"
_MAX_WAIT_S = 3600.0


@dataclass(frozen=True)
class HttpFault:
    """One way to go wrong."""

    act: Act
    runs_first: bool
    """Whether the request has its effect unless ``accepted`` says otherwise."""


def _code(code: int, body: str | None = None) -> HttpFault:
    """An answer with this status: HTML for 5xx, JSON below; ``body``, ``code``, ``headers`` may be given."""

    async def act(talk: Talk, _: Answer, args: Args) -> None:
        status = int(args.get("code", code))
        is_html = status >= 500 and body is None
        text = (
            body
            if body is not None
            else _HTML.format(code=status)
            if is_html
            else json.dumps({"error": f"HTTP {status}"})
        )
        text = str(args.get("body", text))
        headers = [("content-type", "text/html" if text.startswith("<") else "application/json")]
        headers += [(str(name), str(value)) for name, value in dict(args.get("headers", {})).items()]
        if "retry_after" in args:
            headers.append(("retry-after", str(args["retry_after"])))
        if "location" in args:
            headers.append(("location", str(args["location"])))
        await talk.reply(status, text.encode(), headers)

    return HttpFault(act, runs_first=False)


async def _reset(talk: Talk, _: Answer, __: Args) -> None:
    await talk.reset()


async def _reset_in_body(talk: Talk, answer: Answer, _: Args) -> None:
    await talk.write(answer.head() + answer.body[: len(answer.body) // 2])
    await asyncio.sleep(0.05)  # a reset throws away what has not been read yet
    await talk.reset()


async def _close(talk: Talk, _: Answer, __: Args) -> None:
    await talk.end()


async def _hang(talk: Talk, answer: Answer, args: Args) -> None:
    try:
        async with asyncio.timeout(float(args.get("seconds", _MAX_WAIT_S))):
            await talk.until_gone()
    except TimeoutError:
        await talk.write(answer.head() + answer.body)
        await talk.end()


async def _drip(talk: Talk, data: bytes, args: Args) -> None:
    every_s = float(args.get("every_s", 0.4))
    for number in range(len(data)):
        if talk.transport.is_closing():
            return
        await talk.write(data[number : number + 1])
        await asyncio.sleep(every_s)
    await talk.end()


async def _drip_headers(talk: Talk, answer: Answer, args: Args) -> None:
    await _drip(talk, answer.head() + answer.body, args)


async def _drip_body(talk: Talk, answer: Answer, args: Args) -> None:
    await talk.write(answer.head())
    await _drip(talk, answer.body, args)


async def _cut_body(talk: Talk, answer: Answer, _: Args) -> None:
    await talk.write(answer.head() + answer.body[: len(answer.body) // 2])
    await talk.end()


async def _cut_without_length(talk: Talk, answer: Answer, _: Args) -> None:
    await talk.write(answer.head(length=-1) + answer.body[: len(answer.body) // 2])
    await talk.end()


async def _bad_chunk(talk: Talk, answer: Answer, _: Args) -> None:
    head = answer.head(length=-1)[:-2] + b"transfer-encoding: chunked\r\n\r\n"
    await talk.write(head + b"5\r\n" + answer.body[:5] + b"\r\nZZ\r\nno chunk\r\n")
    await talk.end()


async def _bad_gzip(talk: Talk, answer: Answer, _: Args) -> None:
    body = b"\x1f\x8b\x08\x00broken" + answer.body[:40]
    await talk.reply(200, body, [("content-type", "application/json"), ("content-encoding", "gzip")])


async def _gzip_bomb(talk: Talk, _: Answer, args: Args) -> None:
    body = await asyncio.to_thread(_packed_blanks, int(args.get("megabytes", 300)))
    await talk.reply(200, body, [("content-type", "application/json"), ("content-encoding", "gzip")])


@lru_cache(maxsize=1)
def _packed_blanks(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(b" " * 1_000_000) for _ in range(megabytes)) + packer.flush()


async def _huge(talk: Talk, answer: Answer, args: Args) -> None:
    """A JSON object with a string of so many megabytes, in pieces."""
    start = (
        b'{"id":' + json.dumps(answer.value().get("id", "x")).encode() + b',"status":"COMPLETED","output":"'
    )
    await talk.send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
    )
    await talk.send({"type": "http.response.body", "body": start, "more_body": True})
    for _ in range(int(args.get("megabytes", 300))):
        if talk.transport.is_closing():
            return
        await talk.send({"type": "http.response.body", "body": b"A" * 1_000_000, "more_body": True})
        await asyncio.sleep(0)
    await talk.send({"type": "http.response.body", "body": b'"}'})


async def _huge_headers(talk: Talk, answer: Answer, args: Args) -> None:
    filler = b"x-filler: " + b"a" * (int(args.get("kilobytes", 512)) * 1000) + b"\r\n\r\n"
    await talk.write(answer.head()[:-2] + filler + answer.body)
    await talk.end()


def _body(make: Callable[[Answer, Args], bytes], content_type: str = "application/json") -> HttpFault:
    """A 200 whose body is wrong."""

    async def act(talk: Talk, answer: Answer, args: Args) -> None:
        await talk.reply(200, make(answer, args), [("content-type", content_type)])

    return HttpFault(act, runs_first=True)


def _with(answer: Answer, raw: str, key: str = "output") -> bytes:
    """The honest id and status, and a key with a raw JSON text."""
    found = answer.value()
    ident, status = json.dumps(found.get("id", "x")), json.dumps(found.get("status", "COMPLETED"))
    return f'{{"id":{ident},"status":{status},{json.dumps(key)}:{raw}}}'.encode()


def _without_id(answer: Answer, _: Args) -> bytes:
    return json.dumps({key: value for key, value in answer.value().items() if key != "id"}).encode()


def _changed_id(answer: Answer, args: Args) -> bytes:
    return json.dumps({**answer.value(), "id": args.get("id", "../x")}).encode()


def _deep(answer: Answer, args: Args) -> bytes:
    depth = int(args.get("depth", 100_000))
    return _with(answer, "[" * depth + "]" * depth)


def _duplicate_keys(answer: Answer, _: Args) -> bytes:
    ident = json.dumps(answer.value().get("id", "x"))
    return f'{{"id":{ident},"status":"IN_QUEUE","id":"second","status":"COMPLETED"}}'.encode()


FAULTS: dict[str, HttpFault] = {
    # R1 to R4, R6 to R10; ``http`` with any ``code``
    "http": _code(500),
    "bad_request": _code(400),
    "unauthorized": _code(401, '{"error": "unauthorized"}'),
    "forbidden": _code(403),
    "not_found": _code(404, '{"error": "job not found"}'),
    "too_large": _code(413),
    "unprocessable": _code(422),
    "slow_down": _code(429),
    "server_error": _code(500),
    "bad_gateway": _code(502),
    "unavailable": _code(503),
    "origin_timeout": _code(524),
    "redirect": _code(307, ""),
    # R11, R12
    "reset_before": HttpFault(_reset, runs_first=False),
    "reset_after": HttpFault(_reset, runs_first=True),
    "reset_in_body": HttpFault(_reset_in_body, runs_first=True),
    "close_before": HttpFault(_close, runs_first=False),
    "close_after": HttpFault(_close, runs_first=True),
    # R14, R15
    "hang": HttpFault(_hang, runs_first=False),
    "hang_after": HttpFault(_hang, runs_first=True),
    "drip_headers": HttpFault(_drip_headers, runs_first=True),
    "drip_body": HttpFault(_drip_body, runs_first=True),
    # R16
    "html": _body(lambda _, __: b"<html><body>Please wait</body></html>", "text/html"),
    "empty": _body(lambda _, __: b""),
    "cut_json": _body(lambda answer, _: answer.body[: len(answer.body) * 2 // 3]),
    "bad_utf8": _body(lambda answer, _: answer.body[:-1] + b',"note":"\xff\xfe\xc3("}'),
    "cut_body": HttpFault(_cut_body, runs_first=True),
    "cut_without_length": HttpFault(_cut_without_length, runs_first=True),
    "bad_chunk": HttpFault(_bad_chunk, runs_first=True),
    "bad_gzip": HttpFault(_bad_gzip, runs_first=True),
    # R17, R36
    "no_id": _body(_without_id),
    "bad_id": _body(_changed_id),
    "long_id": _body(lambda answer, _: _changed_id(answer, {"id": "a" * 1_000_000})),
    "list": _body(lambda _, __: b'["IN_QUEUE"]'),
    "null": _body(lambda _, __: b"null"),
    # R18
    "deep": _body(_deep),
    "digits": _body(lambda answer, args: _with(answer, "9" * int(args.get("count", 5000)), "delayTime")),
    "nan": _body(lambda answer, _: _with(answer, "NaN", "delayTime")),
    "duplicate_keys": _body(_duplicate_keys),
    # R19
    "huge": HttpFault(_huge, runs_first=True),
    "gzip_bomb": HttpFault(_gzip_bomb, runs_first=True),
    "huge_headers": HttpFault(_huge_headers, runs_first=True),
}
"""All ways; the comments name rows of the fault catalogue (B1)."""
