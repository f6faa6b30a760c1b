"""Markdown as a model writes it, made up by a fixed recipe: the same text for the same seed, on every machine.

It means nothing, and it need not: what costs time is the mix of blocks, marks, numbers, links and emoji.
"""

import random
import re
from collections.abc import Callable, Iterator

NOUNS = (
    "river", "kitchen", "engine", "garden", "letter", "market", "window", "library", "bridge", "sailor",
    "recipe", "teacher", "orchestra", "village", "computer", "lighthouse", "forest", "mountain", "harbor",
    "question", "answer", "building", "airplane", "history", "language",
)  # fmt: skip
VERBS = (
    "carries", "follows", "explains", "reaches", "covers", "measures", "opens", "repairs", "supports",
    "surrounds", "describes", "answers",
)  # fmt: skip
ADJECTIVES = (
    "small", "old", "bright", "simple", "careful", "northern", "wooden", "quiet", "modern", "expensive",
    "useful", "golden", "late",
)  # fmt: skip
NAMES = ("Dr. Miller", "Mrs. O'Neil", "J. K. Larsen", "Prof. Anders", "Mr. Brown", "Anna", "St. Clair", "Jean-Luc")
LINKS = ("and", "but", "because", "while", "although", "so", "when", "until")
EMOJI = ("😊", "🚀", "✅", "⚠️", "👍🏽", "🎉", "🌍", "❤️")
ODD = (
    "e.g. the {noun}",
    "the U.S. {noun}",
    "i.e. {number} of them",
    "about {percent} of the {noun}s",
    "${money}",
    "{small}-{number} {noun}s",
    "{number} km/h",
    "{small}:30 p.m.",
    "July {small}, 19{small}",
    "the {small}th {noun}",
    "-{small} °C",
    "version {small}.{small}.{small}",
    "§ {small}",
    "½ cup",
    "https://www.example.com/{noun}/{small}?page={number}#top",
    "[the {noun}](https://example.com/{noun})",
    "`{noun}.{verb}(x)`",
    "**the {adjective} {noun}**",
    "*{adjective}*",
    "~~{noun}~~",
    "{noun}@example.com",
    "$x^2 + {small}$",
    "{emoji}",
    "“{noun}”",
    "the {noun} ({adjective}, as it {verb})",
)
CODE = (
    "def {verb}({noun}):",
    "    return {noun} * {number}",
    "for {noun} in range({small}):",
    "    print(f'{{{noun}}}: {number}')",
    "",
    "# {verb} the {noun}",
)

_TOKEN = re.compile(r"\s?[^\W\d_]{1,6}|\s?\d{1,3}|\s|.", re.DOTALL)
"""Pieces about as long as a small model's tokens: 3.5 characters in the mean."""


class Writer:
    """Writes blocks, one after the other, chosen by a generator of its own."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._blocks: tuple[tuple[Callable[[], str], int], ...] = (
            (self._paragraph, 12),
            (self._list, 4),
            (self._numbered, 3),
            (self._heading, 3),
            (self._code, 2),
            (self._table, 1),
            (self._quote, 1),
            (self._tasks, 1),
        )

    def text(self, size: int) -> str:
        """Whole blocks, and of the last as much as makes ``size`` bytes of UTF-8, to a few bytes."""
        makers, weights = zip(*self._blocks, strict=True)
        blocks, length = list[str](), 0
        while length < size:
            blocks.append(self._chance.choices(makers, weights)[0]() + "\n\n")
            length += len(blocks[-1].encode())
        return "".join(blocks).encode()[:size].decode(errors="ignore")

    def _words(self, template: str) -> str:
        chance = self._chance
        return template.format(
            noun=chance.choice(NOUNS),
            verb=chance.choice(VERBS),
            adjective=chance.choice(ADJECTIVES),
            name=chance.choice(NAMES),
            emoji=chance.choice(EMOJI),
            number=f"{chance.randrange(100, 2_000_000):,}",
            small=chance.randrange(10, 32),
            percent=f"{chance.randrange(1, 1000) / 10}%",
            money=f"{chance.randrange(1, 100_000) / 100:,.2f}",
        )

    def _clause(self) -> str:
        chance = self._chance
        parts = [self._words("the {adjective} {noun} {verb}")]
        if chance.random() < 0.45:
            parts.append(self._words(chance.choice(ODD)))
        else:
            parts.append(self._words("the {noun}"))
        if chance.random() < 0.15:
            parts.append(self._words("of {name}"))
        return " ".join(parts)

    def _sentence(self) -> str:
        text = self._clause()
        while self._chance.random() < 0.5:
            text += f"{self._chance.choice((',', ',', ';', ' –', ''))} {self._chance.choice(LINKS)} {self._clause()}"
        return text[0].upper() + text[1:] + self._chance.choices(".?!:…", (20, 2, 1, 1, 1))[0]

    def _paragraph(self) -> str:
        space = self._chance.choice((" ", " ", "\n"))
        return space.join(self._sentence() for _ in range(self._chance.randrange(2, 7)))

    def _list(self) -> str:
        indent = iter(self._chance.choices(("", "  "), (3, 1), k=9))
        items = [f"- {self._sentence()}", *(f"{next(indent)}- {self._sentence()}" for _ in range(3))]
        return "\n".join(items)

    def _numbered(self) -> str:
        return "\n".join(f"{number}. **{self._words('{noun}')}**: {self._sentence()}" for number in range(1, 5))

    def _heading(self) -> str:
        return "#" * self._chance.randrange(1, 5) + self._words(" The {adjective} {noun}")

    def _code(self) -> str:
        lines = [self._words(line) for line in self._chance.choices(CODE, k=self._chance.randrange(3, 12))]
        return "\n".join(["```python", *lines, "```"])

    def _table(self) -> str:
        rows = [self._words("| {noun} | {number} | {percent} |") for _ in range(self._chance.randrange(2, 7))]
        return "\n".join(["| what | how many | share |", "| --- | ---: | ---: |", *rows])

    def _quote(self) -> str:
        return "\n".join(f"> {self._sentence()}" for _ in range(2))

    def _tasks(self) -> str:
        return "\n".join(f"- [{self._chance.choice(' x')}] {self._sentence()}" for _ in range(3))


def tenths(size: int) -> list[str]:
    """A text of about ``size`` bytes in ten parts; the last is the first again, so that their costs compare."""
    parts = [Writer(seed).text(size // 10) + "\n\n" for seed in range(9)]
    return [*parts, parts[0]]


def characters(text: str, count: int = 4) -> Iterator[str]:
    """The text in pieces of ``count`` characters."""
    return (text[at : at + count] for at in range(0, len(text), count))


def tokens(text: str) -> Iterator[str]:
    """The text in pieces as a model's tokens cut it."""
    return (found[0] for found in _TOKEN.finditer(text))


def lines(text: str) -> Iterator[str]:
    """The text in whole lines."""
    return iter(text.splitlines(keepends=True))
