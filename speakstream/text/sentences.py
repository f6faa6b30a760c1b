"""Where the sentences of a reply begin, for going back and forth in it."""

from speakstream.text.lexicon import EMPTY
from speakstream.text.segmenter import Segmenter
from speakstream.text.span import Break


def sentence_starts(reply: str, aloud: frozenset[str] = frozenset()) -> list[int]:
    """The code points at which what is read of ``reply`` begins a new sentence, heading, item or announcement.

    ``aloud`` as in ``Delivery``.
    """
    segmenter = Segmenter(EMPTY, aloud)
    starts, begins = list[int](), True
    for clause in (*segmenter.push(reply), *segmenter.flush()):
        if clause.spoken:
            if begins:
                starts.append(clause.span.start)
            begins = clause.ends >= Break.SENTENCE
    return starts
