"""Words in capitals: said as a word (NASA), letter by letter (FBI), in a way of their own (IEEE), or only loud (STOP).

No dictionary is asked: short words that are common are listed, and a longer one is a word if it can be
pronounced. "A P I" is how letters are handed to a voice; a plural or possessive s joins the last one ("A P I's").
"""

import re

from speakstream.text.vocabulary import word_set

SAID = {
    "AAA": "triple A", "AARP": "double A R P", "NCAA": "N C double A", "NAACP": "N double A C P",
    "IEEE": "I triple E", "JSON": "jason", "JSONL": "jason L", "OK": "okay", "README": "read me",
    "SCSI": "scuzzy", "WYSIWYG": "wizzy wig", "IMAP": "I map", "LDAP": "L dap", "MPEG": "M peg", "HVAC": "H vac",
    "HIPAA": "hippa", "NOAA": "Noah", "GAAP": "gap", "OLED": "O led", "WWI": "World War One",
    "WWII": "World War Two", "PhD": "P H D", "pH": "P H", "IoT": "I O T", "SaaS": "sass", "PaaS": "pass",
    "NVIDIA": "Nvidia", "VRAM": "V ram", "TFLOPS": "teraflops", "SIMD": "sim D", "TODO": "to do", "FIXME": "fix me",
    "LaTeX": "LaTeX", "TeX": "tech", "PostgreSQL": "Postgres Q L", "SciPy": "sigh pie", "WiFi": "WiFi",
    "SQLite": "S Q lite", "LoRA": "lora", "QLoRA": "Q lora", "LLaMA": "llama", "AKA": "also known as",
}  # fmt: skip
"""Written in one way, said in another."""

_AS_WORDS = word_set(
    "NASA NATO UNICEF UNESCO OPEC FIFA UEFA JPEG GIF RAM ROM YAML TOML PIN BIOS ASCII CAPTCHA ASAP LAN WAN SIM GAN "
    "VAT MIDI DOS GNU FEMA OSHA DARPA NAFTA COVID AIDS SARS MERS ASEAN IKEA LEGO NASDAQ SWAT SWOT YOLO FOMO ROFL LOL "
    "EPUB RAID CRUD CORS CUDA SOAP REST AJAX LAMP FLAC RISC CISC TIFF WAV ZIP MAC CAD PAC POW SPA STEM TED TASER "
    "SCUBA LASER RADAR SONAR POTUS SCOTUS EBITDA EULA IDEA MOMA NASCAR OPEX CAPEX ROTC BASIC COBOL FORTRAN LISP ALGOL "
    "BERT LLAMA NUMA SATA WASM ELISA MIPS NAND BLAS DAC RAG SPAM NIMBY"
)
_LETTERS = word_set(
    "AI AR AV EU EV UN UK US USA UAE URL URI API APR CEO CIA CFO COO CTO CIO CPI CPU GPU TPU DOB DOA DOI ETA EPA ERA "
    "ICU IDE ID IDS IO IOU IP IPO IQ IRA IRS ISO ISP IT IV LED MIT NYU OS OEM OOP ORM OTC POC PR PTA QA ROI SAP SAT "
    "SEO SOS SUV UFO UI UX VIP WHO AKA ASL ATM ACT ADA AMA ASP APA BA MA PA IUD HIV HOA IED GED GRE GUI FAQ FAA ENT "
    "ESL EKG EEG EMT DEA DIY DUI DVD CLI CSI ACL AES AWS UCLA USAF USDA USMC USPS UEFI YMCA YWCA ASPCA IMHO AFAIK "
    "ICYMI USTA UAV UPC UPS USC USD ETF EOD EOF AOL APT EMEA IPA"
)
"""Those that could be pronounced and are not."""

_WORDS = word_set(
    "ad add age ago aid aim air all am an and any are arm art as ask at ate away baby bad bag bar bat be bed bee beg "
    "bet big bit boo bow box boy bug bus but buy by bye can cap car cat cop cow cry cup cut dad day did die dig do "
    "dog dot dry due ear eat egg eh end eye fan far fat few fit fix fly for fox fun fur gas get go god got gum gun "
    "guy ha had has hat he hen her hey hi him his hit ho hot how hug huh if in is its jam jaw jet job joy key kid lab "
    "law lay leg let lie lip log lot low mad man map max may me men met min mix mom mud my net new nod no not now nut "
    "of off oh oil old on one or our out ow own pay pen per pet pig pop pot pre pro pub put ran rat raw red rid rob "
    "rub run sad saw say sea see set sex she shy sin sir sit six sky so son spy stop sub sum sun tap tax tea ten the "
    "tie tip to toe too top toy try two ugh um up us use van via vs war was way we wet why win wow yay yep yes yet "
    "you zoo"
) - {"vs", "ad", "us"}
"""Of one to three letters (longer ones are told by their sound): they are only loud. "US" and "IT" are letters."""

_SOUND = re.compile(
    r"(?:qu|[bcdfghjklmnpqrstvwxyz]|bl|br|ch|chr|cl|cr|dr|dw|fl|fr|gh|gl|gn|gr|kh|kl|kn|kr|ph|pl|pr|ps|rh|sc|sch|scr|sh|"
    r"shr|sk|sl|sm|sn|sp|sph|spl|spr|squ|st|str|sw|th|thr|tr|tw|wh|wr)?[aeiouy]{1,4}"
    r"(?:(?:[bcdfghjklmnprstvwxz]{1,2}|[lmnrst][bcdfghklmnpqrstw]{1,3}|[bcdfgkpx][lmrstw]{1,2}|"
    r"[bcdfgkpstxz][bcdfgklmnpstz][lr]|ght?[ln]?|tch|ck[bnst]|[cnt]?qu|x?chn?|[kpw]s?[hknbdfgt])"
    r"[aeiouy]{1,4})*"
    r"(?:[bcdfghklmnprstvwxz]|bs|bt|ch|cs|ks|ws|wd|ck|cks|ct|cts|dd|dg|dth|ds|dst|ff|ffs|ft|fts|fth|gh|ght|ghth|ghts|gn|gns|gs|lb|lbs|ld|"
    r"lds|lf|lfth|lk|lks|ll|lls|lm|lms|lp|lps|ls|lt|lth|lts|lve|mb|mbs|mn|mp|mps|mpt|mpts|ms|nc|nch|nd|nds|ng|ngs|ngth|ngths|"
    r"nk|nks|nn|ns|nst|nt|nth|nths|nts|nx|ph|phs|ps|pt|pts|pth|rb|rbs|rc|rch|rd|rds|rf|rfs|rg|rk|rks|rl|rld|rlds|rls|rm|rms|"
    r"rmth|rn|rns|rp|rps|rr|rs|rsh|rst|rsts|rt|rth|rths|rts|rv|sh|sk|sks|sm|sms|sp|sps|ss|st|sts|tch|th|ths|ts|tt|wk|wks|"
    r"wl|wls|wn|wns|xt|xts|zz)?",
)
_NO_SOUND = re.compile("^[aeiou]+$|aa|ii|uu|yy")
_LONGEST = 24  # letters; no word, and not looked at further
_CAPITALS = re.compile(r"([A-Z]+)(?:(s)|['’]([sSdD]))?")
_WORD_BEFORE = re.compile(r"([A-Za-z]+)(?:['’][A-Za-z]+)*[^A-Za-z]*$")
_WORD_AFTER = re.compile(r"[^A-Za-z]*([A-Za-z]+)")
_NEAR = 32  # characters on either side in which neighbours are looked for


def pronounceable(word: str) -> bool:
    """Whether ``word``, in lower case, sounds like an English word."""
    return len(word) <= _LONGEST and _SOUND.fullmatch(word) is not None and not _NO_SOUND.search(word)


def spelled(letters: str, ending: str = "") -> str:
    """ "FBI" -> "F B I"."""
    return " ".join(letters.upper()) + (f"'{ending}" if ending else "")


def is_only_loud(word: str) -> bool:
    """Whether ``word``, in capitals, is a plain word when it stands alone: NOT, WARNING."""
    if len(word) < 2 or word in _LETTERS or word in _AS_WORDS or word in SAID:
        return False
    lower = word.lower()
    return lower in _WORDS if len(word) < 4 else len(word) > 7 or pronounceable(lower)


def is_said_as_letters(word: str) -> bool:
    """Whether ``word``, in any case, is a known acronym that is spelled though it could be pronounced."""
    return word.upper() in _LETTERS


def read_capitals(word: str, shouted: bool = False) -> str:
    """What is said for capitals that an "s" or "'s" may follow; in what is ``shouted``, a word if it can be one."""
    found = _CAPITALS.fullmatch(word)
    if not found:
        return word.lower()
    base, ending = found[1], (found[2] or found[3] or "").lower()
    apostrophe = "'" if found[3] else ""
    if base in SAID:
        return SAID[base] + (f"'{ending}" if ending else "")
    if base in _AS_WORDS:
        return base.capitalize() + apostrophe + ending
    lower = base.lower()
    known = base in _LETTERS and not (shouted and lower in _SHOUTED_TOO)
    loud = is_only_loud(base) or (shouted and pronounceable(lower))
    if loud and not known:
        return lower + apostrophe + ending
    return spelled(base, ending)


_SHOUTED_TOO = word_set("us it who act era cat sat led apt ids")
"""Acronyms that are words where all around is in capitals: "WHO DID THIS TO US?"."""


def is_shouted(text: str, start: int, end: int) -> bool:
    """Whether the words beside ``text[start:end]`` are in capitals too, and one of them is a plain word."""
    before = _WORD_BEFORE.search(text[max(0, start - _NEAR) : start])
    after = _WORD_AFTER.match(text[end : end + _NEAR])
    beside = [found[1] for found in (before, after) if found]
    return all(map(str.isupper, beside)) and any(map(is_only_loud, beside))
