"""The files of the browser client, by exact name, and the headers that every answer carries."""

import hashlib
from collections.abc import Mapping
from html import escape
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
    "txt": "text/plain; charset=utf-8",
}
"""What is served, by the end of its name. The system's own table may say otherwise, and is not asked."""

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), microphone=(), "
        "midi=(), payment=(), serial=(), usb=(), autoplay=(self), clipboard-write=(self), screen-wake-lock=(self)"
    ),
}
"""What every answer carries, besides the content security policy."""


def content_security_policy(host: str = "", is_secure: bool = False) -> str:
    """What a page may do: nothing that does not come from here. ``host``: as the request names it, checked."""
    # 'self' means the socket, too, in the browsers of today, and not in those of 2021
    socket = f" {'wss' if is_secure else 'ws'}://{host}" if host else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'{socket}; worker-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class _File(NamedTuple):
    content: bytes
    type: str
    tag: str


class Pages:
    """The files, read once. Only what is in the list is there: a name is looked up, and never made into a path."""

    def __init__(self, folder: Traversable | None = None) -> None:
        """``folder``: the one they are in; None: where this program was installed from, or its checkout."""
        self.files: Mapping[str, _File] = {
            entry.name: _read(entry)
            for entry in (folder or web_static()).iterdir()
            if entry.is_file() and entry.name.rpartition(".")[2] in TYPES
        }

    def answer(self, request: Request, name: str) -> Response:
        """This file; 404: there is none of this name."""
        file = self.files.get(name)
        if file is None:
            return page(404, "There is no such page", "Begin at the front page.", link=True)
        headers = {"cache-control": "no-cache", "etag": file.tag}
        known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
        if file.tag in known:
            return Response(status_code=304, headers=headers)
        return Response(file.content, media_type=None, headers={**headers, "content-type": file.type})


def web_static() -> Traversable:
    """The folder of the browser client."""
    try:
        return resources.files("speakstream.web_static")
    except ModuleNotFoundError:  # a checkout, where it lies beside the package
        return Path(__file__).parents[2] / "web_static"


def page(status: int, title: str, text: str, link: bool = False, again: bool = False) -> HTMLResponse:
    """A small page that says one thing, and needs nothing else; ``again``: it goes to the front page by itself."""
    head = '<meta http-equiv="refresh" content="0; url=/">' if again else ""
    body = f"<h1>{escape(title)}</h1><p>{escape(text)}</p>" + ('<p><a href="/">SpeakStream</a></p>' if link else "")
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark">{head}<title>{escape(title)}</title></head>'
        f"<body><main>{body}</main></body></html>",
        status,
        {"cache-control": "no-store"},
    )


def _read(entry: Traversable) -> _File:
    content = entry.read_bytes()
    return _File(content, TYPES[entry.name.rpartition(".")[2]], f'"{hashlib.sha256(content).hexdigest()[:32]}"')
