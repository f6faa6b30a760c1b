"""Models come from where they are nearest, are fetched once, checked, prepared and used offline."""

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from speakstream.errors import ModelError
from speakstream.model_sources import Artifact
from speakstream.models import cache_folder
from tests.models.server import Server
from tests.models.tiny import (
    COMPLETE,
    NAME,
    STAMP,
    Store,
    assert_prepared,
    forbid_children,
    in_cache,
    one_line,
)

REPO = Path(__file__).parents[2]


# --- where it comes from ---


def test_fetched_from_the_index_then_prepared_and_nothing_else_is_kept(
    index: Server, cache: Path, artifact: Artifact
) -> None:
    store = Store(cache, artifact)
    path = store.resolve(NAME)
    assert path == cache / "tiny.Q8_0.gguf"
    assert_prepared(path)
    assert in_cache(cache) == COMPLETE
    assert store.shown[-1] == (artifact.wheel_size, artifact.wheel_size)
    assert store.shown == sorted(set(store.shown))
    assert store.notices == [f"Preparing {NAME} (once, a few seconds)."]


def test_used_offline_and_unread_ever_after(
    index: Server, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Store(cache, artifact).resolve(NAME)
    forbid_children(monkeypatch)
    monkeypatch.setattr("speakstream.model_cache.sha256_of", None)  # to call it would be a TypeError
    later = Store(cache, artifact)
    assert later.resolve(NAME) == path
    assert later.resolve(NAME.upper()) == path
    assert later.notices == []
    assert len(index.seen) == 1


def test_an_installed_package_is_used_before_the_index_and_never_imported(
    index: Server,
    cache: Path,
    artifact: Artifact,
    tiny_wheel: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    zipfile.ZipFile(io.BytesIO(tiny_wheel)).extractall(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert_prepared(Store(cache, artifact).resolve(NAME))
    assert index.seen == []

    (tmp_path / "site/tiny_model/tiny.Q4_1.gguf").write_bytes(b"another release")
    store = Store(cache, artifact)
    store.remove(NAME)
    assert_prepared(store.resolve(NAME))
    assert len(index.seen) == 1
    assert "not used" in store.notices[0]


def test_an_installed_package_serves_as_it_is_where_the_cache_cannot_be_written(
    cache: Path, artifact: Artifact, tiny_wheel: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zipfile.ZipFile(io.BytesIO(tiny_wheel)).extractall(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    cache.write_text("a file where the folder should be")
    store = Store(cache / "models", artifact)
    assert store.resolve(NAME) == tmp_path / "site/tiny_model/tiny.Q4_1.gguf"
    assert "slower file" in store.notices[0]


def test_a_local_file_or_folder_is_used_as_named(
    cache: Path, artifact: Artifact, tiny_model: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_children(monkeypatch)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.gguf").write_bytes(tiny_model)
    store = Store(cache, artifact)
    assert store.resolve("./own.gguf") == Path("own.gguf")
    assert store.resolve("own.gguf") == Path("own.gguf")
    assert store.resolve(str(tmp_path / "own.gguf")) == tmp_path / "own.gguf"
    assert store.resolve(str(tmp_path)) == tmp_path
    assert not cache.exists()
    with pytest.raises(ModelError, match="your own file"):
        store.remove("./own.gguf")
    (tmp_path / "text.gguf").write_text("hello")
    with pytest.raises(ModelError, match=r"'./text.gguf' is not a GGUF file"):
        store.resolve("./text.gguf")
    with pytest.raises(ModelError, match=r"'./none.gguf': No such file"):
        store.resolve("./none.gguf")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Tester/Tiny-2M", r"did you mean Tester/Tiny-1M\?.*say which file of it"),
        ("tiny-1m", r"did you mean Tester/Tiny-1M\?"),
        ("zzz", r"Unknown model 'zzz': name one of `speakstream models`"),
        ("owner/../secret/x.gguf", "Unknown model"),
        ("", "Unknown model ''"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_and_a_remedy(
    cache: Path, artifact: Artifact, name: str, says: str
) -> None:
    with pytest.raises(ModelError, match=says) as error:
        Store(cache, artifact).resolve(name)
    one_line(error)


# --- what is wrong is not kept ---


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("damage", "says"),
    [(flip_a_byte, "was altered"), (cut_short, "bytes instead of"), (Path.unlink, "is missing")],
)
def test_a_damaged_file_is_noticed_and_fetched_again(
    index: Server, cache: Path, artifact: Artifact, damage: Callable[[Path], None], says: str
) -> None:
    path = Store(cache, artifact).resolve(NAME)
    good = path.read_bytes()
    os.utime(path, (1, 1))
    damage(path)
    store = Store(cache, artifact)
    assert store.resolve(NAME).read_bytes() == good
    assert says in store.notices[0] and store.notices[0].endswith("fetching it again.")
    assert len(index.seen) == 2
    assert in_cache(cache) == COMPLETE


def test_a_damaged_stamp_is_noticed_and_fetched_again(index: Server, cache: Path, artifact: Artifact) -> None:
    Store(cache, artifact).resolve(NAME)
    for stamp in ("{", "[]", '{"name": 3}', json.dumps({"file": "../escape"})):
        (cache / STAMP).write_text(stamp)
        store = Store(cache, artifact)
        assert_prepared(store.resolve(NAME))
        assert "cannot be read" in store.notices[0]
    assert len(index.seen) == 5


def test_a_file_that_was_only_touched_is_kept_and_trusted_again(
    index: Server, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Store(cache, artifact).resolve(NAME)
    os.utime(path, (1, 1))
    store = Store(cache, artifact)
    assert store.resolve(NAME) == path
    assert store.notices == [] and len(index.seen) == 1
    monkeypatch.setattr("speakstream.model_cache.sha256_of", None)
    assert store.resolve(NAME) == path


def test_verify_and_pull_read_everything(index: Server, cache: Path, artifact: Artifact) -> None:
    store = Store(cache, artifact)
    assert not store.verify(NAME)
    path = store.pull(NAME)
    assert store.verify(NAME) and store.pull(NAME) == path and len(index.seen) == 1
    before = path.stat()
    flip_a_byte(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    store.notices.clear()
    assert store.verify(NAME, deep=False)
    assert not store.verify(NAME)
    assert store.notices == [f"{path} was altered after it was checked."]
    store.pull(NAME)
    assert store.verify(NAME) and len(index.seen) == 2


def test_a_new_release_of_the_model_replaces_the_old_one(index: Server, cache: Path, artifact: Artifact) -> None:
    Store(cache, artifact).resolve(NAME)
    newer = replace(artifact, prepared_file="tiny-2.Q8_0.gguf")
    stamp = json.loads((cache / STAMP).read_text())
    (cache / STAMP).write_text(json.dumps(stamp | {"source_sha256": "0" * 64}))
    store = Store(cache, newer)
    assert store.resolve(NAME).name == "tiny-2.Q8_0.gguf"
    assert "another release" in store.notices[0]
    assert in_cache(cache) == {"tiny-2.Q8_0.gguf", STAMP}


# --- what is there ---


def test_the_catalogue_says_what_is_on_disk_and_remove_says_what_it_freed(
    index: Server, cache: Path, artifact: Artifact
) -> None:
    store = Store(cache, artifact)
    (row,) = store.catalogue()
    assert (row.name, row.size, row.on_disk, row.path) == (NAME, artifact.wheel_size, False, None)
    assert (row.source, row.licence) == ("package tiny-model 1.0", "MIT")
    assert store.remove(NAME) == 0 and not cache.exists()
    path = store.pull(NAME)
    (row,) = store.catalogue()
    assert (row.size, row.on_disk, row.path) == (path.stat().st_size, True, path)
    on_disk = sum((cache / name).stat().st_size for name in COMPLETE)
    assert store.remove(NAME) == on_disk
    assert in_cache(cache) == set()
    assert not store.catalogue()[0].on_disk


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder({"SPEAKSTREAM_MODEL_CACHE": "/data/models"}) == Path("/data/models")
    assert cache_folder({}).parts[-2:] == ("speakstream", "models")


def test_importing_the_room_loads_nothing_heavy() -> None:
    heavy = {"filelock", "gguf", "numpy", "platformdirs", "subprocess", "tempfile", "urllib.request"}
    code = f"import speakstream.models, sys; print(sorted({heavy!r} & set(sys.modules)))"
    command = [sys.executable, "-S", "-c", code]  # without site: editable installs import plenty themselves
    assert subprocess.run(command, cwd=REPO, capture_output=True, text=True).stdout == "[]\n"
