"""One request to an application, without a socket: for what is decided by its headers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp

Pairs = Sequence[tuple[str, str]]


@dataclass
class Answer:
    """What came."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    accepted: bool = False
    """It was a web socket, and was let in."""


def ask(
    app: ASGIApp,
    path: str = "/",
    headers: Pairs = (),
    method: str = "GET",
    kind: str = "http",
    scheme: str = "http",
    client: str = "192.168.1.9",
    denial: bool = True,
    answer: Answer | None = None,
) -> Answer:
    """The answer to a request; ``kind`` may be "websocket". Host is that of this machine unless it is given.

    ``answer`` is filled, also when the application raises what its server logs.
    """
    path, _, query = path.partition("?")
    if all(name.lower() != "host" for name, _ in headers):
        headers = [("host", "127.0.0.1:8000"), *headers]
    scope: dict[str, Any] = {
        "type": kind,
        "method": method,
        "scheme": scheme,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers if value is not None],
        "client": (client, 50000),
        "extensions": {"websocket.http.response": {}} if denial else {},
    }
    answer = answer or Answer()

    async def receive() -> dict[str, Any]:
        if kind == "websocket":
            return {"type": "websocket.connect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        match message["type"].removeprefix("websocket."):
            case "http.response.start":
                answer.status = message["status"]
                answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            case "http.response.body":
                answer.body += message.get("body", b"").decode()
            case "accept":
                answer.accepted = True
            case "close":
                answer.status = 403  # as a server answers a socket that is closed before its accept

    async def answered() -> None:
        await app(scope, receive, send)

    asyncio.run(answered())
    return answer
