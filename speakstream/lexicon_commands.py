"""What ``speakstream lexicon`` does: list the words that are said in a person's own way, add one, take one out."""

import difflib
import json
import sys

from speakstream.errors import LexiconError, one_line
from speakstream.listings import show
from speakstream.pronunciation import add_entry, lexicon_path, read_lexicon, remove_entry
from speakstream.text.lexicon import checked


def list_lexicon(as_json: bool) -> None:
    """Print the entries in the order of the file. Raises LexiconError when it has a bad line."""
    path = lexicon_path()
    entries = read_lexicon(path).entries
    if as_json:
        print(json.dumps([{"word": e.word, "respelling": e.respelling, "exact": e.exact} for e in entries], indent=2))
    elif entries:
        rows = [(one_line(e.word), e.respelling, "as written" if e.exact else "any case") for e in entries]
        show(rows, f"kept in {path}; to change it: speakstream lexicon add or rm, or an editor")
    else:
        print("no word is in the lexicon; to add one: speakstream lexicon add Siobhan shivawn", file=sys.stderr)


def add_word(word: str, respelling: str) -> str:
    """Keep how ``word`` is said, tell so, and return it as it was kept. Raises LexiconError for what can't be."""
    try:
        entry = checked(word, respelling)
    except ValueError as error:
        raise LexiconError(str(error)) from None
    before = add_entry(lexicon_path(), entry)
    was = f" (it was: {before})" if before not in (None, entry.respelling) else ""
    print(
        f"{entry.word} is {'still' if before == entry.respelling else 'now'} said: {entry.respelling}{was}",
        file=sys.stderr,
    )
    return entry.word


def remove_word(word: str) -> None:
    """Take ``word`` out. Raises LexiconError, with the nearest words, when it is not there."""
    path = lexicon_path()
    word = " ".join(word.split())
    if remove_entry(path, word):
        print(f"{word} is out of the lexicon: the voice says it in its own way again", file=sys.stderr)
        return
    known = {entry.word.lower(): entry.word for entry in read_lexicon(path).entries}
    near = [known[match] for match in difflib.get_close_matches(word.lower(), known, 3, 0.5)]
    hint = f"did you mean {' or '.join(near)}?" if near else "see: speakstream lexicon list"
    raise LexiconError(f"{word!r} is not in the lexicon; {hint}")
