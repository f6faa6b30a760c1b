"""``speakstream doctor --server URL``: whether a SpeakStream server answers and speaks, and how fast.

It comes as a browser would, asks a question, and listens in real time, with a clock in the place of a loudspeaker.
"""

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from speakstream.doctor.examination import Check
from speakstream.doctor.findings import Finding, fail, ok, warn
from speakstream.doctor.turn import ENOUGH_TOKENS, LISTEN_SECONDS, PROMPT, TURN_SECONDS
from speakstream.errors import SpeakStreamError, folded, one_line

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from websockets.sync.client import ClientConnection

CONNECT_SECONDS = 10.0
READY_SECONDS = 120.0
"""For a server that has just begun to load, or fetch, its model."""

START_SECONDS = 0.06
"""Of sound with which the clock begins to run, as the page's player does."""

QUIET = 0.003
"""A loudest sample under this, of 1, is silence."""

SECTION = "Server"
TOKEN_REMEDY = "give the one that the server printed: --token TOKEN, or the address with ?token=TOKEN"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and the token for it."""

    page: str  # "http://127.0.0.1:8000"
    token: str = ""

    @property
    def socket(self) -> str:
        """Of its WebSocket."""
        return f"ws{self.page.removeprefix('http')}/ws"

    @property
    def headers(self) -> dict[str, str]:
        """Of every request."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def read_address(url: str, token: str = "") -> Address:
    """The address that a person means: with or without scheme, path and token. Raises SpeakStreamError."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
        if scheme not in ("http", "https") or not parts.hostname or not (parts.port is None or parts.port):
            raise ValueError
    except ValueError:
        raise SpeakStreamError(
            f"--server {one_line(url)!r} is no address; use one such as http://127.0.0.1:8000"
        ) from None
    given = next((part.removeprefix("token=") for part in parts.query.split("&") if part.startswith("token=")), "")
    return Address(f"{scheme}://{parts.netloc.rpartition('@')[2]}", token or given)


def examine_server(address: Address) -> Iterator[Check | Finding]:
    """Each step before it is made, then what it finds; the first that fails is the last."""
    for name, step in (("reached", _reach), ("ready", _await_ready), ("settings", _compare), ("one turn", _talk)):
        yield Check(SECTION, name, lambda _: iter(()))
        for finding in step(address):
            yield finding.within(SECTION)
            if finding.status == "fail" and finding.name == name:
                return


# -- over HTTP ---------------------------------------------------------------------------------------------


def _get(address: Address, path: str) -> tuple[int, bytes]:
    """Status and body; also of a refusal. Raises OSError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(address.page + path, headers=address.headers)
    try:
        with opener.open(request, timeout=CONNECT_SECONDS) as answer:
            return answer.status, answer.read(1_000_000)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read(1_000_000)


def _reach(address: Address) -> Iterator[Finding]:
    begun = time.monotonic()
    try:
        status, _ = _get(address, "/healthz")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLError):
            fix = (
                "give an address that begins with http:// if the server has no certificate, or install its certificate"
            )
        else:
            fix = "begin it there: speakstream serve; from another machine it needs --allow-lan"
        yield fail("reached", f"{address.page} does not answer: {folded(reason)}", fix)
        return
    if status != 200:
        yield fail("reached", f"{address.page} answers, and is no SpeakStream server ({status})", "check the address")
        return
    yield ok("reached", f"{address.page} in {_ms(time.monotonic() - begun)}", seconds=time.monotonic() - begun)


def _await_ready(address: Address) -> Iterator[Finding]:
    begun, deadline = time.monotonic(), time.monotonic() + READY_SECONDS
    while True:
        status, body = _get(address, "/readyz")
        if status != 503 or time.monotonic() > deadline:
            break
        time.sleep(0.5)  # a server is asked, which tells nothing by itself
    said = one_line(body.decode("utf-8", "replace").strip())[:200]
    if status == 401:
        yield fail(
            "ready", "the server wants an access token" + (", and not this one" if address.token else ""), TOKEN_REMEDY
        )
    elif status == 403:
        yield fail("ready", f"the server refuses: {said}", "use the address that it printed")
    elif status != 200:
        yield fail("ready", f"the server can't answer: {said}", "see its log, or run there: speakstream doctor")
    else:
        waited = time.monotonic() - begun
        yield ok("ready", "model and voice are loaded" + (f", after {waited:.1f} s" if waited > 1 else ""))


def _compare(address: Address) -> Iterator[Finding]:
    from speakstream.server.wire import VERSION

    status, body = _get(address, "/config")
    try:
        told = json.loads(body) if status == 200 else {}
        version, model, voice = told["protocol"], str(told["model"]), str(told["voice"])
    except (ValueError, KeyError, TypeError):
        yield fail("settings", f"{address.page}/config is not what a SpeakStream server says", "check the address")
        return
    if version != VERSION:
        fix = "install the same version of SpeakStream here and there"
        yield fail("settings", f"it speaks version {version} of the protocol, and this program {VERSION}", fix)
        return
    yield ok("settings", f"{one_line(model)}, voice {one_line(voice)}", model=model, voice=voice)


# -- over the WebSocket ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Heard:
    """What came of one turn; times are seconds after the prompt was sent."""

    welcome: float = 0.0
    round_trip: float | None = None
    first_text: float | None = None
    first_sound: float | None = None
    text: str = ""
    rate: int = 0
    frames: int = 0
    samples: int = 0
    loudest: float = 0.0
    sound_bytes: int = 0  # PCM16
    frame_bytes: int = 0  # the frames it came in, their WebSocket headers included
    all_bytes: int = 0
    underruns: int = 0
    spoken: int | None = None  # samples of the speech, as the server says
    ended: bool = False
    errors: list[str] = field(default_factory=list)


def _talk(address: Address) -> Iterator[Finding]:
    from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
    from websockets.sync.client import connect

    begun = time.monotonic()
    try:
        with connect(
            address.socket,
            additional_headers=address.headers,
            compression=None,
            max_size=None,
            open_timeout=CONNECT_SECONDS,
            proxy=None,
        ) as socket:
            heard = _listen(socket, begun)
    except InvalidStatus as refusal:
        yield fail("one turn", f"its socket is refused ({refusal.response.status_code})", TOKEN_REMEDY)
        return
    except ConnectionClosed as closed:
        said = one_line(closed.rcvd.reason) if closed.rcvd is not None else "the connection broke"
        yield fail("one turn", f"the server has hung up: {said}", "try again; its log may say more")
        return
    except (WebSocketException, OSError, TimeoutError) as error:
        yield fail("one turn", f"its socket can't be used: {folded(error)}", "does a proxy in between know WebSockets?")
        return
    yield from _judged(heard)


def _listen(socket: "ClientConnection", begun: float) -> Heard:
    """One turn, heard for LISTEN_SECONDS at most. Raises what ``websockets`` raises."""
    import numpy as np

    from speakstream.server import wire

    heard, clock, speech = Heard(), _Clock(), 0
    asked: float | None = None
    pinged = reported = time.monotonic()
    socket.send(wire.encode(wire.Hello()))
    while not heard.errors:
        now = time.monotonic()
        if now - begun > TURN_SECONDS or (asked is not None and heard.ended):
            break
        if clock.position(now) >= LISTEN_SECONDS * heard.rate > 0 and len(heard.text.split()) >= ENOUGH_TOKENS // 2:
            socket.send(wire.encode(wire.Cancel(speech, clock.position(now))))
            break
        if speech and now - reported >= wire.POSITION_SECONDS:
            reported = now
            socket.send(wire.encode(wire.Position(speech, clock.position(now), clock.underruns)))
        try:
            frame = socket.recv(timeout=0.02)
        except TimeoutError:
            continue
        now = time.monotonic()
        size = len(frame if isinstance(frame, bytes) else frame.encode())
        on_the_wire = size + (2 if size < 126 else 4 if size < 65_536 else 10)
        heard.all_bytes += on_the_wire if asked is not None else 0
        if isinstance(frame, bytes):
            sound = wire.AudioFrame.decode(frame)
            if sound.first != heard.samples or sound.sequence != heard.frames:
                heard.errors.append(f"frame {sound.sequence} begins at sample {sound.first}, not at {heard.samples}")
            if heard.first_sound is None and asked is not None:
                heard.first_sound = now - asked
            samples: NDArray[np.int16] = np.frombuffer(sound.pcm, "<i2")
            heard.frames, heard.samples = heard.frames + 1, heard.samples + len(samples)
            heard.loudest = max(heard.loudest, float(np.abs(samples.astype(np.float32)).max(initial=0.0)) / 32768)
            heard.sound_bytes += len(sound.pcm)
            heard.frame_bytes += on_the_wire
            clock.push(len(samples), now)
            continue
        told: dict[str, Any] = json.loads(frame)
        match told["type"]:
            case "welcome":
                heard.welcome = now - begun
                pinged = now
                socket.send(wire.encode(wire.Ping(1)))
            case "pong":
                heard.round_trip = now - pinged
                asked = time.monotonic()
                socket.send(wire.encode(wire.Ask(PROMPT)))
            case "text":
                heard.text += told["delta"]
                if heard.first_text is None and asked is not None:
                    heard.first_text = now - asked
            case "speech":
                speech, heard.rate = told["speech"], told["sample_rate"]
                clock.rate = heard.rate
            case "spoken":
                heard.spoken = told["samples"]
                clock.complete = True
            case "error":
                heard.errors.append(one_line(told["text"]))
            case "ended":
                heard.ended = True
                if told["message"]["error"]:
                    heard.errors.append(one_line(told["message"]["error"]))
    heard.underruns = clock.underruns
    if not heard.errors:  # after one the server may have hung up
        socket.send(wire.encode(wire.Bye()))
    return heard


@dataclass(slots=True)
class _Clock:
    """A loudspeaker that plays nothing, in real time."""

    rate: int = 0
    received: int = 0
    complete: bool = False
    underruns: int = 0
    _heard: float = 0.0  # samples, when it began to run
    _since: float | None = None

    def push(self, samples: int, now: float) -> None:
        """More came."""
        if self._since is not None and self._ran(now) > self.received:
            self.underruns += 1
            self._heard, self._since = float(self.received), None
        self.received += samples
        if self._since is None and self.received - self._heard >= START_SECONDS * self.rate:
            self._since = now

    def position(self, now: float) -> int:
        """Samples that were heard."""
        if self._since is None:
            return self.received if self.complete else int(self._heard)
        return min(int(self._ran(now)), self.received)

    def _ran(self, now: float) -> float:
        return self._heard + (now - self._since) * self.rate if self._since is not None else self._heard


def _judged(heard: Heard) -> Iterator[Finding]:
    measured = {name: getattr(heard, name) for name in Heard.__slots__ if name not in ("text", "errors")}
    if heard.errors:
        yield fail("one turn", heard.errors[0], "see the server's log; the page has more: /static/debug.html")
        return
    if heard.first_text is None:
        yield fail("one turn", "no answer came", "see whether others use it: its /metrics, or ask again")
        return
    yield ok("one turn", f"answered: {one_line(' '.join(heard.text.split()))[:60]}…", measurement=measured)
    yield ok("connection", f"{_ms(heard.welcome)} to come in, {_ms(heard.round_trip or 0.0)} there and back")
    yield ok("first text", f"{_ms(heard.first_text)} after the prompt", figure=heard.first_text)
    if heard.first_sound is None:
        yield warn("first sound", "none came", "speech may be off there (ENABLE_AUDIO), or the reply has none")
        return
    words = f"{_ms(heard.first_sound)} after the prompt"
    if heard.first_sound <= 0.6:
        yield ok("first sound", words, figure=heard.first_sound)
    else:
        yield warn("first sound", words, "it should take less than 0.6 s: see what keeps the server busy")
    seconds = heard.samples / heard.rate if heard.rate else 0.0
    if heard.loudest < QUIET:
        yield fail("sound", f"{seconds:.1f} s of silence came", "run there: speakstream doctor")
    elif heard.spoken is not None and heard.spoken != heard.samples:
        yield fail("sound", f"{heard.samples} samples came of {heard.spoken}", "see the server's log")
    else:
        whole = heard.frame_bytes / heard.sound_bytes
        came = f"{seconds:.1f} s at {heard.rate} Hz in {heard.frames} frames without a gap"
        words = f"{came}; {whole:.3f} bytes for each of sound"
        yield ok("sound", words, seconds=seconds)
    if heard.underruns:
        fix = "the network or the server is too slow: close what keeps them busy"
        yield warn(
            "underruns", f"{heard.underruns} in {min(seconds, LISTEN_SECONDS):.0f} s", fix, figure=heard.underruns
        )
    else:
        yield ok("underruns", "none", figure=0)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
