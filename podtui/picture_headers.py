"""What the first bytes of a picture say, read without decoding anything.

A header of a few bytes can promise 169 megapixels, so the size is known and refused before a decoder is
asked. Sources: the PNG specification, ITU T.81 (JPEG) annex B, RFC 9649 (WebP).
"""

from podtui.png_chunks import SIGNATURE

_OTHERS = (
    (b"GIF8", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"%!PS", "EPS"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"%PDF", "PDF"),
    (b"BM", "BMP"),
    (b"\0\0\1\0", "ICO"),
    (b"8BPS", "Photoshop"),
    (b"{", "JSON"),
)
_PNG_END = b"IEND\xaeB`\x82"
_NO_SIZE = frozenset({0xC4, 0xC8, 0xCC})


def ending_of(data: bytes) -> str | None:
    """Name the format by its first bytes: ``png``, ``jpg``, ``webp``, or None for anything else."""
    if data[:8] == SIGNATURE:
        return "png"
    if data[:3] == b"\xff\xd8\xff":
        return "jpg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return None


def is_start_of_ours(data: bytes) -> bool:
    """Tell whether so few bytes are there that they may be the start of a PNG, JPEG or WebP."""
    return len(data) < 12 and (
        SIGNATURE.startswith(data[:8])
        or b"\xff\xd8\xff".startswith(data[:3])
        or (b"RIFF".startswith(data[:4]) and b"WEBP".startswith(data[8:]))
    )


def name_of_other(data: bytes) -> str:
    """Name a format that podtui does not take, as well as its first bytes tell."""
    for magic, name in _OTHERS:
        if data.startswith(magic):
            return name
    beginning = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if beginning.startswith(b"<"):
        return "SVG" if b"<svg" in data[:4096].lower() else "HTML or XML"
    return "AVIF or HEIC" if data[4:8] == b"ftyp" else "an unknown format"


def size_of(data: bytes) -> tuple[int, int] | None:
    """Read width and height in pixels from the header; None where it is cut or makes no sense."""
    match ending_of(data):
        case "png":
            whole = len(data) >= 24 and data[12:16] == b"IHDR"
            return (_big(data, 16, 4), _big(data, 20, 4)) if whole else None
        case "jpg":
            return _jpeg_size(data)
        case "webp":
            return _webp_size(data) if len(data) >= 30 else None
    return None


def is_cut(data: bytes) -> bool:
    """Tell whether the end is missing where the format says so and Pillow would not notice."""
    match ending_of(data):
        case "png":
            return _PNG_END not in data
        case "jpg":
            # Within the pixels FF is always stuffed, so an end marker behind the last scan's head is one.
            return data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda")
        case "webp":
            return len(data) < 8 + int.from_bytes(data[4:8], "little")
    return False


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in _NO_SIZE:
            return _big(data, place + 7, 2), _big(data, place + 5, 2)
        is_alone = marker in (0x01, 0xFF) or 0xD0 <= marker <= 0xD8
        place += (1 if marker == 0xFF else 2) if is_alone else 2 + _big(data, place + 2, 2)
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    match data[12:16]:
        case b"VP8X":
            return 1 + _little(data, 24, 3), 1 + _little(data, 27, 3)
        case b"VP8L":
            bits = _little(data, 21, 4)
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            return _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF
    return None


def _big(data: bytes, place: int, count: int) -> int:
    return int.from_bytes(data[place : place + count], "big")


def _little(data: bytes, place: int, count: int) -> int:
    return int.from_bytes(data[place : place + count], "little")
