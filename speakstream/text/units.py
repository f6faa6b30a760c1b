"""Units: their names, and the patterns that find them after a number."""

import re

_SHORT = {
    # lengths, areas, speeds
    "km": "kilometer", "m": "meter", "cm": "centimeter", "mm": "millimeter", "µm": "micrometer", "nm": "nanometer",
    "mi": "mile", "yd": "yard", "ly": "light year", "ha": "hectare", "mil": "mil", "mils": "mil",
    # weights, volumes
    "kg": "kilogram", "g": "gram", "mg": "milligram", "µg": "microgram", "mcg": "microgram", "ng": "nanogram",
    "lb": "pound", "lbs": "pound", "oz": "ounce", "t": "metric ton", "l": "liter", "L": "liter", "ml": "milliliter",
    "mL": "milliliter", "cl": "centiliter", "dl": "deciliter", "dL": "deciliter", "µL": "microliter", "tsp": "teaspoon",
    "tbsp": "tablespoon", "gal": "gallon", "qt": "quart", "fl oz": "fluid ounce", "mol": "mole", "mmol": "millimole",
    # time
    "s": "second", "sec": "second", "secs": "second", "ms": "millisecond", "µs": "microsecond", "ns": "nanosecond",
    "min": "minute", "mins": "minute", "h": "hour", "hr": "hour", "hrs": "hour", "wk": "week", "wks": "week",
    "mo": "month", "mos": "month", "yr": "year", "yrs": "year",
    # data and screens
    "B": "byte", "kB": "kilobyte", "KB": "kilobyte", "kb": "kilobyte", "MB": "megabyte", "GB": "gigabyte",
    "TB": "terabyte", "PB": "petabyte", "KiB": "kibibyte", "MiB": "mebibyte", "GiB": "gibibyte", "TiB": "tebibyte",
    "Mb": "megabit", "Gb": "gigabit", "px": "pixel", "pt": "point", "MP": "megapixel",
    # electricity, energy, force
    "W": "watt", "mW": "milliwatt", "kW": "kilowatt", "MW": "megawatt", "GW": "gigawatt", "TW": "terawatt",
    "Wh": "watt hour", "kWh": "kilowatt hour", "MWh": "megawatt hour", "GWh": "gigawatt hour", "TWh": "terawatt hour",
    "V": "volt", "mV": "millivolt", "kV": "kilovolt", "A": "amp", "mA": "milliamp", "µA": "microamp", "Ah": "amp hour",
    "mAh": "milliamp hour", "Ω": "ohm", "kΩ": "kiloohm", "MΩ": "megaohm", "µF": "microfarad", "nF": "nanofarad",
    "pF": "picofarad", "J": "joule", "kJ": "kilojoule", "MJ": "megajoule", "cal": "calorie", "eV": "electron volt",
    "keV": "kilo electron volt", "MeV": "mega electron volt", "GeV": "giga electron volt", "N": "newton",
    "kN": "kilonewton", "Nm": "newton meter", "Pa": "pascal", "hPa": "hectopascal", "kPa": "kilopascal",
    "MPa": "megapascal", "GPa": "gigapascal", "atm": "atmosphere", "dB": "decibel", "K": "kelvin", "lm": "lumen",
}  # fmt: skip
"""Short forms of units whose plural takes an "s"."""

_WHOLE = {
    "ft": ("foot", "feet"), "in": ("inch", "inches"), "mph": ("mile per hour", "miles per hour"),
    "kph": ("kilometer per hour", "kilometers per hour"), "kmh": ("kilometer per hour", "kilometers per hour"),
    "mpg": ("mile per gallon", "miles per gallon"), "rpm": ("R P M", "R P M"), "fps": ("F P S", "F P S"),
    "bpm": ("B P M", "B P M"), "dpi": ("D P I", "D P I"), "ppi": ("P P I", "P P I"), "psi": ("P S I", "P S I"),
    "cc": ("C C", "C C"), "Hz": ("hertz", "hertz"), "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"), "GHz": ("gigahertz", "gigahertz"), "THz": ("terahertz", "terahertz"),
    "bps": ("bit per second", "bits per second"), "kbps": ("kilobit per second", "kilobits per second"),
    "Mbps": ("megabit per second", "megabits per second"), "Gbps": ("gigabit per second", "gigabits per second"),
    "kcal": ("kilocalorie", "kilocalories"), "hp": ("horsepower", "horsepower"),
    "ppm": ("part per million", "parts per million"), "ppb": ("part per billion", "parts per billion"),
    "mmHg": ("millimeter of mercury", "millimeters of mercury"),
}  # fmt: skip

UNITS: dict[str, tuple[str, str]] = {name: (word, f"{word}s") for name, word in _SHORT.items()} | _WHOLE
"""A unit's name after "one", and after any other number; "µ" stands for the Greek letter too."""

LENGTHS = frozenset(("km", "m", "cm", "mm", "µm", "nm", "mi", "ft", "in", "yd"))
_DENOMINATORS = (
    *(
        "s",
        "sec",
        "min",
        "h",
        "hr",
        "mo",
        "yr",
        "m",
        "km",
        "cm",
        "mm",
        "mi",
        "ft",
        "in",
        "kg",
        "g",
        "mg",
        "lb",
        "oz",
        "t",
    ),
    *("l", "L", "ml", "mL", "dL", "gal", "mol", "W", "kW", "kWh", "K", "V", "N", "px", "ha", "MB", "GB", "TB"),
)
_PERIODS = ("day", "week", "month", "year", "person", "user", "hour", "minute", "second")

_IN_CONTEXT = {
    "in": r"in(?=\.?\s(?:by|x|×|wide|long|tall|high|deep|thick|across)\b|[,;)]|\.?$)",
    "A": r"A(?=[,;:)]|\.?$|\s(?:of|at|and|or|per|to|from|for|with|is|fuse|breaker|charger|supply|current)\b)",
    "N": r"N(?!\.?\s?(?:[A-Z]|\d))",
    "W": r"W(?!\.?\s?(?:[A-Z][a-z]|\d))",
    "B": r"(?<=\s)B",  # right after a number it means billion
    "K": r"(?<=\s)K",  # and this thousand
}
"""Units that may be a word, a part of an address or a scale: what must, or must not, stand beside them."""


def _either(names: list[str]) -> str:
    names = sorted(names, key=len, reverse=True)
    return "|".join(re.escape(name).replace("µ", "[µμ]").replace(r"\ ", r"\.?\s") for name in names)


_POWER = r"(?:²|³|\^[23]|2|3)?(?![\w'’^²³]|\.[A-Za-z])"
_NAMES = "|".join((*_IN_CONTEXT.values(), _either([name for name in UNITS if name not in _IN_CONTEXT])))
PER = _either([*_DENOMINATORS, *_PERIODS])
"""What may stand after a slash."""

HYPHENED = rf"(?:{_either([n for n in UNITS if n not in ('in', 'B', 'K')])})(?![\w'’-])"
"""A unit after a number and a hyphen: "a 5-km run"."""

UNIT = (
    rf"(?:(?:\s?(?:{_NAMES}){_POWER}|\s?(?:sq|cu)\.?\s(?:km|mi|cm|ft|in|yd|m)(?![\w²³^]))"
    rf"(?:/(?:{PER}){_POWER}){{0,2}}(?:\.(?=\s[a-z(]))?)"
)
"""The source of a pattern: a unit right after a number, a space before it, a full stop that ends no sentence."""

BARE_RATE = rf"(?:{_either([n for n in UNITS if len(n) > 1 or n in 'mgLWl'])})/(?:{PER}){_POWER}"
"""The source of a pattern: a unit per another, with no number: "speeds in km/h"."""

DEGREES = r"(?:\s?(?:%|‰|°\s?[CFK](?![A-Za-z])|°(?!\d)|℃|℉))"
"""The same for signs."""

_FOLLOWS = re.compile(UNIT)
_DEGREES = {"C": " Celsius", "F": " Fahrenheit", "K": " Kelvin"}


def unit_follows(text: str, at: int) -> bool:
    """Whether a number that ends at ``at`` has a unit."""
    return _FOLLOWS.match(text, at) is not None


def unit_words(unit: str, one: bool) -> str:
    """What is said for a match of UNIT or DEGREES: " m/s²" -> "meters per second squared"."""
    unit = " ".join(unit.replace(".", " ").split())
    if unit in ("%", "‰"):
        return "percent" if unit == "%" else "per mille"
    if unit[0] in "°℃℉":
        scale = {"℃": "C", "℉": "F"}.get(unit, unit[1:].strip().upper())
        return f"degree{'' if one else 's'}{_DEGREES.get(scale, '')}"
    first, *rest = unit.split("/")
    return " per ".join((_one_unit(first, one), *(_one_unit(part, True) for part in rest)))


def _one_unit(unit: str, one: bool) -> str:
    """A unit and its power; of a length that is an area or a volume: "square meters"."""
    if unit in _PERIODS:
        return unit
    word, _, rest = unit.partition(" ")
    if rest and word[:2] in ("sq", "cu"):
        return f"{'square' if word[0] == 's' else 'cubic'} {UNITS[rest][not one]}"
    name = unit.rstrip("²³23^").replace("μ", "µ")
    words = UNITS[name][not one]
    power = unit[len(name) :].removeprefix("^")
    if not power:
        return words
    if name in LENGTHS:
        return f"{'square' if power in '²2' else 'cubic'} {words}"
    return f"{words} {'squared' if power in '²2' else 'cubed'}"
