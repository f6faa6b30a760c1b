"""Stretched words, "sooooo": said as the word, or with the letters that make the sound, "hmm"."""

import itertools
import re

from speakstream.text.vocabulary import word_set

_RUN = re.compile(r"([A-Za-z])\1{2,}", re.IGNORECASE)
_DOUBLED = word_set(
    "aww bee been beep bless boo boom booo boss boot brr buddy call chill class coffee cool cooler creep daddy deep "
    "eek eww fall feel feels food fool free freeze full fuzzy good goodbye goodness goody goofy green greet grr guess "
    "guessing hall happy heel hell hello hmm hoo hood hooray hurry jeez keep kill kiss knee less look loop loose mess "
    "miss mm mommy mood moon moo need noon nooo off oh ooh oops passing pass peep pfft phew pool pretty psst really "
    "roof room root scoop school scream see seed seek seem seen sees sheep shh silly sleep sleepy smell smooth soon "
    "sorry speed spooky spoon steep stuff sweep sweet sweetie sweetheart tall tee teen tell three tool too tooth tree "
    "wall weed week weep well whee whoo will woo woohoo yahoo yeehaw yell yippee yoohoo yummy zoo zoom all ball beer "
    "cheer cheers deer feed feet geez indeed agree meet tonnes funny bunny sunny baddest wee weee yee noodle balloon"
)
"""Words with a letter doubled that people stretch; in all others a stretched letter stands for one."""


def unstretched(word: str) -> str:
    """ "Goooood" -> "Good"; "" for one consonant over and over, and for a Roman numeral."""
    lower = word.lower()
    if (len(set(lower)) == 1 and lower[0] not in "aeioumzh") or (word.isupper() and not word.strip("IVXLCDM")):
        return ""
    pieces = _RUN.split(lower)  # text, letter, text, letter, ...
    letters = pieces[1::2]
    counts = (1, 2) if re.search("[aeiouy]", lower) else (2,)
    spellings = [
        "".join(itertools.chain.from_iterable(zip(pieces[::2], [*map(str.__mul__, letters, times), ""], strict=True)))
        for times in itertools.islice(itertools.product(counts, repeat=len(letters)), 16)
    ]
    best = next((spelling for spelling in reversed(spellings) if spelling in _DOUBLED), spellings[0])
    return best.capitalize() if word[0].isupper() and not word.isupper() else best
