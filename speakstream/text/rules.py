"""How each kind of thing in a reply is read aloud: one rule a kind, tried in this order.

To have something read in another way, change its rule or put one before it. Each module of rules holds those of one
subject: ``link_rules`` (links, code, files, keys), ``number_rules``, ``word_rules``, ``mark_rules``.
"""

from functools import cache

from speakstream.text.chemistry import FORMULA_WORDS
from speakstream.text.date_rules import CALENDAR_WORDS
from speakstream.text.link_rules import link_rules, name_rules
from speakstream.text.mark_rules import emoji_rules, mark_rules
from speakstream.text.money_rules import CURRENCY_CODES
from speakstream.text.number_rules import number_rules
from speakstream.text.roman_rules import ROMAN_WORDS
from speakstream.text.rule import Rule
from speakstream.text.short_forms import PLAIN_SHORT_FORMS
from speakstream.text.word_rules import word_rules

PLAIN_WORDS_WITH_RULES = frozenset(
    {
        *PLAIN_SHORT_FORMS,
        *CALENDAR_WORDS,
        *FORMULA_WORDS,
        *ROMAN_WORDS,
        *(code.lower() for code in CURRENCY_CODES),
        *("ctrl", "cmd", "alt", "shift", "option", "esc"),  # keys: "Shift + Enter"
    }
)
"""Words of plain letters that a rule may read in another way; all others are said as they stand."""

rules: tuple[Rule, ...] = (*link_rules, *emoji_rules, *number_rules, *name_rules, *word_rules, *mark_rules)


@cache
def rules_for(char: str) -> tuple[Rule, ...]:
    """The rules that may begin with ``char``, in order."""
    return tuple(rule for rule in rules if rule.may_start_with(char))
