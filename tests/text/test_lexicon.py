"""A word in the lexicon is said as a person wants it, wherever it stands, and no other word is."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakstream.errors import LexiconError
from speakstream.text.lexicon import Entry, Lexicon, checked, parse, parse_line, with_entry, without
from speakstream.text.segmenter import Segmenter
from speakstream.text.span import Clause
from speakstream.text.speakable import speak
from tests.text.replies import REPLIES
from tests.text.test_segmenter import PARTS

WORDS = """
# names
Siobhan = shivawn
san josé = san hozay
Isle of Man = eye-l of man   # two words and a preposition

SQL = sequel
nginx = engine ex
C++ = see plus plus
node.js = node jay ess
node = noad
k8s = kubernetes
AT&T = ay tee and tee
GPU = gee pee you
gif = jiff
new = noo
don = dawn
911 = nine one one
example = egg zample
C# = see sharp
🎉 = tada
-> = leads to
привет = preevyet
café = kaffay
O'Neil = oh-neel
"""
LEXICON = parse(WORDS, "lexicon.txt")

SPOKEN = [
    # it comes before every other rule
    ("The SQL server", "The sequel server"),
    ("call 911, now", "call nine one one, now"),
    ("AT&T and R&D", "ay tee and tee and R and D"),
    ("C++ and C#", "see plus plus and see sharp"),
    ("C++17", "see plus plus seventeen"),
    ("use node.js, or node", "use node jay ess, or noad"),
    ("k8s-config", "kubernetes config"),
    ("a 🎉🎉 party", "a tada party"),
    ("a -> b", "a leads to b"),
    ("привет you", "preevyet you"),
    # the case rule
    ("SQL, sql, Sql", "sequel, sql, Sql"),
    ("gif GIF Gif", "jiff jiff jiff"),
    ("San José or SAN JOSÉ", "san hozay or san hozay"),
    # whole words only
    ("MySQL and SQLite", "my S Q L and S Q lite"),
    ("don't", "don't"),
    ("donate, undone", "donate, undone"),
    ("1,911 or 911.5", "one thousand nine hundred eleven or nine hundred eleven point five"),
    ("nodejs", "nodejs"),
    ("C+", "C plus"),
    # endings stay
    ("Siobhan's", "shivawn's"),
    ("Siobhan’s cat, Siobhan'll", "shivawn's cat, shivawn'll"),
    ("two GPUs and GIFs", "two gee pee you's and jiff's"),
    ("O'Neil and O’Neil’s", "oh-neel and oh-neel's"),
    ("as new", "as noo"),
    # in Markdown
    ("**Siobhan**, *Siobhan* and _Siobhan_", "shivawn, shivawn and shivawn"),
    ("[Siobhan](http://x.y/nginx)", "shivawn"),
    ("(Siobhan)", "shivawn,"),
    ("`nginx -t`", "engine ex dash t"),
    ("San\n  José", "san hozay"),
    # in compounds and longer names
    ("Siobhan-like, ex-Siobhan", "shivawn like, ex shivawn"),
    ("nginx.conf and my_nginx", "engine ex dot conf and my engine ex"),
    ("/etc/nginx/a.b", "slash etc slash engine ex slash A dot b"),
    ("https://example.com/x", "link to egg zample dot com"),
    ("me@example.com", "me at egg zample dot com"),
    ("`NginxServer`", "engine ex server"),
    ("@nginx #nginx", "at engine ex hashtag engine ex"),
    # however its letters are made
    ("cafe\u0301", "kaffay"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "spoken"), SPOKEN)
def test_a_word_is_said_as_the_lexicon_has_it(written: str, spoken: str) -> None:
    assert speak(written, lexicon=LEXICON).text == spoken


def test_a_word_is_lit_as_it_is_written() -> None:
    text = "See: Siobhan's C++ code, in San José."
    said = speak(text, start=100, lexicon=LEXICON)
    lit = [(text[p.span.start - 100 : p.span.end - 100], said.text[p.start : p.end]) for p in said.pieces]
    assert lit == [
        ("See", "See"),
        ("Siobhan's", "shivawn's"),
        ("C++", "see plus plus"),
        ("code", "code"),
        ("in", "in"),
        ("San José", "san hozay"),
    ]


def test_the_longer_word_wins_then_the_one_with_a_capital_then_the_last_line() -> None:
    lexicon = parse("news = nooz\nnew = noo\nNEW = any why\nreads = reedz\nreads = redz\nus = uss\nUS = you ess", "f")
    assert speak("news new NEW NEWS reads us US", lexicon=lexicon).text == "nooz noo any why nooz redz uss you ess"


def test_an_empty_lexicon_changes_nothing() -> None:
    for reply in REPLIES:
        assert speak(reply, lexicon=Lexicon()) == speak(reply)
    assert not Lexicon() and LEXICON


# -- in a stream ------------------------------------------------------------------------------------------


def clauses(*deltas: str) -> list[Clause]:
    segmenter = Segmenter(LEXICON)
    return [*itertools.chain.from_iterable(segmenter.push(delta) for delta in deltas), *segmenter.flush()]


def test_speech_does_not_pause_within_an_entry() -> None:
    text = "We all like the Isle of Man in summer."
    assert [clause.spoken for clause in clauses(text)] == ["We all like the eye-l of man", "in summer."]
    plain = Segmenter()
    assert next(clause.spoken for clause in [*plain.push(text), *plain.flush()]) == "We all like the Isle"


texts = st.lists(
    st.sampled_from([
        *PARTS, *(f"{entry.word} " for entry in LEXICON.entries), *(entry.word for entry in LEXICON.entries),
        "Isle ", "of ", "Man's, ", "San\n", "s ", "’s", "-", ".", "_",
    ]),
    max_size=40,
).map("".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(texts, st.lists(st.integers(0, 300), max_size=6))
def test_any_text_is_cut_the_same_wherever_a_delta_ends(text: str, at: list[int]) -> None:
    whole = clauses(text)
    assert clauses(*text) == whole
    edges = [0, *sorted(min(place, len(text)) for place in at), len(text)]
    assert clauses(*(text[a:b] for a, b in itertools.pairwise(edges))) == whole
    place = 0
    for piece in itertools.chain.from_iterable(clause.pieces for clause in whole):
        assert place <= piece.span.start < piece.span.end <= len(text)
        place = piece.span.end


def test_a_new_lexicon_holds_for_the_clauses_that_are_still_to_come() -> None:
    segmenter = Segmenter()
    first = segmenter.push("Siobhan came. Siobhan ")
    segmenter.lexicon = LEXICON
    assert [clause.spoken for clause in [*first, *segmenter.push("left."), *segmenter.flush()]] == [
        "Siobhan came.",
        "shivawn left.",
    ]


# -- lines ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("a = b", Entry("a", "b")),
        ("  node.js=node jay  ess  ", Entry("node.js", "node jay ess")),
        ("C# = see sharp  # not F#", Entry("C#", "see sharp")),
        ("== = equals", Entry("==", "equals")),
        ("a=b = ay to bee", Entry("a=b", "ay to bee")),
        ("Kubernetes = koo-ber-NET-eez # x = y", Entry("Kubernetes", "koo-ber-NET-eez")),
        ("O’Neil = o’neel", Entry("O’Neil", "o'neel")),
        ("naïve = nah-éve", Entry("naïve", "nah-éve")),
        ("", None),
        (" # a = b", None),
    ],
)
def test_a_line_is_a_word_and_its_respelling(line: str, entry: Entry | None) -> None:
    assert parse_line(line) == entry


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nginx engine ex", "'nginx engine ex' is no entry; write word = respelling"),
        ("= b", "'= b' has no word before the =; write word = respelling"),
        ("a =", "'a' has no respelling; write how it sounds, as in: Siobhan = shivawn"),
        ("a = # later", "'a' has no respelling"),
        ("a = b3", "the respelling 'b3': '3' cannot be said; write the sounds in letters, joined by"),
        ("a = b = c", "the word 'a = b' has a = between spaces; write word = respelling, with one ="),
        ("a = b#c", "'#' cannot be said"),
        ("a = шум", "'ш' cannot be said"),
        ("a = -b", "it must begin and end with a letter"),
        ("a = \x1b[2Jb", r"the respelling '\x1b[2Jb': '\x1b' cannot be said"),
        ("\x07a = b", r"the word '\x07a' has a character that cannot be seen"),
        ("*** = stars", "the word '***' is made of marks only, which shape speech"),
        ("Yahoo! Mail = yahoo mail", "the word 'Yahoo! Mail': speech pauses after 'Yahoo!'; make entries of its parts"),
        ("a—b = ay bee", "speech pauses after '—'"),
        ("x" * 81 + " = b", "is longer than 80 characters; shorten it"),
        ("a = " + "x" * 201, "the respelling of 'a' is longer than 200 characters; shorten it"),
    ],
)
def test_a_bad_line_is_named_with_what_is_wrong_and_what_would_be_right(line: str, says: str) -> None:
    with pytest.raises(LexiconError) as error:
        parse(f"# words\r\nSQL = sequel\r\n{line}\r\n", "/home/lexicon.txt")
    assert str(error.value).startswith("/home/lexicon.txt, line 3: ")
    assert says in str(error.value)
    assert str(error.value).isprintable()


def test_a_person_s_comments_and_order_stay() -> None:
    text = "# mine\r\n\r\n  SQL = ess cue ell  # by the standard\r\nnginx = engine ex\r\nSQL = squeal"
    added = with_entry(text, Entry("k8s", "kates"))
    assert added == f"{text}\r\nk8s = kates\r\n"
    replaced = with_entry(text, Entry("SQL", "sequel"))
    assert replaced == text.replace("SQL = squeal", "SQL = sequel")
    once = text.removesuffix("SQL = squeal")
    assert with_entry(once, Entry("SQL", "sequel")) == once.replace("ess cue ell", "sequel")
    assert without(text, "SQL") == "# mine\r\n\r\nnginx = engine ex\r\n"
    assert without(text, "sql") == text
    assert with_entry("", Entry("a", "b")) == "a = b\n"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30), st.from_regex(r"[A-Za-zé][a-z' -]{0,8}[a-z]", fullmatch=True))
def test_what_can_be_added_is_read_back_and_found(word: str, respelling: str) -> None:
    try:
        entry = checked(word, respelling)
    except ValueError as error:
        assert str(error).isprintable()
        return
    text = with_entry("# words\nother = thing", entry)
    lexicon = parse(text, "f")
    assert lexicon.entries == (Entry("other", "thing"), entry)
    assert lexicon.respell(entry.word) == entry.respelling
    assert parse(without(text, entry.word), "f").entries == (Entry("other", "thing"),)
