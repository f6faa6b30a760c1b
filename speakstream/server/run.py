"""``speakstream serve`` from its sockets to its end: what it listens on, what it prints, how signals end it."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from speakstream.errors import SpeakStreamError
from speakstream.history import History, history_path
from speakstream.interrupts import exit_status
from speakstream.loading import SWITCH_INTERVAL, Resources, return_freed_memory
from speakstream.server.access import Rules
from speakstream.server.api import Api
from speakstream.server.app import build
from speakstream.server.hall import Hall
from speakstream.server.listening import ServeError, Urls, listen, tls_context, urls
from speakstream.server.metrics import Metrics
from speakstream.server.wire import MAX_MESSAGE_BYTES
from speakstream.settings import Settings

log = logging.getLogger(__name__)

GRACE_SECONDS = 10.0
"""For replies under way when the server is to end."""

LAST_SECONDS = 3
"""Then, for answers that are on their way."""

REQUEST_SECONDS = 10.0
"""From a connection to the head of its request. Who sends it byte by byte keeps a place from others."""

IDLE_SECONDS = 15
"""That a connection stays open between two requests."""

CONNECTIONS = 512
"""At once, web sockets included; more are told that the server is busy."""

TOO_LATE_BYTES = 2 * MAX_MESSAGE_BYTES
"""That may be under way when a web socket is closed."""

PROGRESS_SECONDS = 5.0
"""Between two lines about what is still loading."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line says besides the settings."""

    open_browser: bool = False
    draws: bool = False  # what is printed goes to a terminal


def run(job: Job, settings: Settings, token: str, out: Callable[[str], None], err: Callable[[str], None]) -> int:
    """Serve until a signal ends it; the exit status. ``out`` and ``err`` get the lines for a person.

    ``token``: asked for of everybody; "": of nobody. Raises SpeakStreamError when it can't begin.
    """
    tls = tls_context(settings)
    sockets = listen(settings)
    found = urls(settings, sockets)
    with contextlib.ExitStack() as stack:
        for one in sockets:
            stack.callback(one.close)
        history = History(history_path()) if settings.save_chat_history else None
        if history is not None:
            stack.callback(history.close)
            history.purge()
        resources = Resources()
        stack.callback(resources.close)
        served = _Served(job, settings, token, tls, sockets, found, out, err)
        with asyncio.Runner() as runner:
            return runner.run(served.run(history, resources))


def qr_code(url: str) -> str:
    """For a phone's camera, in colours that do not depend on those of the terminal."""
    import io

    import segno

    drawn = io.StringIO()
    segno.make(url, error="l", micro=False).terminal(drawn, border=2, compact=True)
    return "\n".join(f"\x1b[97;40m{line}\x1b[0m" for line in drawn.getvalue().splitlines())


class _Protocol(H11Protocol):
    """Closes a connection over which no whole request comes."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait_no_more()
        elif self._patience is None and not self.transport.is_closing():
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._patience = self.loop.call_later(REQUEST_SECONDS, self._give_up)

    def _wait_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if self.transport.get_protocol() is self:  # it has become no web socket
            self.transport.close()


class _WebSocket(WebSocketsSansIOProtocol):
    """Drops a connection over which much comes after it was closed: all of that would be read and thrown away."""

    _too_late = 0  # bytes

    def data_received(self, data: bytes) -> None:
        if self.close_sent:
            self._too_late += len(data)
        if self._too_late > TOO_LATE_BYTES:
            self.transport.abort()
        else:
            super().data_received(data)


class _Server(uvicorn.Server):
    """Leaves the signals to others."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class _Served:
    """One run of the server."""

    def __init__(
        self,
        job: Job,
        settings: Settings,
        token: str,
        tls: ssl.SSLContext | None,
        sockets: list[socket.socket],
        found: Urls,
        out: Callable[[str], None],
        err: Callable[[str], None],
    ) -> None:
        self._job = job
        self._settings = settings
        self._token = token
        self._tls = tls
        self._sockets = sockets
        self._urls = found
        self._out = out
        self._err = err
        self._signal = 0  # the first that came
        self._ending = asyncio.Event()
        self._failure = ""

    async def run(self, history: History | None, resources: Resources) -> int:
        settings, begun = self._settings, time.monotonic()
        sys.setswitchinterval(SWITCH_INTERVAL)
        return_freed_memory()
        metrics = Metrics()
        rules = Rules(settings.host, settings.public_host or "", settings.allow_lan, self._token)
        with self._signals():
            hall = Hall(settings, resources, history, metrics)
            api = Api(settings, hall, metrics)
            app = build(settings, hall, api, metrics, rules, history is not None)
            server = _Server(self._config(app))
            self._tell_where()
            serving = asyncio.create_task(server.serve(self._sockets))
            opening = asyncio.create_task(self._open_browser())
            telling = asyncio.create_task(self._tell_when_ready(hall, begun))
            ending = asyncio.create_task(self._ending.wait())
            try:
                await asyncio.wait([serving, ending], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (telling, ending, opening):
                    task.cancel()
                grace = 0.0 if serving.done() or self._failure else GRACE_SECONDS
                await asyncio.gather(hall.close(grace), api.close(grace))
                server.should_exit = True
                await serving
        if self._failure:
            raise ServeError(self._failure)
        return exit_status(self._signal) if self._signal else 0

    def _config(self, app: Any) -> uvicorn.Config:
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http=_Protocol,
            ws=_WebSocket,
            ws_max_size=MAX_MESSAGE_BYTES,
            ws_per_message_deflate=False,  # sound does not shrink, and each connection would cost 300 kB
            lifespan="off",
            log_config=None,
            log_level="warning",  # what it says of each socket has the address in it
            access_log=False,
            proxy_headers=False,  # anybody on this machine could say that he is somebody else
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=LAST_SECONDS,
        )
        config.load()
        config.ssl = self._tls
        return config

    @property
    def _ticket(self) -> str:
        """What is put behind an address to be let in."""
        return f"/?token={self._token}" if self._token else ""

    def _tell_where(self) -> None:
        settings = self._settings
        here, elsewhere = self._urls
        ticket = self._ticket
        self._out(f"SpeakStream listens on {here}{ticket}")
        for url in elsewhere:
            self._out(f"from elsewhere: {url}{ticket}")
        if elsewhere:
            if self._job.draws:
                self._out(qr_code(f"{elsewhere[0]}{ticket}"))
            if elsewhere[0].startswith("http:"):
                self._out(
                    "this is http: who listens in on the network learns what is said, and the token; see --certfile"
                )
        voice = f"the voice {settings.tts_model_name}" if settings.enable_audio else "no voice"
        self._out(f"loading {settings.llm_model_name} and {voice}; Ctrl-C ends the server")

    async def _open_browser(self) -> None:
        if not self._job.open_browser:
            return
        import webbrowser

        url = f"{self._urls.here}{self._ticket}"
        if not await asyncio.to_thread(webbrowser.open, url):
            self._err("no browser was found; open the address yourself")

    async def _tell_when_ready(self, hall: Hall, begun: float) -> None:
        said = ""
        waiting: list[Future[Any]] = [hall.model]
        if self._settings.enable_audio:
            waiting.append(hall.voice(self._settings.tts_model_name))
        left = {asyncio.wrap_future(one) for one in waiting}
        for one in left:
            one.add_done_callback(lambda future: future.cancelled() or future.exception())  # told below
        while left:
            _, left = await asyncio.wait(left, timeout=PROGRESS_SECONDS)
            if left and (line := hall.ready()) and line != said:
                self._out(f"still loading: {line}")
                said = line
        if (error := hall.model.exception()) is not None:
            self._failure = str(error) if isinstance(error, SpeakStreamError) else f"the model failed: {error!r}"
            self._ending.set()
        elif why := hall.ready():
            self._err(f"replies will be silent: {why}")
        else:
            self._out(f"ready after {time.monotonic() - begun:.1f} s")

    # -- signals -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _signals(self) -> Generator[None, None, None]:
        """The first one ends the server in good order, a second Ctrl-C at once."""
        loop = asyncio.get_running_loop()

        def caught(number: int, _: object) -> None:
            if self._signal and number == signal.SIGINT:
                os._exit(exit_status(number))
            if not self._signal:
                self._signal = number
                loop.call_soon_threadsafe(self._end)

        before = {}
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)  # Windows has others than the rest
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup wants it so
                before[number] = signal.signal(number, caught)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self) -> None:
        if not self._ending.is_set():
            self._out("ending: replies under way are finished first; Ctrl-C again ends it at once")
        self._ending.set()
