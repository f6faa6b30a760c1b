"""Rules for Roman numerals: of kings, wars, chapters, centuries; words that only look like them are left."""

import re
from typing import TYPE_CHECKING

from speakstream.text import numerals
from speakstream.text.rule import Found, Rule, before, rule, say
from speakstream.text.vocabulary import word_set

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

_REIGNED = word_set(
    "Henry Louis Elizabeth Charles George James William Edward Richard Philip Francis John Paul Pius Benedict "
    "Gregory Leo Clement Innocent Urban Alexander Nicholas Peter Catherine Frederick Ferdinand Alfonso Napoleon "
    "Ramses Rameses Ptolemy Darius Xerxes Mary Margaret Christian Gustav Gustavus Haakon Harald Olav Leopold Albert "
    "Wilhelm Otto Conrad Ivan Joseph Franz Isabella Pedro Juan Carlos Felipe Umberto Victor Emmanuel Mehmed "
    "Suleiman Murad Selim Boniface Sixtus Julius Celestine Stephen Theodore Constantine Theodosius Valentinian "
    "Justinian Rama Thutmose Amenhotep Cleopatra Berengar Baldwin Robert David Edmund Casimir Sigismund Vladislaus "
    "Matthias Maximilian Rudolf Andrew Hassan Mohammed Abdullah Hussein Willem Beatrix Margrethe Johan Eric Canute "
    "Cnut Harold Philippe Hugh Adrian Hadrian Honorius Lucius"
)
_TITLES = word_set("King Queen Pope Emperor Empress Tsar Czar Kaiser Sultan Shah Pharaoh Prince Duke Archduke Caliph")
_NUMBERED = word_set(
    "war bowl chapter part volume vol act scene book section article title phase type class grade stage level "
    "category group figure table appendix mark mk episode season saturn apollo schedule canto step tier annex "
    "exhibit plate case"
)
"""Words that a cardinal follows: "Chapter IV"."""

_NO_NAMES = word_set(
    "An The This That These Those My Your His Her Its Our Their Some Any No Use Using With In On At And Or"
)
_DRIP = re.compile(r"\s(?:fluid|drip|line|bag|therap|antibiotic|access|cathet|medic|push|need|pole|infusion)")
_ORDERED = r"(?=\s(?:century|centuries|dynasty|Olympi|Congress|Army|Corps|Legion|Amendment))"
_AFTER_ONE = re.compile(r"[,.;:)'’]|\s(?:was|of|and|reigned|ruled|died|became|never|had|built|succeeded)\b|$")
_BEFORE = re.compile(r"(?:\b([A-Z]\w{1,14})\s)?\b([A-Za-z]\w{1,14})\.?\s$")


def _numeral(speaking: "Speaking", found: Found) -> bool:
    letters, owner = found.groups()
    value = numerals.roman(letters)
    known = _BEFORE.search(before(speaking, found, 34))
    if not value or not known:
        return False
    title, name = known.groups()
    numbered = name.lower() in _NUMBERED
    if letters.islower():
        words = numerals.cardinal(str(value)) if numbered and len(letters) > 1 else ""
    elif name in _REIGNED or title in _TITLES:
        single = len(letters) == 1 and title not in _TITLES
        sure = not single or (letters in "IVX" and _AFTER_ONE.match(speaking.text, found.end()))
        words = f"the {numerals.ordinal(str(value)).title()}" if sure and value < 100 else ""
    elif numbered and (len(letters) > 1 or name[0].isupper()):
        words = numerals.cardinal(str(value))
    elif len(letters) > 1 and value < 40 and name[0].isupper() and name not in _NO_NAMES:
        words = "" if _DRIP.match(speaking.text, found.end()) else numerals.cardinal(str(value))
    else:
        words = ""
    return bool(words) and say(words + ("'s" if owner else ""), speaking, found)


def _ordinal(speaking: "Speaking", found: Found) -> bool:
    value = numerals.roman(found[0])
    return bool(value) and say(numerals.ordinal(str(value)), speaking, found)


def _in_brackets(speaking: "Speaking", found: Found) -> bool:
    return say(numerals.cardinal(str(numerals.roman(found[1]))), speaking, found)


def _hyphened(speaking: "Speaking", found: Found) -> bool:
    return say(f"{found[1]} {numerals.cardinal(str(numerals.roman(found[2])))}", speaking, found)


def _year(speaking: "Speaking", found: Found) -> bool:
    value = numerals.roman(found[0])
    return 1400 <= value <= 2100 and say(numerals.year(str(value)), speaking, found)


def _world_war(speaking: "Speaking", found: Found) -> bool:
    return say(f"World War {numerals.cardinal(str(len(found[1]))).title()}", speaking, found)


ROMAN_WORDS = frozenset(
    f"{ten}{one}"
    for ten in ("", "x", "xx", "xxx", "xl", "l", "lx")
    for one in ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
) - {""} | {"wwi", "wwii"}
ROMAN_WORDS |= {f"{word}{mark}s" for word in ROMAN_WORDS for mark in "'’"}
"""Words of plain letters that may be Roman numerals."""

roman_rules: tuple[Rule, ...] = (
    rule("world war", "W", r"WW(II?)\b", _world_war),
    rule("roman", "IVX", rf"[IVX]{{1,7}}(?!\w){_ORDERED}", _ordinal),
    rule("roman", "IVXLivx", r"([IVXL]{1,8}|[ivx]{1,6})(?:(['’]s)|(?![\w'’]|\.\w))", _numeral),
    rule("roman", "TPCGSMLB", r"(Type|Phase|Class|Grade|Stage|Mark|Mk|Level)-(I{1,3}|IV|VI{0,3})(?![\w'’])", _hyphened),
    rule("roman", "(", r"(?<!\w)\((i{1,3}|iv|vi{1,3}|ix|xi{1,3})\)", _in_brackets),
    rule("roman", "M", r"M[MDCLXVI]{3,14}(?!\w)", _year),
)
