"""A worker for the real RunPod SDK loop: draws a small picture from the graph's seed.

It runs in a virtual environment of its own that holds ``runpod`` and nothing of ours. The picture is
written with the standard library, so that no image library is needed there.
"""

import base64
import struct
import zlib
from typing import Any

import runpod  # type: ignore[import-not-found, unused-ignore]

EDGE = 16


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(seed: int) -> bytes:
    """A PNG of one colour that follows from the seed."""
    colour = bytes(seed >> shift & 255 for shift in (0, 8, 16))
    rows = (b"\0" + colour * EDGE) * EDGE
    head = struct.pack(">IIBBBBB", EDGE, EDGE, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def handler(job: dict[str, Any]) -> dict[str, Any]:
    """Answer as worker-comfyui 5.x does, with the progress of its open pull request 221."""
    graph = job["input"]["workflow"]
    seed = next(node["inputs"]["seed"] for node in graph.values() if "seed" in node["inputs"])
    if seed == 666:
        raise ValueError("boom")
    runpod.serverless.progress_update(job, {"type": "progress", "value": 1, "max": 2, "percent": 50.0})
    data = base64.b64encode(picture(seed)).decode()
    return {"images": [{"filename": "a.png", "type": "base64", "data": data}]}


if __name__ == "__main__":
    runpod.serverless.start({"handler": handler})
