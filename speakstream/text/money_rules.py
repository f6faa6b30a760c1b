"""Rules for money: signs and codes of currencies before and after a sum, ranges, and who is paid by the hour."""

import re
from typing import TYPE_CHECKING

from speakstream.text import numerals
from speakstream.text.rule import DIGIT, Found, Rule, describes, rule, say, sign

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

_CENT = ("cent", "cents")
_DOLLARS = {
    "": "", "US": "U S ", "C": "Canadian ", "CA": "Canadian ", "A": "Australian ", "AU": "Australian ",
    "NZ": "New Zealand ", "HK": "Hong Kong ", "S": "Singapore ", "NT": "Taiwan ",
}  # fmt: skip
_CURRENCIES = {f"{land}$": (f"{name}dollar", f"{name}dollars", *_CENT) for land, name in _DOLLARS.items()} | {
    "€": ("euro", "euros", *_CENT),
    "£": ("pound", "pounds", "penny", "pence"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₩": ("won", "won", "jeon", "jeon"),
    "₽": ("ruble", "rubles", "kopek", "kopeks"),
    "₿": ("bitcoin", "bitcoins", "", ""),
    "₺": ("lira", "liras", "kurush", "kurush"),
    "₪": ("shekel", "shekels", "agora", "agorot"),
    "₫": ("dong", "dong", "", ""),
    "₴": ("hryvnia", "hryvnias", "kopiyka", "kopiykas"),
    "₱": ("peso", "pesos", "centavo", "centavos"),
    "₦": ("naira", "naira", "kobo", "kobo"),
    "฿": ("baht", "baht", "satang", "satang"),
    "R$": ("real", "reals", "centavo", "centavos"),
    "CHF": ("Swiss franc", "Swiss francs", "centime", "centimes"),
    "kr": ("krone", "kroner", "ore", "ore"),
    "zł": ("zloty", "zlotys", "grosz", "groszy"),
    "CNY": ("yuan", "yuan", "fen", "fen"),
    "SEK": ("Swedish krona", "Swedish kronor", "ore", "ore"),
    "NOK": ("Norwegian krone", "Norwegian kroner", "ore", "ore"),
    "DKK": ("Danish krone", "Danish kroner", "ore", "ore"),
    "MXN": ("Mexican peso", "Mexican pesos", "centavo", "centavos"),
    "ZAR": ("rand", "rand", *_CENT),
    "ETH": ("ether", "ether", "", ""),
}
"""One, many, a hundredth, hundredths; the last two are empty where nobody counts them."""

CURRENCY_CODES = {
    "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "CAD": "C$", "AUD": "A$", "NZD": "NZ$", "HKD": "HK$",
    "SGD": "S$", "KRW": "₩", "RUB": "₽", "BTC": "₿", "ILS": "₪", "BRL": "R$", "PLN": "zł", "THB": "฿",
    "RMB": "CNY", "CHF": "CHF", "CNY": "CNY", "SEK": "SEK", "NOK": "NOK", "DKK": "DKK", "MXN": "MXN", "ZAR": "ZAR",
    "ETH": "ETH", "Rs": "₹", "Rs.": "₹", "kr": "kr", "kr.": "kr", "zł": "zł",
}  # fmt: skip
"""Codes and short words that stand for a sign of the table above."""

_CODE = "|".join(re.escape(code) for code in sorted(CURRENCY_CODES, key=len, reverse=True))
_SIGN = r"(?:US|CA?|AU?|NZ|HK|S|NT|R)?\$|[€£¥₹₩₽₿₺₪₫₴₱₦฿]"
_EUROPEAN = r"(?:\d{1,3}(?:\.\d{3})++|\d++),\d{2}(?![\d,])"
_EUROPEAN_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+")
_SUM = rf"(?:{_EUROPEAN}|\d{{1,3}}(?:\.\d{{3}}){{2,4}}|{numerals.NUMBER}|\.\d{{2}}(?!\d))"
_SCALE = r"(?:\s?(?:hundred|thousand|million|billion|trillion|lakh|crore)\b|\s?(?:bn|mn|tn)\b|[kKmMBbT](?!\w))"
_DASH = r"\s?[-–—]\s?"


def money(currency: str, digits: str, scale: str = "", one: bool = False) -> str:
    """ "$", "3.50" -> "three dollars and fifty cents"; "€", "2", "million" -> "two million euros".

    ``one``: what it costs is named next, "a three dollar and fifty cent coffee".
    """
    single, many, cent, cents = _CURRENCIES[CURRENCY_CODES.get(currency, currency)]
    many, cents = (single, cent) if one else (many, cents)
    if re.fullmatch(_EUROPEAN, digits):
        digits = digits.replace(".", "").replace(",", ".")
    elif currency == "€" and _EUROPEAN_THOUSANDS.fullmatch(digits):
        digits = digits.replace(".", "")
    scale = scale.strip()
    if scale:
        return f"{numerals.decimal(digits)} {numerals.SCALES.get(scale, scale.lower())} {many}"
    whole, _, rest = digits.partition(".")
    if rest and (len(rest) != 2 or not cent):
        return f"{numerals.decimal(digits)} {many}"
    parts = []
    if not re.fullmatch("0*", whole) or not int(rest or "0"):
        parts.append(f"{numerals.cardinal(whole or '0')} {single if whole.lstrip('0') == '1' else many}")
    if int(rest or "0"):
        parts.append(f"{numerals.cardinal(rest.lstrip('0'))} {cent if int(rest) == 1 else cents}")
    return " and ".join(parts)


def _money_range(speaking: "Speaking", found: Found) -> bool:
    currency, low, low_scale, high, high_scale = found.groups()
    first = numerals.decimal(low)
    if low_scale and low_scale.strip() != (high_scale or "").strip():
        first = money(currency, low, low_scale)
    return say(f"{first} to {money(currency, high, high_scale or '', describes(speaking))}", speaking, found)


def _money(speaking: "Speaking", found: Found) -> bool:
    mark, currency, inner, digits, scale, code = found.groups()
    currency = code if code and currency == "$" else currency
    return say(sign(mark or inner) + money(currency, digits, scale or "", describes(speaking)), speaking, found)


def _money_after(speaking: "Speaking", found: Found) -> bool:
    mark, digits, scale, currency = found.groups()
    return say(sign(mark) + money(currency, digits, scale or "", describes(speaking)), speaking, found)


def _cents(speaking: "Speaking", found: Found) -> bool:
    one = found[1] == "1" or describes(speaking)
    return say(f"{numerals.decimal(found[1])} {'cent' if one else 'cents'}", speaking, found)


_MINUS = r"((?<![\w)\]])[-−+~±])?"

money_rules: tuple[Rule, ...] = (
    rule(
        "money range",
        "$€£¥₹₩₽₿₺₪₫₴₱₦฿UCANHSR",
        rf"({_SIGN})({_SUM})({_SCALE})?{_DASH}(?:{_SIGN})?({_SUM})({_SCALE})?",
        _money_range,
    ),
    rule(
        "money",
        "$€£¥₹₩₽₿₺₪₫₴₱₦฿UCANHSR-−+~±",
        rf"{_MINUS}({_SIGN})(-|−)?\s?({_SUM})({_SCALE})?(?:\s?({_CODE})(?!\w))?",
        _money,
    ),
    rule("money", DIGIT + "-−+~±", rf"{_MINUS}({_SUM})({_SCALE})?\s?({_SIGN}|(?:{_CODE})(?![\w]))(?!\d)", _money_after),
    rule("money", "UEGJICANHSKRBTPMDZ", rf"()({_CODE})\s?()({_SUM})({_SCALE})?()", _money),
    rule("cents", DIGIT, rf"({numerals.NUMBER})\s?¢", _cents),
)
