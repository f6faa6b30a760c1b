"""What is heard for what is written, and which words are lit while it sounds."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakstream.text import numerals
from speakstream.text.code_names import read_identifier
from speakstream.text.formulas import read_formula
from speakstream.text.speakable import speak
from tests.text.test_segmenter import texts

SPOKEN = [
    # Markdown's marks
    ("Hello **world**, this is _fine_.", "Hello world, this is fine."),
    ("***all*** ~~gone~~ __under__", "all gone under"),
    ("un**bold**ed", "un bold ed"),
    ("stray ** marks ` and _ here", "stray marks and here"),
    ("See [the docs](https://example.com/a_(b)) now.", "See the docs now."),
    ("[**Bold** link](x 'title') and [ref][1]", "Bold link and ref"),
    ("![A cat](cat.png) sits", "A cat sits"),
    ("a source [1].", "a source."),
    ("<b>bold</b> and <br> next", "bold and, next"),
    ("one  \ntwo\nthree", "one, two three"),
    ("a\\*b \\_c\\_", "a b c"),
    ("&amp; &lt;5 &copy;", "and is less than five copyright"),
    # code
    ("Call `getUserName()` with `--flag`.", "Call get user name with dash dash flag."),
    ("`x == y` or `a.b`", "x equals y or A dot b"),
    ("`HTTPServer` and `my_var2`", "H T T P server and my var two"),
    ("``a ` b`` ends", "A b ends"),
    ("snake_case_name and foo_bar()", "snake case name and foo bar"),
    ("print() and obj.method()", "print and obj dot method"),
    ("node.js main.py config.json", "node dot J S main dot py config dot jason"),
    ("Node.js and .env", "node dot J S and dot env"),
    ("/usr/local/bin", "slash user slash local slash bin"),
    ("C++ and C# and F#", "C plus plus and C sharp and F sharp"),
    # addresses
    ("Visit https://www.example.com/path?x=1. Then go.", "Visit link to example dot com. Then go."),
    ("<https://a.example.org/x> ok", "link to A dot example dot org ok"),
    ("(see https://en.wikipedia.org/wiki/A_(b))", "see link to en dot wikipedia dot org"),
    ("example.com/path and www.python.org", "example dot com and link to python dot org"),
    ("me.name@example.com", "me dot name at example dot com"),
    ("@user and #topic", "at user and hashtag topic"),
    # numbers
    ("0 7 42 100 1000", "zero seven forty-two one hundred one thousand"),
    ("1,234,567 people", "one million two hundred thirty-four thousand five hundred sixty-seven people"),
    ("3.14 and 0.5 and .25", "three point one four and zero point five and zero point two five"),
    ("-5 and -3.2%, +4", "minus five and minus three point two percent, plus four"),
    ("007", "zero zero seven"),
    ("12345678901234567890", " ".join(numerals.DIGITS[int(d)] for d in "12345678901234567890")),
    ("1st 2nd 3rd 22nd 103rd", "first second third twenty-second one hundred third"),
    ("1/2 cup, 3/4, 1 1/2 and ½", "one half cup, three quarters, one and one half and one half"),
    ("2/3 or 9/10 or 10/10", "two thirds or nine tenths or ten out of ten"),
    ("24/7", "twenty-four seven"),
    ("1.5e-3 and 2e10", "one point five times ten to the minus three and two times ten to the tenth"),
    ("10^6 and x² + y³", "ten to the sixth and x squared plus y cubed"),
    ("5K and 10k and 7B and 2.5M", "five K and ten thousand and seven billion and two point five million"),
    ("#5 and No. 6", "number five and number six"),
    ("No. It isn't.", "No. It isn't."),
    ("3 times 10x or 1920x1080",
     "three times ten times or nineteen twenty by ten eighty"),
    ("version 3.11.2, v2.0", "version three point eleven point two, version two point zero"),
    ("192.168.1.1", "one hundred ninety-two dot one hundred sixty-eight dot one dot one"),
    ("555-123-4567", "five five five, one two three, four five six seven"),
    ("٣ apples", "three apples"),
    # money
    ("It costs $100, or $3.50.", "It costs one hundred dollars, or three dollars and fifty cents."),
    ("$1 $1.01 $0.99", "one dollar one dollar and one cent ninety-nine cents"),
    ("€5 £2.50 ¥500", "five euros two pounds and fifty pence five hundred yen"),
    ("5€ or 20 USD or EUR 7", "five euros or twenty dollars or seven euros"),
    ("$1.2 billion and $3.5M and $100k",
     "one point two billion dollars and three point five million dollars and one hundred thousand "
     "dollars"),
    ("-$5 and $5-10 and $5-$10", "minus five dollars and five to ten dollars and five to ten dollars"),
    ("$9.99/month", "nine dollars and ninety-nine cents per month"),
    ("50¢", "fifty cents"),
    ("44 B.C. and 2 GB", "forty-four B C and two gigabytes"),
    ("a 20-year-old, 3-5-day trip", "a twenty year-old, three to five day trip"),
    ("mid-1990s, pre-2000", "mid nineteen nineties, pre two thousand"),
    ("9am-5pm or 6 p.m. – 8 p.m.", "nine a.m. to five p.m. or six p.m. to eight p.m."),
    ("100s of, 1,2,3 and ①", "hundreds of, one, two, three and one"),
    ("9/11 was 50/50", "nine eleven was fifty fifty"),
    ("f(x) = x^2 + 2x + 1", "f of x equals x squared plus two x plus one"),
    ("w/ milk, w/o sugar, a Ph.D.", "with milk, without sugar, a P H D"),
    # per cent, ranges, units
    ("100% or 5.5 %", "one hundred percent or five point five percent"),
    ("5-10 km, 5–10%", "five to ten kilometers, five to ten percent"),
    ("1990-2000 and 2019–23", "nineteen ninety to two thousand and twenty nineteen to twenty-three"),
    ("1 km, 2 km, 60 mph", "one kilometer, two kilometers, sixty miles per hour"),
    ("5kg 10 lbs 3 ft", "five kilograms ten pounds three feet"),
    ("20°C, 68 °F, -40°", "twenty degrees Celsius, sixty-eight degrees Fahrenheit, minus forty degrees"),
    ("16GB, 5 MB/s, 2.4 GHz", "sixteen gigabytes, five megabytes per second, two point four gigahertz"),
    ("100 m², 3 m/s, 120km/h",
     "one hundred square meters, three meters per second, one hundred twenty kilometers per hour"),
    ("5 in a row", "five in a row"),
    ("16:9 and 3:2:1", "sixteen to nine and three to two to one"),
    # times and dates
    ("3:30 pm, 14:05, 9:00", "three thirty p.m., fourteen oh five, nine o'clock"),
    ("9 a.m. to 5pm", "nine a.m. to five p.m."),
    ("in 1984, 2005 and 2026", "in nineteen eighty-four, two thousand five and twenty twenty-six"),
    ("1900, 1905, 2000, 1066", "nineteen hundred, nineteen oh five, two thousand, one thousand sixty-six"),
    ("2000 years, 1500 people", "two thousand years, fifteen hundred people"),
    ("1600 kilometers", "one thousand six hundred kilometers"),
    ("the 1990s and '80s", "the nineteen nineties and eighties"),
    ("2024-05-17", "May seventeenth twenty twenty-four"),
    ("12/25/2024", "December twenty-fifth twenty twenty-four"),
    ("July 4, 1776 and Jan. 5", "July fourth, seventeen seventy-six and January fifth"),
    # short forms
    ("Dr. Smith vs. Mr. Jones and Mrs. Lee", "Doctor Smith versus Mister Jones and Missus Lee"),
    ("St. Paul on Main St.", "Saint Paul on Main Street."),
    ("e.g. this, i.e. that", "for example this, that is that"),
    ("cats, dogs, etc.", "cats, dogs, et cetera."),
    ("approx. 5, Fig. 3, p. 7", "approximately five, figure three, page seven"),
    ("the min is no more", "the min is no more"),
    ("U.S. and U.K.", "U S and U K"),
    ("GPU, GPUs and NASA", "G P U, G P U's and Nasa"),
    ("GPT-4, H2O, B2B, COVID-19", "G P T four, H two O, B two B, Covid nineteen"),
    ("4K and 5G and 3D", "four K and five G and three D"),
    ("file(s)", "files"),
    # symbols
    ("a > b, x = 5, 2 + 2 = 4, 2*3",
     "a is greater than b, x equals five, two plus two equals four, two times three"),
    ("x >= 3, y != 2 and z <= 1", "x is at least three, y is not equal to two and z is at most one"),
    ("R&D and Q&A & more", "R and D and Q and A and more"),
    ("A → B, 3 × 4 ÷ 2", "A to B, three times four divided by two"),
    ("5 - 3 = 2", "five minus three equals two"),
    ("~5 minutes, ±2", "about five minutes, plus or minus two"),
    ("and/or he/she", "and or he she"),
    ("π is α and β", "pi is alpha and beta"),
    ("Coke™ and Acme®", "Coke and Acme"),
    # marks that shape intonation
    ("wait... what?! — yes", "wait… what? yes"),
    ("I came — I saw", "I came, I saw"),
    ("this (or that) is “good”", "this, or that, is good"),
    ("don’t, rock ’n’ roll", "don't, rock and roll"),
    ("state-of-the-art café", "state-of-the-art café"),
    # emoji
    ("😀😀 great 🎉", "grinning face great party popper"),
    ("👍🏽 ❤️ ✅ ⚠️", "thumbs up heart check mark warning"),
    ("👨‍👩‍👧 👩‍💻 🇺🇸 1️⃣", "family woman technologist flag of the United States one"),
    # formulas
    ("$E = mc^2$ holds", "E equals m c squared holds"),
    ("\\(x_1 + \\alpha\\) and $\\frac{a}{b}$", "x one plus alpha and A over b"),
    ("$5 and $6", "five dollars and six dollars"),
    # other scripts
    ("привет is hello", "is hello"),
    ("你好", ""),
]  # fmt: skip


@pytest.mark.parametrize(("written", "spoken"), SPOKEN)
def test_text_is_read_as_a_person_would(written: str, spoken: str) -> None:
    assert speak(written).text == spoken


def lit(text: str) -> list[tuple[str, str]]:
    said = speak(text)
    return [(text[piece.span.start : piece.span.end], said.text[piece.start : piece.end]) for piece in said.pieces]


def test_a_price_lights_up_as_one_while_its_words_sound() -> None:
    assert lit("It costs $100, or 5 km.") == [
        ("It", "It"),
        ("costs", "costs"),
        ("$100", "one hundred dollars"),
        ("or", "or"),
        ("5 km", "five kilometers"),
    ]


def test_marks_are_not_lit_and_links_light_their_words() -> None:
    assert lit("**A** [good link](http://x.y) `my_fn(a, b)`") == [
        ("A", "A"),
        ("good", "good"),
        ("link", "link"),
        ("my_fn(a,", "my function A"),
        ("b)", "b"),
    ]


def test_spans_are_counted_from_where_the_slice_stands_in_the_reply() -> None:
    said = speak("- two words", start=100, skip=2)
    assert said.text == "two words"
    assert [(piece.span.start, piece.span.end) for piece in said.pieces] == [(102, 105), (106, 111)]


def test_letters_the_voice_has_no_sounds_for_are_told_apart_from_silence() -> None:
    assert speak("你好").foreign and speak("привет мир").foreign
    assert not speak("—").foreign and not speak("café α").foreign


ODD = re.compile(r"[^A-Za-zÀ-ɏḀ-ỿ\u0300-\u036f ,;:.!?…'\-]")


@settings(max_examples=400, deadline=None)
@given(texts | st.text(max_size=80) | st.from_regex(r"[-+$€~#v]?[0-9][0-9.,:/x×^eE%°a-zA-Z$-]{0,12}", fullmatch=True))
def test_the_voice_is_given_words_and_marks_only(text: str) -> None:
    said = speak(text)
    assert not ODD.search(said.text), said.text
    assert "  " not in said.text
    at = place = 0
    for piece in said.pieces:
        assert at <= piece.start < piece.end <= len(said.text)
        assert place <= piece.span.start < piece.span.end <= len(text)
        at, place = piece.end, piece.span.end


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("getUserName()", "get user name"),
        ("HTTPServer", "H T T P server"),
        ("my-long-name", "my long name"),
        ("a[i]", "A i"),
        ("x**2", "x to the power of two"),
        ("__init__", "init"),
        ("x", "x"),
        ("", ""),
    ],
)
def test_names_in_code_are_read_word_by_word(name: str, words: str) -> None:
    assert read_identifier(name) == words


def test_formulas_are_read_without_their_commands() -> None:
    assert read_formula(r"x = \frac{-b}{2a}") == "x equals minus b over two A"
    assert read_formula(r"\sqrt{x} \leq \infty") == "the square root of x is at most infinity"
    assert read_formula("{" * 1000) == ""


def test_years_are_read_in_pairs() -> None:
    assert numerals.year("1984") == "nineteen eighty-four"
    assert numerals.year("2010") == "twenty ten"
    assert numerals.year("1001") == "one thousand one"
    assert numerals.decade("2000") == "two thousands"
