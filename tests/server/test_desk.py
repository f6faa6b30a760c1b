"""Fair order: who came first goes first, who has gone is not waited for, and nobody is held up by a prefill."""

import threading
from concurrent.futures import Future

import pytest

from speakstream.errors import VoiceError
from speakstream.llm import Generation, Message
from speakstream.server import desk as desks
from speakstream.server.desk import Desk, QueuedModel, VoicePool
from speakstream.tts import Voice
from tests.llm.test_engines import poll
from tests.scripted import ScriptedModel, ScriptedVoice, ready

ASKED = [Message("user", "Hello")]


class Waiter(threading.Thread):
    """Takes a place, and leaves when it is told to."""

    def __init__(self, desk: Desk, urgency: float = 0.0) -> None:
        super().__init__()
        self.desk, self.urgency = desk, urgency
        self.cancelled, self.leave = threading.Event(), threading.Event()
        self.positions: list[int] = []
        self.served: bool | None = None
        self.start()

    def run(self) -> None:
        if self.desk.take(self.cancelled, self.positions.append, lambda: self.urgency):
            self.served = True
            self.leave.wait(30)
            self.desk.leave()
        else:
            self.served = False

    def waits(self, position: int) -> "Waiter":
        poll(lambda: self.positions[-1:] == [position])
        return self

    def is_served(self) -> None:
        poll(lambda: self.served is True)

    def done(self) -> None:
        self.leave.set()
        self.join(30)
        assert not self.is_alive()


def test_who_came_first_goes_first_and_the_others_are_told_their_position() -> None:
    lengths: list[int] = []
    desk = Desk(1, lengths.append)
    first = Waiter(desk)
    first.is_served()
    second = Waiter(desk).waits(1)
    third = Waiter(desk).waits(2)
    assert lengths == [1, 2]
    first.done()
    second.is_served()
    assert second.positions == [1, 0]
    third.waits(1)
    second.done()
    third.is_served()
    third.done()
    assert third.positions == [2, 1, 0]
    assert first.positions == [], "who waits for nothing is told nothing"
    assert lengths[-1] == 0


def test_as_many_as_there_are_places_are_served_at_once() -> None:
    desk = Desk(3)
    served = [Waiter(desk) for _ in range(3)]
    for one in served:
        one.is_served()
    fourth = Waiter(desk).waits(1)
    served[1].done()
    fourth.is_served()
    for one in (served[0], served[2], fourth):
        one.done()


def test_who_has_gone_is_not_waited_for() -> None:
    desk = Desk(1)
    first = Waiter(desk)
    first.is_served()
    second = Waiter(desk).waits(1)
    third = Waiter(desk).waits(2)
    second.cancelled.set()
    second.join(30)
    assert second.served is False
    third.waits(1)
    first.done()
    third.is_served()
    third.done()


def test_whoever_has_least_left_to_hear_goes_first() -> None:
    desk = Desk(1)
    first = Waiter(desk)
    first.is_served()
    at_ease = Waiter(desk, urgency=2.5).waits(1)
    urgent = Waiter(desk, urgency=0.1).waits(2)
    first.done()
    urgent.is_served()
    assert at_ease.served is None
    urgent.done()
    at_ease.done()


def test_a_reply_waits_for_the_one_before_and_each_is_whole() -> None:
    gate = threading.Event()
    model, desk, told = ScriptedModel(gates={1: gate}), Desk(1), list[int]()
    one, other = QueuedModel(model, desk, told.append), QueuedModel(model, desk, told.append)
    texts: list[str] = []

    def answer(queued: QueuedModel) -> None:
        texts.append("".join(queued.stream(ASKED, Generation(), threading.Event())))

    threads = [threading.Thread(target=answer, args=(one,)), threading.Thread(target=answer, args=(other,))]
    threads[0].start()
    poll(lambda: model.reached == 1)
    threads[1].start()
    poll(lambda: told == [1])
    assert model.running == 1
    gate.set()
    for thread in threads:
        thread.join(30)
    assert texts == ["".join(model.deltas)] * 2
    assert told == [1, 0]


def test_a_reply_that_is_dropped_or_fails_gives_its_place_back() -> None:
    model, desk = ScriptedModel(fail_at=1), Desk(1)
    queued = QueuedModel(model, desk, lambda position: None)
    stream = queued.stream(ASKED, Generation(), threading.Event())
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError):
        list(queued.stream(ASKED, Generation(), threading.Event()))
    assert desk.take(threading.Event())


def test_nothing_is_prefilled_while_anybody_is_answered() -> None:
    model, desk = ScriptedModel(), Desk(2)
    queued = QueuedModel(model, desk, lambda position: None)
    queued.prefill(ASKED, threading.Event())
    assert len(model.prefilled) == 1
    assert desk.take(threading.Event())
    queued.prefill(ASKED, threading.Event())
    assert len(model.prefilled) == 1
    desk.leave()
    queued.prefill(ASKED, threading.Event())
    assert len(model.prefilled) == 2


@pytest.mark.parametrize("by", ["somebody who asks", "its own session"])
def test_a_prefill_ends_for_who_asks(by: str) -> None:
    begun, ended = threading.Event(), threading.Event()

    class Slow(ScriptedModel):
        def prefill(self, messages: object, cancelled: threading.Event) -> None:
            begun.set()
            poll(cancelled.is_set)
            ended.set()

    desk, cancelled = Desk(1), threading.Event()
    queued = QueuedModel(Slow(), desk, lambda position: None)
    thread = threading.Thread(target=queued.prefill, args=(ASKED, cancelled))
    thread.start()
    assert begun.wait(30)
    if by == "its own session":
        cancelled.set()
    else:
        assert desk.take(threading.Event()), "it does not wait for the prefill"
    assert ended.wait(30)
    thread.join(30)


def test_what_a_model_is_passes_through() -> None:
    model = ScriptedModel(name="tiny", context_length=77)
    queued = QueuedModel(model, Desk(1), lambda position: None)
    assert (queued.name, queued.context_length, queued.count(ASKED)) == ("tiny", 77, model.count(ASKED))
    assert queued.last_prompt is None


# -- voices ------------------------------------------------------------------------------------------------


class Cellar:
    """Loads voices, and counts."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.closed: list[str] = []
        self.voices: dict[str, ScriptedVoice] = {}

    def load(self, name: str) -> "Future[Voice]":
        if name == "none":
            raise VoiceError("voice 'none' is unknown")
        self.loaded.append(name)
        self.voices[name] = ScriptedVoice(name=name)
        return ready(self.voices[name])

    def unload(self, voice: Voice) -> None:
        self.closed.append(voice.name)

    def pool(self, at_once: int = 2) -> VoicePool:
        return VoicePool(self.load, self.unload, at_once)


@pytest.fixture
def cellar() -> Cellar:
    return Cellar()


def test_a_voice_is_loaded_once_for_all(cellar: Cellar) -> None:
    pool = cellar.pool()
    one, other = pool.voice("a").result(), pool.voice("a").result()
    assert cellar.loaded == ["a"]
    for voice in (one, other):
        assert [chunk.seconds for chunk in voice.synthesize("One two.", 1.0, threading.Event())] == [0.2]
        assert (voice.name, voice.language, voice.sample_rate) == ("a", "en-US", 1000)


def test_an_unknown_voice_is_an_error_at_once_and_one_that_failed_is_tried_again(cellar: Cellar) -> None:
    pool = cellar.pool()
    with pytest.raises(VoiceError, match="unknown"):
        pool.voice("none")
    failed: Future[Voice] = Future()
    load, cellar.load = cellar.load, lambda name: failed  # type: ignore[method-assign]
    pool = cellar.pool()
    given = pool.voice("a")
    failed.set_exception(VoiceError("no network"))
    with pytest.raises(VoiceError, match="no network"):
        given.result()
    cellar.load = load  # type: ignore[method-assign]
    pool._load = load
    assert pool.voice("a").result().name == "a"


def test_voices_that_nobody_uses_are_closed_when_there_are_many(cellar: Cellar) -> None:
    pool = cellar.pool()
    used = pool.voice("used").result()
    for number in range(desks.KEPT_VOICES + 3):
        pool.voice(f"v{number}").result()
    assert cellar.closed == ["v0", "v1", "v2", "v3"], "the ones used longest ago, and none that is in use"
    assert list(used.synthesize("One.", 1.0, threading.Event()))
    pool.voice("v0").result()
    assert cellar.loaded.count("v0") == 2


def test_only_so_many_syntheses_run_at_once_and_none_while_a_chunk_is_written(cellar: Cellar) -> None:
    pool = cellar.pool(at_once=1)
    one, other = pool.voice("a").result(), pool.voice("a").result()
    held = iter(one.synthesize("One.", 1.0, threading.Event()))
    next(held)  # it is written now: the place is free
    assert list(other.synthesize("Two.", 1.0, threading.Event()))
    gate = cellar.voices["a"].gate = threading.Event()
    done: list[int] = []

    def speak(voice: Voice) -> None:
        done.append(len(list(voice.synthesize("Three.", 1.0, threading.Event()))))

    threads = [threading.Thread(target=speak, args=(voice,)) for voice in (one, other)]
    for thread in threads:
        thread.start()
    poll(lambda: cellar.voices["a"].running >= 2)  # the held one, and one of these
    assert len(pool._desk._waiting) <= 1
    poll(lambda: len(pool._desk._waiting) == 1)
    assert cellar.voices["a"].running == 2
    gate.set()
    for thread in threads:
        thread.join(30)
    assert done == [1, 1]


def test_a_cut_ends_the_waiting_for_a_voice(cellar: Cellar) -> None:
    pool = cellar.pool(at_once=1)
    assert pool._desk.take(threading.Event())
    cancelled = threading.Event()
    got: list[object] = []
    voice = pool.voice("a").result()

    thread = threading.Thread(target=lambda: got.extend(voice.synthesize("One.", 1.0, cancelled)))
    thread.start()
    poll(lambda: len(pool._desk._waiting) == 1)
    cancelled.set()
    thread.join(30)
    assert not thread.is_alive()
    assert got == []
