"""Where a phrase may end that no mark ends, so that the first words sound before the first mark has come.

The voice is told that the sentence goes on (``tts.Place``), so a phrase need not be whole to sound right; but a
word that leans on the next one, as "the" does, is never parted from it.
"""

from speakstream.text.vocabulary import word_set

SHORTEST = 3
"""Fewest words of a phrase that ends without a mark."""

_LINKS = word_set(
    "about across after against along although among and around as at because before behind between beyond but by "
    "despite during except for from if in including into like nor of on onto or over since so than that then "
    "though through to toward towards under unless until upon via when whenever where whereas wherever whether "
    "which while who whom whose with within without yet"
)
_AUXILIARIES = word_set(
    "am are be been being can could did do does had has have is may might must shall should was were will would"
)
_DETERMINERS = word_set(
    "a all an any both each either every her his its my neither no our some that the their these this those what your"
)
_BEFORE = _LINKS | _AUXILIARIES | _DETERMINERS
"""Words that a phrase may end before: each begins a new group of words."""

_LEANING = _BEFORE | word_set(
    "able according almost also away back best better close code down due even far fewer first going he how i it "
    "just kind last least less let lot many more most much near need needs never next not number off one "
    "only other out part prior quite rather ratio same she sort such there they too two type up used very want "
    "wants we well why you"
)
"""Words that lean on the next one: no phrase ends with one of them ("such as", "more than", "one of")."""

_MARKS = "\"'“”‘’«»‹›()[]{}*_~`"


def may_end_before(word: str, previous: str, words: int) -> bool:
    """Whether a phrase may end before ``word``, when ``words`` of it stand there and ``previous`` is the last."""
    if words < SHORTEST or not (word in _BEFORE or word.startswith("(")):
        return False
    last = previous.strip(_MARKS).lower()
    return last[-1:].isalpha() and last not in _LEANING  # what follows a number or a short form may belong to it
