"""Parses large answers without holding them: long strings are decoded as they are read from the file.

An answer of 38 MB is nearly all one base64 string. Everything else is copied into a small JSON text, in
which a mark stands for each long string; that text is parsed strictly.
"""

import binascii
import io
import json
import math
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from podtui.errors import Unreadable

LONG = 65_536
"""From how many bytes on a string is taken out."""
MOST_REST = 8_000_000
"""The most that may be left without the long strings, in bytes."""
_PIECE = 1_048_576
# Possessive, as a hostile string must cost no backtracking.
_INSIDE = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_DATA_URI = re.compile(rb"\s*data:[\w.+/=;-]{0,100},", re.ASCII | re.IGNORECASE)
_URLSAFE = bytes.maketrans(b"-_", b"+/")
_SPACE = b" \t\r\n"


@dataclass(frozen=True)
class Long:
    """A long string of an answer: the bytes it stands for, or None where it is no base64."""

    data: bytes | None
    length: int
    """Its length in the answer, in bytes."""
    head: str
    """Its beginning, as far as it is kept."""


def load(path: Path) -> Any:
    """Parse a file strictly; long strings come as ``Long``.

    Raises:
        Unreadable: no JSON, NaN, a doubled key, a number or depth made to hurt, or no such file.
    """
    try:
        with path.open("rb") as file:
            rest, longs = _split(file)
        return _parse(rest, longs)
    except FileNotFoundError:
        raise Unreadable("unreadable answer", "Its file is gone.") from None
    except (ValueError, RecursionError, OSError) as error:
        raise Unreadable(
            "unreadable answer", f"It is no JSON as we know it: {type(error).__name__}."
        ) from None


def loads(data: bytes) -> Any:
    """Parse a small body strictly; see ``load``."""
    try:
        return _parse(data, {})
    except (ValueError, RecursionError) as error:
        raise Unreadable(
            "unreadable answer", f"It is no JSON as we know it: {type(error).__name__}."
        ) from None


def decode(text: bytes) -> bytes:
    """Decode base64 strictly, after mending what is harmless.

    Mended are a data address before it, white space, the letters of URLs and missing padding.

    Raises:
        ValueError: it is no base64, or stands for nothing.
    """
    if prefix := _DATA_URI.match(text[:200]):
        text = text[prefix.end() :]
    clean = text.translate(_URLSAFE, _SPACE).rstrip(b"=")
    data = binascii.a2b_base64(clean + b"=" * (-len(clean) % 4), strict_mode=True)
    if not data:
        raise ValueError("no bytes")
    return data


class _Decoder:
    """Decodes one long string, piece by piece, into a buffer that is handed over without a copy."""

    def __init__(self, head: bytes) -> None:
        self._out = io.BytesIO()
        self._waiting = b""
        self._is_bad = False
        self._escape = b""
        self._head = head
        self._length = 0
        prefix = _DATA_URI.match(head[:200])
        self._add(head[prefix.end() :] if prefix else head)
        self._length = len(head)

    def feed(self, raw: bytes) -> None:
        """Take the next piece, escapes and all."""
        self._length += len(raw)
        self._add(raw)

    def _add(self, raw: bytes) -> None:
        if self._is_bad:
            return
        raw = self._escape + raw
        # An escape may be cut between two pieces: its beginning waits for the rest.
        cut = raw.rfind(b"\\", max(0, len(raw) - 5))
        self._escape = raw[cut:] if cut >= 0 else b""
        if cut >= 0:
            raw = raw[:cut]
        self._take(raw)

    def _take(self, raw: bytes) -> None:
        if b"\\" in raw:
            raw = _ESCAPE.sub(_unescape, raw)
        if any(letter in raw for letter in (b"\n", b"\r", b" ", b"\t", b"-", b"_")):
            raw = raw.translate(_URLSAFE, _SPACE)
        self._waiting += raw
        # The last few stay, as the padding is mended at the end.
        whole = max(0, len(self._waiting) - 8) // 4 * 4
        ready, self._waiting = self._waiting[:whole], self._waiting[whole:]
        try:
            if b"=" in ready:
                raise ValueError("padding in the middle")
            self._out.write(binascii.a2b_base64(ready, strict_mode=True))
        except ValueError:
            self._is_bad = True
            self._out, self._waiting = io.BytesIO(), b""

    def end(self) -> Long:
        """Decode what is left."""
        if not self._is_bad:
            escape, self._escape = self._escape, b""
            self._take(escape)
        last = self._waiting.rstrip(b"=")
        try:
            self._out.write(binascii.a2b_base64(last + b"=" * (-len(last) % 4), strict_mode=True))
        except ValueError:
            self._is_bad = True
        head = self._head.decode("utf-8", "replace")
        return Long(None if self._is_bad else self._out.getvalue(), self._length, head)


def _unescape(found: re.Match[bytes]) -> bytes:
    if found[1]:
        code = int(found[1], 16)
        return bytes([code]) if code < 128 else b"\xff"
    return {b"/": b"/", b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(found[2], b"\xff")


def _split(file: BinaryIO) -> tuple[bytes, dict[str, Long]]:
    """Copy the JSON text, with a mark for each long string."""
    mark = f"long {secrets.token_hex(8)} "
    rest, longs = bytearray(), dict[str, Long]()
    held, decoder, is_inside, left = bytearray(), None, False, b""
    while piece := file.read(_PIECE):
        piece, at, left = left + piece, 0, b""
        while at < len(piece):
            if not is_inside:
                quote = piece.find(b'"', at)
                rest += piece[at:] if quote < 0 else piece[at : quote + 1]
                is_inside, at = quote >= 0, len(piece) if quote < 0 else quote + 1
                if len(rest) > MOST_REST:
                    raise ValueError("too much beside the pictures")
                continue
            end = _end_of_inside(piece, at)
            if decoder is None:
                held += piece[at:end]
                if len(held) > LONG:
                    decoder, held = _Decoder(bytes(held)), bytearray()
            else:
                decoder.feed(piece[at:end])
            at = end
            if end < len(piece) and piece[end : end + 1] == b"\\":
                left, at = piece[end:], len(piece)
            elif end < len(piece):
                if decoder is not None:
                    name = mark + str(len(longs))
                    longs[name], decoder = decoder.end(), None
                    held += name.encode()
                rest += held + b'"'
                held, is_inside, at = bytearray(), False, end + 1
    if is_inside or left:
        raise ValueError("cut inside a string")
    return bytes(rest), longs


def _end_of_inside(piece: bytes, at: int) -> int:
    """Where the inside of a string ends: at its quote, at a backslash that is cut, or with the piece."""
    quote = piece.find(b'"', at)
    end = len(piece) if quote < 0 else quote
    if piece.find(b"\\", at, end) < 0:
        return end
    found = _INSIDE.match(piece, at)
    return found.end() if found else at


def _parse(text: bytes, longs: dict[str, Long]) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = {}
        for key, value in pairs:
            if key in found:
                raise ValueError("a key stands twice")
            found[key] = _resolve(value, longs)
        return found

    return _resolve(
        json.loads(
            text.decode("utf-8"), parse_constant=_no_number, parse_float=_number, object_pairs_hook=once
        ),
        longs,
    )


def _resolve(value: Any, longs: dict[str, Long]) -> Any:
    """Put long strings back where their marks stand: in the value itself, or one list deep."""
    if isinstance(value, str):
        return longs.get(value, value)
    if isinstance(value, list):
        return [longs.get(one, one) if isinstance(one, str) else one for one in value]
    return value


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number without end")
    return value
