"""Where the sentences of a reply begin, for going back and forth in it."""

import pytest

from speakstream.text.sentences import sentence_starts


@pytest.mark.parametrize(
    ("reply", "starts"),
    [
        ("", []),
        ("One. Two? Three!", ["One", "Two", "Three"]),
        ("It costs $3.50, e.g. in the U.S. market. Next.", ["It", "Next"]),
        ("# Title\n\nText here.\n\n- one\n- two\n", ["# Title", "Text", "- one", "- two"]),
        ("A long sentence, with a comma; and a colon: here it ends. Then more", ["A long", "Then"]),
    ],
)
def test_every_sentence_heading_and_item_begins_one(reply: str, starts: list[str]) -> None:
    found = sentence_starts(reply)
    assert len(found) == len(starts)
    assert all(
        reply[at:].lstrip("#- ").startswith(start.lstrip("#- ")) for at, start in zip(found, starts, strict=True)
    )


def test_code_that_is_read_has_sentences_of_its_own() -> None:
    reply = "Look:\n\n```python\nx = 1\ny = 2\n```\n\nDone."
    assert len(sentence_starts(reply, frozenset({"code"}))) > len(sentence_starts(reply))
