"""Who is let in: Host, Origin and token, for pages, the API and web sockets alike."""

import asyncio
import re
import socket
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from speakstream.server import access
from speakstream.server.access import COOKIE, Access, Rules
from speakstream.server.metrics import Metrics
from tests.server.asgi import Answer, Pairs, ask

TOKEN = "a-token-of-more-than-16-characters"
LAN = Rules(lan=True, token=TOKEN)
KINDS = ["http", "websocket"]


async def inside(scope: Scope, receive: Receive, send: Send) -> None:
    """What is behind the door."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await PlainTextResponse("in")(scope, receive, send)


class Clock:
    """Goes when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Door:
    """An Access and its metrics."""

    def __init__(self, rules: Rules = Rules()) -> None:  # noqa: B008  frozen
        self.metrics = Metrics()
        self.clock = Clock()
        self.app = Access(inside, rules, self.metrics, self.clock)

    def ask(self, path: str = "/", headers: Pairs = (), kind: str = "http", **more: str) -> Answer:
        return ask(self.app, path, headers, kind=kind, **more)  # type: ignore[arg-type]

    def lets_in(self, *headers: tuple[str, str], kind: str = "http", **more: str) -> bool:
        answer = self.ask("/", headers, kind, **more)
        return answer.accepted or answer.body == "in"

    def refused(self) -> dict[str, float]:
        return {
            why: float(count)
            for why, count in re.findall(
                r'speakstream_refused_total{why="(\w+)"} (\S+)', self.metrics.render().decode()
            )
        }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "localhost.", "127.0.0.1", "127.1.2.3:80", "[::1]:8000", "my-own-name:1"]
)
def test_this_machine_goes_by_its_own_names(host: str, kind: str) -> None:
    assert Door(Rules(host="my-own-name")).lets_in(("host", host), kind=kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.1.5"),
        *("", "localhost:", "localhost:80:80", "[::1", "local host", "localhost/", "user@localhost", "localhost\x00"),
    ],
)
def test_a_name_of_somebody_else_is_refused(host: str, kind: str) -> None:
    """DNS rebinding: a site's name that was made to point here."""
    door = Door()
    answer = door.ask("/", [("host", host)], kind)
    assert (answer.status, answer.accepted) == (403, False)
    assert door.refused() == {"host": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_has_one_host(kind: str) -> None:
    assert not Door().lets_in(("host", "localhost"), ("host", "localhost"), kind=kind)


@pytest.mark.parametrize("kind", KINDS)
def test_in_a_network_addresses_and_the_own_name_are_known_and_other_names_are_not(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Box.lan")
    door = Door(LAN)
    bearer = ("authorization", f"Bearer {TOKEN}")
    for known in ("192.168.1.5:8000", "[fe80::1]:8000", "box.local", "box", "box.lan:8000", "localhost"):
        assert door.lets_in(("host", known), bearer, kind=kind), known
    for stranger in ("evil.example", "box.evil.example", "192.168.1.5.evil.example"):
        assert not door.lets_in(("host", stranger), bearer, kind=kind), stranger


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("host", "origin", "let_in"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000", True),
        ("LOCALHOST", "http://localhost:80", True),
        ("localhost", "https://localhost", True),
        ("[::1]:8000", "http://[::1]:8000", True),
        ("127.0.0.1:8000", "null", False),
        ("127.0.0.1:8000", "", False),
        ("127.0.0.1:8000", "http://127.0.0.1:3000", False),
        ("127.0.0.1:8000", "http://localhost:8000", False),
        ("127.0.0.1:8000", "http://evil.example", False),
        ("127.0.0.1:8000", "http://127.0.0.1:8000.evil.example", False),
        ("127.0.0.1:8000", "http://evil@127.0.0.1:8000", False),
        ("127.0.0.1:8000", "file://127.0.0.1:8000", False),
        ("127.0.0.1:8000", "chrome-extension://abcdef", False),
    ],
)
def test_only_pages_of_this_server_may_use_it(host: str, origin: str, let_in: bool, kind: str) -> None:
    door = Door()
    assert door.lets_in(("host", host), ("origin", origin), kind=kind, method="POST") == let_in
    assert door.refused() == ({} if let_in else {"origin": 1})


def test_a_request_has_one_origin() -> None:
    origin = ("origin", "http://127.0.0.1:8000")
    assert not Door().lets_in(origin, origin, method="POST")


@pytest.mark.parametrize(
    ("site", "mode", "destination", "method", "let_in"),
    [
        ("same-origin", "cors", "empty", "GET", True),
        ("none", "navigate", "document", "GET", True),
        ("cross-site", "navigate", "document", "GET", True),
        ("cross-site", "navigate", "document", "POST", False),
        ("cross-site", "navigate", "iframe", "GET", False),
        ("cross-site", "no-cors", "image", "GET", False),
        ("same-site", "no-cors", "script", "GET", False),
    ],
)
def test_nothing_is_built_into_the_page_of_another_site(
    site: str, mode: str, destination: str, method: str, let_in: bool
) -> None:
    """Without Origin, a browser still says where a request comes from. A link may lead here."""
    headers = (("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", destination))
    assert Door().lets_in(*headers, method=method) == let_in


# -- the token ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("header", "let_in"),
    [
        (("authorization", f"Bearer {TOKEN}"), True),
        (("authorization", f"bearer  {TOKEN} "), True),
        (("cookie", f"{COOKIE}={TOKEN}"), True),
        (("cookie", f'a="b; {COOKIE}={TOKEN}; c=d'), True),
        (("authorization", f"Basic {TOKEN}"), False),
        (("authorization", TOKEN), False),
        (("authorization", f"Bearer {TOKEN}x"), False),
        (("authorization", f"Bearer {TOKEN[:-1]}"), False),
        (("authorization", "Bearer "), False),
        (("authorization", "Bearer \xff\xfe"), False),
        (("cookie", f"{COOKIE}=\xe9"), False),
        (("cookie", f"other={TOKEN}"), False),
        (("x-nothing", "x"), False),
    ],
)
def test_with_a_token_nobody_is_let_in_without_it(header: tuple[str, str], let_in: bool, kind: str) -> None:
    door = Door(LAN)
    assert door.lets_in(header, kind=kind) == let_in
    if not let_in:
        answer = door.ask("/anything", [header], kind)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert TOKEN not in answer.body


@pytest.mark.parametrize("path", ["/ws", "/v1/chat/completions", "/static/app.js", "/metrics", "/config", "/readyz"])
def test_the_token_is_asked_for_everywhere(path: str) -> None:
    assert Door(LAN).ask(path).status == 401


def test_whether_the_server_is_there_is_told_to_everybody() -> None:
    assert Door(LAN).ask("/healthz").body == "in"
    assert Door(LAN).ask("/healthz", [("host", "evil.example")]).status == 403


def test_the_token_in_the_address_becomes_a_cookie_and_leaves_the_address() -> None:
    answer = Door(LAN).ask(f"/?token={TOKEN}")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}={TOKEN}; ")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert Door(LAN).lets_in(("cookie", cookie.partition(";")[0]))


def test_a_cookie_that_came_over_tls_goes_over_tls_only() -> None:
    assert "Secure" in Door(LAN).ask(f"/?token={TOKEN}", scheme="https").headers["set-cookie"]
    behind = Rules(public_host="speak.example", token=TOKEN)
    answer = Door(behind).ask(f"/?token={TOKEN}", [("host", "speak.example")])
    assert "Secure" in answer.headers["set-cookie"]


def test_a_wrong_token_in_the_address_sets_no_cookie() -> None:
    for path in ("/?token=wrong", f"/config?token={TOKEN}", f"/static/a.js?token={TOKEN}"):
        answer = Door(LAN).ask(path)
        assert (answer.status, "set-cookie" in answer.headers) == (401, False)


def test_beside_a_right_cookie_a_wrong_token_in_the_address_does_not_spoil_it() -> None:
    answer = Door(LAN).ask("/?token=wrong", [("cookie", f"{COOKIE}={TOKEN}")])
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}={TOKEN};")


def test_where_no_token_is_asked_for_one_in_the_address_is_put_away() -> None:
    answer = Door().ask("/?token=anything")
    assert (answer.status, answer.headers["location"], "set-cookie" in answer.headers) == (303, "/", False)


def test_a_person_reads_a_page_and_a_program_json() -> None:
    html = Door(LAN).ask("/", [("accept", "text/html,*/*")])
    assert html.headers["content-type"].startswith("text/html")
    assert "<script" not in html.body and "style=" not in html.body
    json = Door(LAN).ask("/v1/models", [("accept", "application/json")])
    assert '"authentication_error"' in json.body


def test_from_a_link_on_another_site_our_own_page_goes_on_with_the_cookie() -> None:
    """A strict cookie does not come along from there; it does when the page that is shown goes on by itself."""
    link = [("accept", "text/html"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]
    refresh = '<meta http-equiv="refresh" content="0; url=/">'
    assert refresh in Door(LAN).ask("/", [*link, ("sec-fetch-site", "cross-site")]).body
    assert refresh not in Door(LAN).ask("/", [*link, ("sec-fetch-site", "same-origin")]).body


def test_guessing_is_slow() -> None:
    door = Door(LAN)

    def guess(number: int, client: str = "192.168.1.9") -> int:
        return door.ask("/config", [("authorization", f"Bearer {number}")], client=client).status

    assert [guess(number) for number in range(access.GUESSES)] == [401] * access.GUESSES
    blocked = door.ask("/config", [("authorization", f"Bearer {TOKEN}")])
    assert (blocked.status, blocked.headers["retry-after"]) == (429, str(int(access.GUESS_SECONDS)))
    assert guess(1, "192.168.1.10") == 401, "others are not held up"
    assert door.ask("/config").status == 401, "nothing was guessed"
    door.clock.now += access.GUESS_SECONDS
    assert (guess(11), guess(12)) == (401, 429)
    door.clock.now += access.GUESS_SECONDS * access.GUESSES
    assert door.lets_in(("authorization", f"Bearer {TOKEN}"))
    assert door.refused()["guessing"] == 2


def test_one_network_of_ipv6_is_one_guesser() -> None:
    door = Door(LAN)
    for number in range(access.GUESSES):
        door.ask("/", [("authorization", "Bearer x")], client=f"2001:db8::{number + 1}")
    assert door.ask("/", [("authorization", "Bearer x")], client="2001:db8::ffff").status == 429
    assert door.ask("/", [("authorization", "Bearer x")], client="2001:db8:0:1::1").status == 401


def test_those_who_guessed_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "ADDRESSES", 3)
    door = Door(LAN)
    for number in range(10):
        door.ask("/", [("authorization", "Bearer x")], client=f"10.0.0.{number}")
    assert len(door.app._guesses) == 3


def test_tokens_are_compared_in_constant_time() -> None:
    source = Path(access.__file__).read_text()
    assert "hmac.compare_digest" in source
    assert not re.search(r"(token|self\._rules\.token)\s*[!=]=\s*\w", source)


# -- every answer ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "headers", "kind"),
    [
        (Rules(), [], "http"),
        (Rules(), [("host", "evil.example")], "http"),
        (Rules(), [("origin", "null")], "websocket"),
        (LAN, [], "http"),
    ],
)
def test_every_answer_carries_the_headers(rules: Rules, headers: Pairs, kind: str) -> None:
    answer = Door(rules).ask("/", headers, kind)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "evil.example" not in policy


def test_the_policy_names_the_own_socket_only() -> None:
    policy = Door().ask("/", [("host", "localhost:8000")]).headers["content-security-policy"]
    assert "connect-src 'self' ws://localhost:8000;" in policy
    policy = Door().ask("/", [("host", "localhost:8000")], scheme="https").headers["content-security-policy"]
    assert "connect-src 'self' wss://localhost:8000;" in policy


def test_a_socket_that_cannot_be_answered_is_closed_before_its_accept() -> None:
    answer = ask(Door().app, "/ws", [("origin", "null")], kind="websocket", denial=False)
    assert (answer.status, answer.accepted) == (403, False)


def test_who_opens_socket_after_socket_waits_and_then_is_refused_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    door, local = Door(), ("host", "localhost")
    most = int(access.SOCKETS_AT_ONCE + access.SOCKETS * access.SOCKET_SECONDS)
    assert all(door.lets_in(local, kind="websocket") for _ in range(most))
    assert len(waits) == most - access.SOCKETS_AT_ONCE
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx(access.SOCKET_SECONDS)
    answer = door.ask("/", [local], "websocket")
    assert (answer.status, answer.accepted) == (429, False)
    assert door.refused() == {"often": 1}
    assert door.lets_in(local), "it is no web socket"
    assert door.lets_in(local, kind="websocket", client="127.0.0.2"), "it comes from elsewhere"
    door.clock.now += most / access.SOCKETS
    assert door.lets_in(local, kind="websocket")
    assert len(waits) == most - access.SOCKETS_AT_ONCE, "a rest is enough"
