"""Short forms and what is said for them: titles, streets, Latin, months, business. Plain tables.

``word_rules`` reads them aloud; ``boundaries`` asks whether a full stop after one may end a sentence. Keys are
lower case, without the last full stop.
"""

import re

from speakstream.text.vocabulary import word_set

TITLES = {
    "mr": "Mister", "mrs": "Missus", "ms": "Ms", "mx": "Mix", "dr": "Doctor", "prof": "Professor",
    "rev": "Reverend", "gen": "General", "sen": "Senator", "rep": "Representative", "gov": "Governor",
    "capt": "Captain", "lt": "Lieutenant", "col": "Colonel", "sgt": "Sergeant", "hon": "Honorable",
    "pres": "President", "maj": "Major", "cpl": "Corporal", "adm": "Admiral", "pvt": "Private",
    "cmdr": "Commander", "brig": "Brigadier", "assoc": "Associate", "asst": "Assistant",
    "supt": "Superintendent", "insp": "Inspector", "det": "Detective", "messrs": "Messieurs",
    "mt": "Mount", "ft": "Fort", "st": "Saint", "sts": "Saints", "ens": "Ensign",
}  # fmt: skip
"""Before a name: a full stop after one never ends a sentence, but for those that are streets too."""

TITLES_WITHOUT_STOP = word_set("mr mrs dr")
"""Titles that are often written without a full stop."""

WORDS_LIKE_TITLES = word_set("gen sen rep col hon pres rev mt ft st brig det")
"""Titles that are words or names too: titles only with a capital, a full stop and a name."""

STREETS = {
    "st": "Street", "dr": "Drive", "ave": "Avenue", "blvd": "Boulevard", "rd": "Road", "ln": "Lane",
    "hwy": "Highway", "pkwy": "Parkway", "sq": "Square", "ct": "Court", "pl": "Place", "ter": "Terrace",
    "cres": "Crescent",
}  # fmt: skip
"""After a street's name, with a capital."""

DIRECTIONS = {
    "n": "North", "s": "South", "e": "East", "w": "West",
    "ne": "Northeast", "nw": "Northwest", "se": "Southeast", "sw": "Southwest",
}  # fmt: skip
"""Before a street's name."""

BEFORE_NUMBERS = {
    "no": "number", "nos": "numbers", "p": "page", "pp": "pages", "ch": "chapter", "sec": "section",
    "vol": "volume", "vols": "volumes", "fig": "figure", "figs": "figures", "eq": "equation",
    "eqs": "equations", "art": "article", "par": "paragraph", "ed": "edition", "c": "circa",
    "ext": "extension", "apt": "Apartment", "ste": "Suite", "rm": "Room", "bldg": "Building",
}  # fmt: skip
"""Read as short forms only when a number follows: most are words or letters too."""

ROMAN = re.compile(r"[IVXLC]{1,6}(?!\w)")
"""A number that may follow these too."""

INWARD = {
    "e.g": "for example", "i.e": "that is", "eg": "for example", "ie": "that is", "vs": "versus",
    "approx": "approximately", "ca": "circa", "cf": "compare", "esp": "especially", "incl": "including",
    "viz": "namely", "est": "established", "dept": "department", "univ": "university", "tel": "telephone",
    "govt": "government", "attn": "attention", "qty": "quantity", "mgr": "manager", "cont": "continued",
    "assn": "association", "intl": "international", "natl": "national",
    "ibid": "ibid", "op": "op", "a.k.a": "also known as",
}  # fmt: skip
"""Something follows them: a full stop after one does not end a sentence."""

ENDING = {
    "etc": "et cetera", "inc": "Incorporated", "ltd": "Limited", "corp": "Corporation", "co": "Company",
    "bros": "Brothers", "jr": "Junior", "sr": "Senior", "al": "al", "min": "minimum", "max": "maximum",
    "avg": "average", "misc": "miscellaneous", "esq": "Esquire", "temp": "temperature", "cit": "cit",
    "calif": "California", "conn": "Connecticut", "ariz": "Arizona", "colo": "Colorado", "fla": "Florida",
    "mich": "Michigan", "minn": "Minnesota", "okla": "Oklahoma", "penn": "Pennsylvania", "tenn": "Tennessee",
    "tex": "Texas", "wis": "Wisconsin", "wyo": "Wyoming",
}  # fmt: skip
"""They may end a sentence: they do when a word that begins one follows."""

WITH_CAPITAL = word_set("inc ltd corp co bros jr sr esq calif conn ariz colo fla mich minn okla penn tenn tex wis wyo")
"""Of these, those that belong to a name."""

WITHOUT_STOP = word_set("vs etc approx aka")
"""Read as short forms even without a full stop."""

MONTHS = {
    "jan": "January", "feb": "February", "mar": "March", "apr": "April", "jun": "June", "jul": "July",
    "aug": "August", "sept": "September", "sep": "September", "oct": "October", "nov": "November",
    "dec": "December",
}  # fmt: skip
DAYS = {
    "mon": "Monday", "tue": "Tuesday", "tues": "Tuesday", "wed": "Wednesday", "thu": "Thursday",
    "thur": "Thursday", "thurs": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday",
}  # fmt: skip

INITIALISMS = {
    "ph.d": "P H D", "m.sc": "M S C", "b.sc": "B S C", "ed.d": "E D D", "m.ed": "M Ed", "b.ed": "B Ed",
    "ll.b": "L L B", "ll.m": "L L M", "m.phil": "M Phil", "psy.d": "Psy D", "a.k.a": "also known as",
    "e.g": "for example", "i.e": "that is", "a.m": "a.m.", "p.m": "p.m.",
}  # fmt: skip
"""Letters with full stops between them that are not simply spelled."""

UNITS_WITH_STOP = word_set(
    "tsp tbsp oz lb lbs min mins sec secs hr hrs yr yrs mo wk ft in yd mi km cm mm kg g mg ml qt pt gal cal"
)
"""Units that are often written with a full stop."""

NEVER_LAST = word_set("p.s p.p.s p.o a.k.a n.b q.v")
"""Letters with full stops that something follows."""

PLAIN_SHORT_FORMS = frozenset(
    {*TITLES, *STREETS, *DIRECTIONS, *BEFORE_NUMBERS, *INWARD, *ENDING, *MONTHS, *DAYS, "v", "aka"}
)
"""All of plain letters, for a quick look whether a rule may have something to say of a word."""
