"""ComfyUI's routes and its websocket (comfyui.md, 1 to 1.2)."""

import io
import json
import uuid
from typing import Any

from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from podtui.demo.checks import check_graph
from podtui.demo.comfyui import ComfyServer
from podtui.demo.faults import FaultBook
from podtui.demo.node_classes import CHECKPOINTS, CLASSES, object_info

VERSION = "0.3.64"


class ComfyRoutes:
    """Speaks for a pretend ComfyUI."""

    def __init__(self, book: FaultBook) -> None:
        self._book = book
        self._sockets: dict[str, WebSocket] = {}
        self.server: ComfyServer
        """Set by who makes both: the server tells its events through us."""

    def routes(self) -> list[BaseRoute]:
        """Every route, at the root and below ``/api``."""
        found: list[BaseRoute] = []
        for base in ("", "/api"):
            found += [
                Route(f"{base}/prompt", self.prompt, methods=["GET", "POST"]),
                Route(f"{base}/history/{{prompt}}", self.history),
                Route(f"{base}/queue", self.queue, methods=["GET", "POST"]),
                Route(f"{base}/interrupt", self.interrupt, methods=["POST"]),
                Route(f"{base}/view", self.view),
                Route(f"{base}/object_info", self.object_info),
                Route(f"{base}/object_info/{{name}}", self.object_info),
                Route(f"{base}/models/checkpoints", self.models),
                Route(f"{base}/system_stats", self.system_stats),
                Route(f"{base}/features", self.features),
                WebSocketRoute(f"{base}/ws", self.ws),
            ]
        return found

    async def tell(self, client: str, kind: str, data: dict[str, Any]) -> None:
        """Send an event to one client, or to all."""
        text = json.dumps({"type": kind, "data": data})
        chosen = [self._sockets[client]] if client in self._sockets else []
        for socket in list(self._sockets.values()) if not client else chosen:
            try:
                await socket.send_text(text)
            except (RuntimeError, WebSocketDisconnect):
                continue  # it has just left

    async def ws(self, socket: WebSocket) -> None:
        """Tell one client what happens, until it leaves."""
        client = socket.query_params.get("clientId") or uuid.uuid4().hex
        await socket.accept()
        self._sockets[client] = socket
        count = {"exec_info": {"queue_remaining": self.server.remaining}}
        try:
            await socket.send_json({"type": "status", "data": {"status": count, "sid": client}})
            running = self.server.running
            if running is not None and running.client == client:
                node = running.executed[-1] if running.executed else None
                await socket.send_json({"type": "executing", "data": {"node": node}})
            while (await socket.receive())["type"] != "websocket.disconnect":
                continue
        except WebSocketDisconnect:
            return
        finally:
            if self._sockets.get(client) is socket:
                del self._sockets[client]

    async def prompt(self, request: Request) -> Response:
        """Queue a graph, or count what is queued."""
        if request.headers.get("origin"):
            return Response(status_code=403)
        if request.method == "GET":
            return JSONResponse({"exec_info": {"queue_remaining": self.server.remaining}})
        try:
            given = json.loads(await request.body())
        except ValueError:
            given = None
        if not isinstance(given, dict):
            return PlainTextResponse("500 Internal Server Error\n\nServer got itself in trouble", 500)
        refusal = check_graph(given.get("prompt"))
        if refusal is not None:
            return JSONResponse(refusal.body(), 400)
        prompt_id = str(given.get("prompt_id") or uuid.uuid4())
        client = str(given.get("client_id") or "")
        prompt = self.server.accept(prompt_id, given["prompt"], client, self._book.fate())
        return JSONResponse({"prompt_id": prompt.id, "number": prompt.number, "node_errors": {}})

    async def history(self, request: Request) -> Response:
        """What became of a prompt; empty while it is queued or unknown."""
        found = self.server.history.get(request.path_params["prompt"])
        return JSONResponse({request.path_params["prompt"]: found} if found else {})

    async def queue(self, request: Request) -> Response:
        """Show the queue, or take prompts out."""
        server = self.server
        if request.method == "GET":
            running = [server.running.entry()] if server.running else []
            pending = [prompt.entry() for prompt in server.pending]
            return JSONResponse({"queue_running": running, "queue_pending": pending})
        given = await _object(request)
        if given.get("clear"):
            server.delete([prompt.id for prompt in server.pending])
        if isinstance(given.get("delete"), list):
            server.delete([str(one) for one in given["delete"]])
        return Response()

    async def interrupt(self, request: Request) -> Response:
        """End the running prompt; an empty body ends whoever is running."""
        given = await _object(request)
        self.server.interrupt(str(given["prompt_id"]) if "prompt_id" in given else None)
        return Response()

    async def view(self, request: Request) -> Response:
        """Hand a file out."""
        name = request.query_params.get("filename", "")
        if ".." in name or name.startswith("/") or not name:
            return Response(status_code=400)
        data = self.server.files.get(name)
        if data is None:
            return Response(status_code=404)
        preview = request.query_params.get("preview", "")
        if preview:
            kind, _, quality = preview.partition(";")
            file = io.BytesIO()
            picture = Image.open(io.BytesIO(data)).convert("RGB")
            picture.save(file, "JPEG" if kind == "jpeg" else "WEBP", quality=int(quality or 90))
            return Response(file.getvalue(), media_type=f"image/{kind}")
        return Response(data, media_type="image/png")

    async def object_info(self, request: Request) -> Response:
        """Describe node classes; an unknown one is an empty answer."""
        name = request.path_params.get("name")
        return JSONResponse(object_info([name] if name else list(CLASSES)))

    async def models(self, _: Request) -> Response:
        """List the checkpoints."""
        return JSONResponse(CHECKPOINTS)

    async def system_stats(self, _: Request) -> Response:
        """Describe the machine."""
        system = {
            "os": "posix",
            "comfyui_version": VERSION,
            "python_version": "3.12.3",
            "pytorch_version": "2.7.1+cu128",
            "argv": ["main.py", "--listen"],
        }
        device = {
            "name": "cuda:0 NVIDIA GeForce RTX 4090 (pretend)",
            "type": "cuda",
            "index": 0,
            "vram_total": 25_386_352_640,
            "vram_free": 24_000_000_000,
        }
        return JSONResponse({"system": system, "devices": [device]})

    async def features(self, _: Request) -> Response:
        """Tell what newer clients may use."""
        return JSONResponse({"supports_preview_metadata": True, "max_upload_size": 104_857_600})


async def _object(request: Request) -> dict[str, Any]:
    try:
        given = json.loads(await request.body() or b"{}")
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}
