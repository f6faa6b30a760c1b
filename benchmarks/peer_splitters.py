"""Where pysbd and stream2sentence part a text: a program for the peers' environment, which imports nothing of ours.

    python benchmarks/peer_splitters.py < texts

It reads one JSON string per line and answers each with ``{"pysbd": [[sentence, read], ...], "stream2sentence": ...}``:
the sentences in order, and how many characters had been read when each was given. stream2sentence is fed one
character at a time; pysbd takes the whole text. A peer that is not installed answers null.
"""

import importlib
import json
import sys
import warnings
from collections.abc import Callable, Iterator

Split = Callable[[str], list[tuple[str, int]]]


def pysbd_splitter() -> Split:
    """pysbd, as it comes, but without ``clean``, which changes the text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its source has escapes that Python warns of
        segmenter = importlib.import_module("pysbd").Segmenter(language="en", clean=False)

    def split(text: str) -> list[tuple[str, int]]:
        return [(sentence, len(text)) for sentence in segmenter.segment(text)]

    return split


def stream2sentence_splitter() -> Split:
    """stream2sentence with the tokenizer that RealtimeTTS is measured with, and what favours it here.

    That is: sentences of any length, where its default joins those under ten characters, and ``auto_context``, which
    gives a sentence as soon as it is safe and not always a dozen characters later.
    """
    generate = importlib.import_module("stream2sentence").generate_sentences

    def split(text: str) -> list[tuple[str, int]]:
        read = 0

        def characters() -> Iterator[str]:
            nonlocal read
            for character in text:
                read += 1
                yield character

        return [
            (sentence, read)
            for sentence in generate(characters(), tokenizer="rule-based", minimum_sentence_length=1, auto_context=True)
        ]

    return split


def main() -> int:
    """Answer every line until the input ends."""
    splitters: dict[str, Split | None] = {}
    for name, make in (("pysbd", pysbd_splitter), ("stream2sentence", stream2sentence_splitter)):
        try:
            splitters[name] = make()
        except ImportError:
            splitters[name] = None
    for line in sys.stdin:
        text = json.loads(line)
        print(json.dumps({name: split and split(text) for name, split in splitters.items()}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
