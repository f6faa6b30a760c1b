"""What only the hibari voices promise: compact dictionaries, prepared files, parts of sentences, letters."""

from pathlib import Path
from threading import Event

import numpy as np
import pytest
from hibari.g2p import G2P

from speakstream.audio.chunk import AudioChunk
from speakstream.tts import ALONE, Place
from speakstream.tts.dictionaries import CompactG2P
from speakstream.tts.hibari import HibariVoice
from speakstream.tts.prepared import prepared
from tests.corpus import lines

NEVER = Event()


def say(voice: HibariVoice, text: str, place: Place = ALONE) -> AudioChunk:
    (chunk,) = voice.synthesize(text, 1.0, NEVER, place)
    return chunk


@pytest.mark.parametrize("accent", ["us", "gb"])
def test_compact_dictionaries_give_the_same_phonemes(accent: str, tmp_path: Path) -> None:
    whole = G2P(british=accent == "gb")
    said = [line.said for line in lines()[::3]] + ["I read it; he had read it. Record the record! Zorvexes, unknown."]
    expected = [whole(text) for text in said]
    for folder in (tmp_path, tmp_path, None):  # made, found, in memory
        compact = CompactG2P(accent, folder)
        assert [compact(text) for text in said] == expected
        compact.close()
    assert [path.suffix for path in tmp_path.iterdir()] == [".sqlite3"]


@pytest.mark.parametrize("damage", [b"", b"no database", None])
def test_a_damaged_file_is_made_again(damage: bytes | None, tmp_path: Path) -> None:
    CompactG2P("us", tmp_path).close()
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    compact = CompactG2P("us", tmp_path)
    assert compact("Hello there.") == "həlˈO ðˈɛɹ."
    compact.close()
    CompactG2P("us", tmp_path).close()
    assert len(file.read_bytes()) == len(whole)


def test_the_voice_sounds_the_same_from_its_prepared_graph(tmp_path: Path) -> None:
    plain, first, second = HibariVoice(), HibariVoice(cache=tmp_path), HibariVoice(cache=tmp_path)
    sounds = [say(voice, "A quick test.").samples for voice in (plain, first, second)]
    assert {path.suffix for path in tmp_path.iterdir()} == {".onnx", ".sqlite3"}
    assert np.array_equal(sounds[1], sounds[2])
    assert np.allclose(sounds[0], sounds[1], atol=1e-3)
    (graph,) = tmp_path.glob("*.onnx")
    graph.write_bytes(graph.read_bytes()[:1000])
    assert np.array_equal(say(HibariVoice(cache=tmp_path), "A quick test.").samples, sounds[0])
    assert not graph.exists()
    for voice in (plain, first, second):
        voice.close()


def test_older_versions_of_a_prepared_file_go(tmp_path: Path) -> None:
    for version in ("1", "2"):
        made = prepared(tmp_path, "thing.bin", version, Path.touch)
        assert made == tmp_path / f"thing-{version}.bin"
    assert [path.name for path in tmp_path.iterdir()] == ["thing-2.bin"]


def test_what_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert prepared(tmp_path / "file" / "folder", "thing.bin", "1", lambda part: None) is None
    assert prepared(None, "thing.bin", "1", lambda part: None) is None

    def fail(part: Path) -> None:
        part.write_bytes(b"half")
        raise OSError("disk full")

    assert prepared(tmp_path, "thing.bin", "1", fail) is None
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "text", ["A I is here.", "The F D A said so.", "the A, B and C parts", "The U S A.", "triple A batteries"]
)
def test_a_letter_is_said_by_its_name(text: str, heart: HibariVoice) -> None:
    (run,) = heart._split(text)
    (letter,) = [token.phonemes for token in run.tokens if token.text.rstrip(".") == "A"]
    assert letter == "ˈA"


def test_the_article_stays_one(heart: HibariVoice) -> None:
    (run,) = heart._split("A dog is a friend of A Dog.")
    assert [token.phonemes for token in run.tokens if token.text in "Aa"] == ["ɐ"] * 3


SENTENCE = "The sky appears blue because molecules in the air scatter the short waves."


@pytest.mark.parametrize("words", [3, 7, 10])
def test_the_parts_of_a_sentence_sound_as_they_do_in_it(words: int, heart: HibariVoice) -> None:
    text = SENTENCE.split()
    first, rest = " ".join(text[:words]), " ".join(text[words:])
    whole = say(heart, SENTENCE)
    begun, gone_on = say(heart, first, Place("", True)), say(heart, rest, Place(first, False))
    assert [first[w.start : w.end] for w in begun.words] == text[:words]
    assert [rest[w.start : w.end] for w in gone_on.words] == rest.rstrip(".").split()
    seam = whole.words[words].begins
    assert begun.seconds == pytest.approx(seam, abs=0.3)
    assert gone_on.seconds == pytest.approx(whole.seconds - seam, abs=0.3)
    for chunk in (begun, gone_on):
        assert np.abs(chunk.samples).max() > 0.05
        assert chunk.words[-1].stops <= chunk.seconds


def test_a_last_word_is_not_drawn_out_when_the_sentence_goes_on(heart: HibariVoice) -> None:
    ends, goes_on = say(heart, "The big black dog"), say(heart, "The big black dog", Place("", True))
    assert goes_on.words[-1].stops - goes_on.words[-1].begins < ends.words[-1].stops - ends.words[-1].begins


def test_a_part_too_long_for_its_surroundings_is_spoken_alone(heart: HibariVoice) -> None:
    text, before = " ".join(["wonderful"] * 32), " ".join(["marvellous"] * 8)
    assert np.array_equal(say(heart, text, Place(before, False)).samples, say(heart, text).samples)
    assert not np.array_equal(say(heart, text[:99], Place(before, False)).samples, say(heart, text[:99]).samples)
