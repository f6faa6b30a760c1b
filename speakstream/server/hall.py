"""All sessions of a server: who may come in, whose seat is held, one model and the voices, and how it ends."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from starlette.websockets import WebSocket

from speakstream.errors import SpeakStreamError
from speakstream.history import History
from speakstream.llm import LanguageModel
from speakstream.llm.llamacpp import usable_cores
from speakstream.loading import Resources, load_lexicon, load_model, load_voice
from speakstream.progress import Notify, Progress, ProgressDisplay
from speakstream.server import wire
from speakstream.server.desk import Desk, QueuedModel, VoicePool
from speakstream.server.metrics import Metrics
from speakstream.server.seat import ENDING, House, Seat
from speakstream.server.visit import Full, Visit
from speakstream.settings import Settings
from speakstream.starting import LineProgress
from speakstream.tts import Voice

log = logging.getLogger(__name__)

RESUME_SECONDS = 30.0
"""A seat is held so long for a client whose connection was lost."""

GOING_AWAY = 1012
"""The close code of a server that ends."""

CLOSE_SECONDS = 10.0
"""For connections to close when the server ends."""


class Hall:
    """All of them. To be used in one event loop, except for ``ready``, ``queued_model`` and ``voice``."""

    def __init__(self, settings: Settings, resources: Resources, history: History | None, metrics: Metrics) -> None:
        """Model and voice begin to load. ``history``: the person's own; None: nothing is kept.

        Close the hall before ``resources``. Raises ModelError or VoiceError when there is none of that name.
        """
        self.metrics = metrics
        self.idle_timeout = float(settings.idle_timeout)
        self._settings = settings
        self._resources = resources
        self._seats: dict[str, Seat] = {}
        self._coming = 0
        self._held: dict[str, asyncio.TimerHandle] = {}
        self._visits: dict[Visit, asyncio.Task[None]] = {}
        self._closing: set[Future[None]] = set()
        self._ending = False
        self._quiet: Callable[[], None] = lambda: None
        self._progress = ""
        on_the_terminal = resources.progress
        resources.progress = lambda label: _Both(on_the_terminal(label), LineProgress(label, self._show_progress))
        self._desk = Desk(settings.parallel_replies, metrics.queue_length)
        self.model = load_model(settings, resources, self._tell, slots=settings.parallel_replies)
        self._voices = VoicePool(self._load_voice, self._unload, usable_cores())
        self._voice = self.voice(settings.tts_model_name) if settings.enable_audio else None
        self._house = House(
            settings,
            self.queued_model,
            self._voices.voice,
            load_lexicon(self._tell),
            history,
            metrics,
            lambda: self._quiet(),
        )
        self.model.add_done_callback(self._loaded)
        if self._voice is not None:
            self._voice.add_done_callback(self._loaded)

    # -- what all share ------------------------------------------------------------------------------------

    def ready(self) -> str:
        """ "" when model and voice are loaded, else one line that says why they are not."""
        for what, future in (("model", self.model), ("voice", self._voice)):
            if future is None:
                continue
            if not future.done():
                return self._progress or f"the {what} is loading"
            if (error := future.exception()) is not None:
                return str(error) if isinstance(error, SpeakStreamError) else f"the {what} could not be loaded"
        return ""

    def queued_model(self, told: Callable[[int], None]) -> "Future[LanguageModel]":
        """The model for one who waits his turn; ``told`` is given the position, and 0 when it begins."""
        queued: Future[LanguageModel] = Future()

        def loaded(model: Future[LanguageModel]) -> None:
            if (error := model.exception()) is not None:
                queued.set_exception(error)
            else:
                queued.set_result(QueuedModel(model.result(), self._desk, told))

        self.model.add_done_callback(loaded)
        return queued

    def voice(self, name: str, buffered: Callable[[], float] = lambda: 0.0) -> "Future[Voice]":
        """A voice, loaded once for all; ``buffered``: see PooledVoice. Raises VoiceError when there is none."""
        return self._voices.voice(name, buffered)

    def _load_voice(self, name: str) -> "Future[Voice]":
        resources = self._resources
        resources.threads[:] = [thread for thread in resources.threads if thread.is_alive()]
        return load_voice(replace(self._settings, tts_model_name=name), resources, self._tell)

    def _unload(self, voice: Voice) -> None:
        self._resources.closers.remove(voice.close)
        voice.close()

    def _tell(self, line: str) -> None:
        for seat in list(self._seats.values()):
            seat.tell(wire.Notice(line))

    def _show_progress(self, line: str) -> None:
        self._progress = line
        for seat in list(self._seats.values()):
            seat.show_progress(line)

    def _loaded(self, future: "Future[LanguageModel] | Future[Voice]") -> None:
        error = future.exception()
        if error is not None and not self._resources.cancelled.is_set():
            self._tell(str(error) if isinstance(error, SpeakStreamError) else f"loading failed: {error!r}")
        for seat in list(self._seats.values()):
            seat.status_changed()

    # -- who comes and goes --------------------------------------------------------------------------------

    async def visit(self, websocket: WebSocket) -> None:
        """The whole life of one connection."""
        visit = Visit(websocket, self)
        task = asyncio.current_task()
        assert task is not None
        self._visits[visit] = task
        try:
            await visit.run()
        finally:
            del self._visits[visit]

    async def admit(self, hello: wire.Hello) -> tuple[Seat, bool]:
        """See Seats."""
        if self._ending:
            raise Full(ENDING)
        if (seat := self._seats.get(hello.session)) is not None:
            if (timer := self._held.pop(seat.id, None)) is not None:
                timer.cancel()
            return seat, True
        most = self._settings.max_sessions
        if len(self._seats) + self._coming >= most and not self._free_one():
            raise Full(f"the server is busy: {most} of {most} sessions are taken; try again later")
        seat = Seat(secrets.token_urlsafe(24), self._house)
        seat.show_progress(self._progress)
        self._coming += 1
        try:
            await asyncio.wrap_future(seat.begin(hello))
        except BaseException:
            self._end(seat)
            raise
        finally:
            self._coming -= 1
        self._seats[seat.id] = seat
        self.metrics.sessions_open(len(self._seats))
        return seat, False

    def left(self, seat: Seat, for_good: bool) -> None:
        """See Seats."""
        if for_good or self._ending:
            self._free(seat)
        elif seat.id in self._seats:
            loop = asyncio.get_running_loop()
            self._held[seat.id] = loop.call_later(RESUME_SECONDS, self._free, seat)

    def _free_one(self) -> bool:
        """Give up the seat that was held longest with nothing going on in it: its client has all there was."""
        for id in self._held:
            if not self._seats[id].busy:
                self._free(self._seats[id])
                return True
        return False

    def _free(self, seat: Seat) -> None:
        if (timer := self._held.pop(seat.id, None)) is not None:
            timer.cancel()
        if self._seats.pop(seat.id, None) is not None:
            self._end(seat)
            self.metrics.sessions_open(len(self._seats))

    def _end(self, seat: Seat) -> None:
        done = seat.close()
        self._closing.add(done)
        done.add_done_callback(self._ended)

    def _ended(self, done: "Future[None]") -> None:
        self._closing.discard(done)
        if (error := done.exception()) is not None:
            log.error("a session could not be ended", exc_info=error)

    async def close(self, seconds: float) -> None:
        """End it: replies that are heard may end within ``seconds``, the others are saved as far as they came."""
        self._ending = True
        loop, quiet = asyncio.get_running_loop(), asyncio.Event()

        def noticed() -> None:
            loop.call_soon_threadsafe(quiet.set)

        self._quiet = noticed
        for seat in self._seats.values():
            seat.ending = True
            seat.tell(wire.Closing(seconds))
        try:
            async with asyncio.timeout(seconds):
                while any(seat.answering and seat.attached and not seat.sink.paused for seat in self._seats.values()):
                    await quiet.wait()
                    quiet.clear()
        except TimeoutError:
            log.info("the server ends with replies under way")
        self._quiet = lambda: None
        visits = dict(self._visits)
        for visit in visits:
            visit.end(GOING_AWAY, "the server ends")
        if visits:
            _, open_still = await asyncio.wait(visits.values(), timeout=CLOSE_SECONDS)
            for task in open_still:
                task.cancel()
        for seat in list(self._seats.values()):
            self._free(seat)
        if closing := [asyncio.wrap_future(done) for done in list(self._closing)]:
            await asyncio.wait(closing)


class _Both:
    """A ProgressDisplay that is two."""

    def __init__(self, *displays: ProgressDisplay) -> None:
        self._displays = displays

    def __enter__(self) -> Progress:
        notes = [display.__enter__() for display in self._displays]

        def note(done: int, total: int) -> None:
            for one in notes:
                one(done, total)

        return note

    def __exit__(self, *failure: object) -> None:
        for display in self._displays:
            display.__exit__(*failure)

    def before(self, notify: Notify) -> Notify:
        """See ProgressDisplay."""
        for display in self._displays:
            notify = display.before(notify)
        return notify
