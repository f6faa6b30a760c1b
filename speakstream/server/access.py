"""Who is let in: the Host and the Origin of every request, of every web socket before its accept, and the token.

A page of any other site can send requests to a server on this machine: its browser names that site in Origin. A site
whose name is made to point to this machine (DNS rebinding) has its own name in Host. Both are refused.
"""

import asyncio
import hmac
import ipaddress
import logging
import math
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from speakstream.server.bucket import Buckets
from speakstream.server.metrics import Metrics
from speakstream.server.pages import HEADERS, content_security_policy, page

log = logging.getLogger(__name__)

COOKIE = "speakstream_token"
COOKIE_SECONDS = 30 * 24 * 3600

OPEN = "/healthz"
"""What is answered without a token: whether there is anybody."""

GUESSES, GUESS_SECONDS = 10, 6.0
"""Wrong tokens that one address may send at once, and after how long one more."""

SOCKETS, SOCKETS_AT_ONCE, SOCKET_SECONDS = 10.0, 40.0, 5.0
"""Web sockets a second that one address may open, how many at once, and the longest that the next one has to wait.

To open one costs much more than to try: who comes again and again waits for the answer first.
"""

ADDRESSES = 4096
"""That are remembered for having guessed, and for having come often."""

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(?P<port>[0-9]{1,5}))?")
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#@\s]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may come in."""

    host: str = "127.0.0.1"  # that the server listens on
    public_host: str = ""  # under which a proxy offers it
    lan: bool = False  # other machines may reach it
    token: str = ""  # that is asked for; "": none

    def knows(self, name: str) -> bool:
        """Whether a request may name this host: nobody else's name."""
        name = name.lower().removeprefix("[").removesuffix("]").removesuffix(".")
        if name == "localhost" or name in (self.host.lower(), self.public_host.lower()):
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return self.lan and name in _names_of_this_machine()
        return self.lan or address.is_loopback


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: int
    why: str  # in one word, for the metrics
    text: str  # for a person
    again: bool = False
    wait: int = 0  # seconds


_OFTEN = _Refusal(
    429, "often", "too many connections are opened at once; try again in a moment", wait=int(SOCKET_SECONDS)
)


class Access:
    """The outermost part of the server: lets requests in, or answers them itself, and puts headers on all answers."""

    def __init__(
        self, app: ASGIApp, rules: Rules, metrics: Metrics, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._rules = rules
        self._metrics = metrics
        self._guesses = Buckets(1 / GUESS_SECONDS, GUESSES, ADDRESSES, clock)
        self._sockets = Buckets(SOCKETS, SOCKETS_AT_ONCE, ADDRESSES, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_socket = scope["type"] == "websocket"
        wait = self._sockets.of(_network(scope)).owe(at_most=SOCKET_SECONDS) if is_socket else 0.0
        refusal = _OFTEN if wait is None else self._refusal(scope, headers)
        if wait:
            await asyncio.sleep(wait)
        is_host = refusal is None or refusal.why != "host"
        sender = _Sender(scope, send, headers.get("host", "") if is_host else "", is_secure(scope, self._rules))
        if refusal is not None:
            self._metrics.refused(refusal.why)
            await _refuse(refusal, scope, headers, receive, sender)
        elif (answer := self._login(scope, headers)) is not None:
            await answer(scope, receive, sender)
        else:
            await self._app(scope, receive, sender)

    def _refusal(self, scope: Scope, headers: Headers) -> _Refusal | None:
        hosts = headers.getlist("host")
        match = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if match is None or not self._rules.knows(match["name"]):
            return _Refusal(403, "host", "this server does not go by that name; use the address that it prints")
        if not _is_own_origin(headers, hosts[0], scope):
            return _Refusal(403, "origin", "another site may not use this server")
        if not self._rules.token or scope["path"] == OPEN:
            return None
        return self._token_refusal(scope, headers)

    def _token_refusal(self, scope: Scope, headers: Headers) -> _Refusal | None:
        given = _tokens(scope, headers)
        if not given:
            # A cookie of ours does not come along from another site, and does when our own page goes on from here.
            again = headers.get("sec-fetch-site") == "cross-site" and scope["type"] == "http"
            return _Refusal(401, "token", "open the address that the server printed, with its token", again)
        guesses = self._guesses.of(_network(scope))
        if wait := math.ceil(guesses.wait()):
            return _Refusal(429, "guessing", f"too many wrong tokens came; try again in {wait} seconds", wait=wait)
        # each is compared, and bytes of any length are compared in the same time
        if any([hmac.compare_digest(one.encode(), self._rules.token.encode()) for one in given]):
            return None
        guesses.take()
        log.warning("a wrong token came from %s", _address(scope))
        return _Refusal(401, "token", "this is not the token that the server printed")

    def _login(self, scope: Scope, headers: Headers) -> Response | None:
        """The token in the address becomes a cookie, and leaves the address."""
        if scope["type"] != "http" or scope["path"] != "/" or not _in_address(scope):
            return None
        answer = RedirectResponse("/", 303, {"cache-control": "no-store"})
        if self._rules.token:
            secure = is_secure(scope, self._rules)
            answer.set_cookie(
                COOKIE, self._rules.token, COOKIE_SECONDS, httponly=True, samesite="strict", secure=secure
            )
        return answer


def is_secure(scope: Scope, rules: Rules) -> bool:
    """Whether the browser came by https, here or at the proxy."""
    if scope["scheme"] in ("https", "wss"):
        return True
    host = Headers(scope=scope).get("host", "").partition(":")[0]
    return bool(rules.public_host) and host.lower() == rules.public_host.lower()


class _Sender:
    """Sends, with the headers that every answer has."""

    def __init__(self, scope: Scope, send: Send, host: str, is_secure: bool) -> None:
        self._scope = scope
        self._send = send
        self._headers = {**HEADERS, "content-security-policy": content_security_policy(host, is_secure)}

    async def __call__(self, message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            said = [*message.get("headers", [])]
            names = {name.lower() for name, _ in said}
            more = [(name.encode(), value.encode()) for name, value in self._headers.items()]
            message = {**message, "headers": [*said, *(one for one in more if one[0] not in names)]}
            log.debug("%s %s: %d", self._scope.get("method", "socket"), self._scope["path"], message["status"])
        await self._send(message)


def _is_own_origin(headers: Headers, host: str, scope: Scope) -> bool:
    """Whether a request comes from a page of this server, or from no page."""
    origins = headers.getlist("origin")
    if origins:
        match = _ORIGIN.fullmatch(origins[0]) if len(origins) == 1 else None
        return match is not None and _with_port(match["host"], match["scheme"]) == _with_port(host, match["scheme"])
    if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return True
    # a link on another site may lead here; nothing of ours may be built into another page
    is_link = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return is_link and scope.get("method") in ("GET", "HEAD")


def _with_port(host: str, scheme: str) -> str:
    match = _HOST.fullmatch(host)
    if match is None:
        return ""
    return f"{match['name'].lower()}:{match['port'] or (443 if scheme.lower() == 'https' else 80)}"


def _tokens(scope: Scope, headers: Headers) -> list[str]:
    """What came as a token: in Authorization, in the cookie, or in the address of the front page."""
    found = [_in_address(scope)] if scope["type"] == "http" and scope["path"] == "/" else []
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        found.append(bearer.strip())
    for cookies in headers.getlist("cookie"):
        found.append(cookie_parser(cookies).get(COOKIE, ""))
    return [one for one in found if one]


def _in_address(scope: Scope) -> str:
    query: bytes = scope.get("query_string", b"")
    return parse_qs(query.decode("latin-1")).get("token", [""])[0]


def _address(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


def _network(scope: Scope) -> str:
    """Whose address counts as one: what one person has of IPv6 is a whole network."""
    address = _address(scope)
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address


def _names_of_this_machine() -> set[str]:
    name = socket.gethostname().lower().removesuffix(".")
    short = name.partition(".")[0]
    return {name, short, f"{short}.local"}


async def _refuse(refusal: _Refusal, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
    response: Response
    if scope["type"] == "http" and "text/html" in headers.get("accept", ""):
        title = {401: "The token is missing or wrong", 429: "Too many wrong tokens"}.get(refusal.status, "Not here")
        response = page(refusal.status, title, f"{refusal.text[:1].upper()}{refusal.text[1:]}.", again=refusal.again)
    else:
        response = problem(refusal.status, refusal.text)
    if refusal.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    if refusal.wait:
        response.headers["retry-after"] = str(refusal.wait)
    if scope["type"] == "http":
        await response(scope, receive, send)
        return
    await receive()  # websocket.connect
    if "websocket.http.response" in scope.get("extensions", {}):
        await response(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": ""})


_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


def problem(status: int, text: str, code: str | None = None, param: str | None = None) -> JSONResponse:
    """What went wrong, in the shape that OpenAI's clients read."""
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    error = {"message": text, "type": kind, "param": param, "code": code}
    return JSONResponse({"error": error}, status, {"cache-control": "no-store"})
