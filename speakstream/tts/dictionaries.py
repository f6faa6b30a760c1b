"""hibari's dictionaries, looked up on disk instead of held in memory.

As Python objects the pronunciations and the tagger's weights take 100 MB and are parsed anew at every start; in a
SQLite file they take 13 MB on disk, hardly any memory, and open at once. The file may be deleted at any time.
"""

import contextlib
import gzip
import json
import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hibari.g2p import ASSETS, G2P
from hibari.g2p.lexicon import Lexicon
from hibari.g2p.tagger import Tagger
from hibari.g2p.tokenize import Tokenizer

from speakstream.tts.prepared import prepared

REMEMBERED = 4_000
"""Entries kept in memory after a look-up (about 1 MB): a tagged word needs 15, mostly the same ones."""

_KINDS = ("gold", "silver", "tagdict", "weights", "vocab", "tags")
_SCHEMA = "CREATE TABLE entry(kind INTEGER, key TEXT, value TEXT, PRIMARY KEY(kind, key)) WITHOUT ROWID"
_COUNT = "SELECT count(*) FROM entry"  # reads every page: 4 ms
_ABSENT = object()


class Table:
    """One of the dictionaries: what the G2P asks of a dict, and no more."""

    def __init__(self, database: "Dictionaries", kind: str) -> None:
        self._database = database
        self._kind = _KINDS.index(kind)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of ``key``."""
        value = self._database.find(self._kind, key)
        return default if value is _ABSENT else value

    def __contains__(self, key: str) -> bool:
        return self._database.find(self._kind, key) is not _ABSENT


class Dictionaries:
    """The tables of one accent, "us" or "gb"; safe to use from several threads."""

    def __init__(self, accent: str, folder: Path | None) -> None:
        """Open the file in ``folder``, made first if need be (1 s); where none can be written, a copy in memory."""
        assets = [Path(ASSETS, name) for name in _assets(accent)]
        path = prepared(folder, f"hibari-{accent}.sqlite3", _identity(assets), lambda part: _make(part, assets))
        self._lock = threading.Lock()
        self._remembered: OrderedDict[tuple[int, str], Any] = OrderedDict()
        self._connection = (path and _open(path)) or _in_memory(assets)

    def find(self, kind: int, key: str) -> Any:
        """The value, or a mark of our own that says that there is none."""
        with self._lock:
            place = (kind, key)
            if place in self._remembered:
                self._remembered.move_to_end(place)
                return self._remembered[place]
            try:
                row = self._connection.execute("SELECT value FROM entry WHERE kind = ? AND key = ?", place).fetchone()
            except UnicodeEncodeError:  # half of a character is in no dictionary
                row = None
            value = _ABSENT if row is None else json.loads(row[0])
            self._remembered[place] = value
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
            return value

    def close(self) -> None:
        """Nothing is looked up afterwards."""
        self._connection.close()


class CompactG2P(G2P):  # type: ignore[misc]
    """hibari's G2P on ``Dictionaries``: the same phonemes."""

    def __init__(self, accent: str, folder: Path | None) -> None:
        """``folder``: where the file with the dictionaries is, or is made."""
        self._dictionaries = Dictionaries(accent, folder)

        def table(kind: str) -> Table:
            return Table(self._dictionaries, kind)

        self.british = accent == "gb"
        self.unk = ""
        self._oov = None
        self.lexicon = Lexicon(table("gold"), table("silver"), self.british)
        self.tokenizer = Tokenizer(json.loads(Path(ASSETS, "tokenizer_exceptions.json").read_text("utf-8")))
        self.tagger = Tagger(
            {"tagdict": table("tagdict"), "weights": table("weights"), "tags": table("tags").get("all")}
        )
        self.tagger.vocab = table("vocab")

    def close(self) -> None:
        """Close the dictionaries."""
        self._dictionaries.close()


def _assets(accent: str) -> tuple[str, str, str]:
    return f"lexicon_{accent}_gold.json.gz", f"lexicon_{accent}_silver.json.gz", "tagger.json.gz"


def _identity(assets: Iterable[Path]) -> str:
    """Changes when a dictionary does: gzip ends with the checksum and the length of what is in it."""
    checksums = b""
    for asset in assets:
        with asset.open("rb") as file:
            file.seek(-8, os.SEEK_END)
            checksums += file.read(4)
    return checksums.hex()


def _connect(place: Path | str) -> sqlite3.Connection:
    return sqlite3.connect(place, check_same_thread=False)  # Dictionaries has a lock


def _open(path: Path) -> sqlite3.Connection | None:
    """The file; None when it is damaged, and then it is gone, to be made again the next time."""
    connection = _connect(path)
    try:
        if connection.execute(_COUNT).fetchone() == connection.execute("PRAGMA user_version").fetchone():
            return connection
    except sqlite3.Error:
        pass  # no database at all
    connection.close()
    path.unlink()
    return None


def _in_memory(assets: list[Path]) -> sqlite3.Connection:
    connection = _connect(":memory:")
    _fill(connection, assets)
    return connection


def _make(part: Path, assets: list[Path]) -> None:
    with contextlib.closing(_connect(part)) as connection:
        _fill(connection, assets)


def _fill(connection: sqlite3.Connection, assets: list[Path]) -> None:
    gold, silver, tagger = (json.loads(gzip.decompress(asset.read_bytes())) for asset in assets)
    contents: tuple[Mapping[str, Any], ...] = (
        gold,
        silver,
        tagger["tagdict"],
        tagger["weights"],
        dict.fromkeys(tagger["vocab"], True),
        {"all": tagger["tags"]},
    )
    connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA}")
    for kind, entries in enumerate(contents):
        rows = ((kind, key, json.dumps(value, ensure_ascii=False)) for key, value in sorted(entries.items()))
        connection.executemany("INSERT INTO entry VALUES (?, ?, ?)", rows)
    connection.execute(f"PRAGMA user_version = {connection.execute(_COUNT).fetchone()[0]}")
    connection.commit()
