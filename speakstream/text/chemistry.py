"""Rules for chemical formulae: letters are spelled, counts are numbers. "Fe2O3" -> "F E two O three"."""

import re
from typing import TYPE_CHECKING

from speakstream.text import numerals
from speakstream.text.rule import Found, Rule, rule, say
from speakstream.text.vocabulary import word_set

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

_ELEMENTS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr "
    "Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt "
    "Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm"
)
_SYMBOL = "|".join(sorted(_ELEMENTS.split(), key=len, reverse=True))
_ATOM = rf"(?:(?:{_SYMBOL})[0-9₀-₉]{{0,3}})"
_STRONG = rf"(?:{_ATOM}|\((?:{_ATOM}){{1,8}}\)[0-9₀-₉]{{1,2}}|\[(?:{_ATOM}){{1,8}}\])"
_CHARGE = r"(?:\^?\{?[2-9²³⁴-⁹]?[+⁺⁻]\}?|\^\{?[2-9]?[-−]\}?|[²³⁴-⁹][⁺⁻]|(?<=[lrHI\d])[-−](?=[\s.,;)]|$))"

PLAIN_FORMULAE = word_set(
    "NaCl HCl NaOH KCl CaO MgO KOH KBr KI NaF HF HBr HI CO NO CuO FeO ZnO FeS ZnS AgCl LiF SiC GaAs KCN HCN NaH LiCl NH"
)
"""Formulae without a digit that are no words; "CO" and "NO" only beside another formula."""

FORMULA_WORDS = frozenset({"ph", *(name.lower() for name in PLAIN_FORMULAE)})
"""Words of plain letters that may be formulae."""

_UNSURE = frozenset(("CO", "NO", "HI", "NH", "KI", "HF"))
_WITH_COUNT = re.compile(r"[0-9₀-₉]")
_RUN = re.compile(r"[0-9]+|[₀-₉]+|[²³⁴-⁹¹⁰]+|[A-Za-z]|[+⁺]|[-−⁻]")
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹", "01234567890123456789")


def read_formula(formula: str) -> str:
    """Words for a chemical formula, its charge at its end."""
    words = []
    for run in _RUN.findall(formula):
        if run in "+⁺":
            words.append("plus")
        elif run in "-−⁻":
            words.append("minus")
        elif run.isascii() and run.isalpha():
            words.append(run.upper())
        else:
            words.append(numerals.cardinal(run.translate(_LOWERED)))
    return " ".join(words)


def _formula(speaking: "Speaking", found: Found) -> bool:
    name = found[1]
    counted = bool(_WITH_COUNT.search(name))
    if not counted and not found[2] and (name not in PLAIN_FORMULAE or name in _UNSURE):
        return False
    if not counted and found[2] and len(name) > 2 and name not in PLAIN_FORMULAE:
        return False
    return say(read_formula(found[0]), speaking, found)


def _acidity(speaking: "Speaking", found: Found) -> bool:
    return say("p H", speaking, found)


chemistry_rules: tuple[Rule, ...] = (
    rule("acidity", "p", r"pH(?!\w)", _acidity),
    rule(
        "chemical formula",
        "ABCDEFGHIKLMNOPRSTUVWXYZ([",
        rf"((?:{_STRONG}){{1,10}})({_CHARGE})?(?![\w'’₀-₉]|-\w|\.\w)",
        _formula,
    ),
)
