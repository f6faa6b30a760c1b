"""Where a phrase may end that no mark ends, so that the first words sound before the first mark has come.

A voice begins such a phrase's last word as it ends a sentence. So it must sound whole: it has a verb, and its
last word does not hold on to the next.
"""

from speakstream.text.vocabulary import word_set

SHORTEST = 3
"""Fewest words of a phrase that ends without a mark."""

_LONG = 6
_VERY_LONG = 9
"""Words after which a phrase ends before a preposition although no verb is known to be in it."""

_TOO_LONG = 11
"""Words after which any of these places will do: who waits for the first words hears that more than a weak cut."""

_COORDINATORS = word_set("and or nor")
_CLAUSES = word_set(
    "because which that who whom whose where wherever when whenever while if although though unless until since "
    "whereas than then but so yet"
)
_PREPOSITIONS = word_set(
    "with without from into onto for by about after before through during between against among across around behind "
    "beyond within toward towards like via despite except including"
)
_SHORT_PREPOSITIONS = word_set("in on at to as over under upon")
_BEGINS_WORDS: dict[str, int] = {
    **dict.fromkeys(_COORDINATORS | _CLAUSES | _PREPOSITIONS, SHORTEST),
    **dict.fromkeys(_SHORT_PREPOSITIONS, _LONG),
    "of": _TOO_LONG,
}
"""Words that a phrase may end before, and how many words must stand before that."""

_RELATIVES = word_set("which that who whom whose where")
_AFTER_PARTICIPLES = {
    "to": _VERY_LONG,
    "as": _VERY_LONG,
    "with": _LONG,
    "in": _LONG,
    "on": _LONG,
    "for": _LONG,
    "by": 4,
}
"""The same where the word before may be a participle: "is often referred | to", "is caused | by"."""

_CLINGING = frozenset(_BEGINS_WORDS) | word_set(
    "such rather other more less fewer even just only not well much many most as the a an this these those each every "
    "any it its i you we they he she how what why up out down off away back far near of whether very too also one two "
    "three all some no my your his her our their next according due close prior able used both either neither first "
    "last same am is are was were be been being have has had do does did can could will would shall should may might "
    "must let make makes lot kind sort type part number"
)
"""Words that hold on to the next one: no phrase ends with one of them ("such as", "more than", "one of")."""

_DETERMINERS = word_set("the a an this that these those my your his her its our their each every some any no of and")

_AUXILIARIES = word_set(
    "am is are was were be been has have had do does did can could will would shall should may might must cannot"
)
_BASES = word_set(
    "add agree aim allow answer appear apply ask avoid become begin believe belong boil break bring build burn buy "
    "call carry catch cause change check choose clean collect combine come consist contain continue convert cook "
    "cost count cover create cry cut dance decide depend describe die dip divide draw dream drink drive drop eat "
    "enable end enjoy ensure evoke exist expand explain explore fall feed feel fight fill find fit fix flow fly "
    "follow forget form gather get give go grow happen hear heat help hide hit hold hope include increase involve "
    "join jump keep know lead learn leave let lie lift like live look lose love make mean measure meet melt mix "
    "move need occur offer open pack paint pass pay play prefer prepare prevent produce protect provide pull purr "
    "push put reach read receive reduce refer reflect release rely remain remember remove represent require rise "
    "roll run sail save say see seem sell send serve set shine show sing sit sleep smell smile solve speak spend "
    "spread stand start stay stop store suggest support survive sustain swim take talk taste teach tell tend thank "
    "think throw tie touch travel try turn understand use visit wait wake walk want wash watch wear win wish work "
    "write"
)
_PASTS = word_set(
    "became began broke brought built bought came caught chose dealt drew drank drove ate fell fed felt fought found "
    "flew forgot got gave went grew heard hid held kept knew laid led left lay lit lost made meant met paid rode rang "
    "rose ran said saw sold sent shone sang sat slept spoke spent stood swam took taught told thought threw understood "
    "woke wore won wrote"
)


def _third_person(base: str) -> str:
    if base[-1] == "y" and base[-2] not in "aeiou":
        return f"{base[:-1]}ies"
    return f"{base}es" if base.endswith(("s", "x", "z", "ch", "sh", "o")) else f"{base}s"


_VERBS = _AUXILIARIES | _BASES | _PASTS | frozenset(map(_third_person, _BASES))
_GROUP_STARTERS = (
    _DETERMINERS
    | _VERBS
    | _CLAUSES
    | _PREPOSITIONS
    | _SHORT_PREPOSITIONS
    | word_set("i you we they he she it there here what how why not one two also even only often usually never always")
)
_ADJECTIVE_ENDS = ("ing", "able", "ful", "ous", "ive", "ish", "less", "ic", "al")
_CONTRACTED = ("n't", "'m", "'re", "'ve", "'ll", "'d", "it's", "that's", "there's", "here's", "he's", "she's", "let's")
_MARKS = "\"'“”‘’«»‹›()[]{}*_~`.,;:!?…"


def may_end_before(word: str, previous: str, words: int) -> bool:
    """Whether a phrase may end before ``word``, when ``words`` of it stand there and ``previous`` is the last."""
    if word.startswith("("):
        return words >= SHORTEST
    least = _BEGINS_WORDS.get(word)
    if least is None or words < least:
        return False
    last = previous.strip(_MARKS).lower()
    if last.endswith("ed") and words < _AFTER_PARTICIPLES.get(word, 0):
        return False
    return last not in _CLINGING


def is_whole(phrase: str, word: str) -> bool:
    """Whether ``phrase``, before which ``word`` stands, has what makes it sound whole: a verb, or great length."""
    if word not in _PREPOSITIONS and word not in _SHORT_PREPOSITIONS and word not in _RELATIVES:
        return True
    before, words = "", [part.strip(_MARKS).lower().replace("’", "'") for part in phrase.split()]
    for each in words:
        if (each in _VERBS and before not in _DETERMINERS) or each.endswith(_CONTRACTED):
            return True
        if each.endswith("ed") and len(each) > 4:
            return True
        before = each
    return len(words) >= _VERY_LONG


def needs_next(word: str, previous: str, words: int) -> bool:
    """Whether ``joins_group`` must be asked about the word after ``word``."""
    return word in _COORDINATORS and (words < _TOO_LONG or previous.endswith(_ADJECTIVE_ENDS))


def joins_group(following: str) -> bool:
    """Whether "and" and ``following`` begin a group of words: "and the wind", but not "and sunny" or "and Juliet"."""
    word = following.strip(_MARKS).split("'")[0].split("’")[0].lower()
    return word in _GROUP_STARTERS or word[:1].isdecimal()
