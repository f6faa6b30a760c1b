"""The measured part of ``docs/performance.md``: tables and plots from the stored results, between two marks.

What stands above and below the marks is written by hand and left as it is.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import plots
from benchmarks.one import PARTS
from benchmarks.report import Figure, table
from benchmarks.results import Result, stored

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
PLOTS = PAGE.with_suffix("")
"""The folder of the plots."""

BEGIN = "<!-- What follows is written by `python -m benchmarks --write`; change nothing here by hand. -->"
END = "<!-- What follows is written by hand. -->"

HOW_TO_PLOT = (
    "The plots were left out: they need matplotlib. `pip install -e '.[bench]'`, then `python -m benchmarks page`."
)


def write_page(page: Path = PAGE) -> None:
    """Draw the plots, where that can be done, and replace what stands between the marks."""
    results = stored()
    drawn = plots.draw(results, PLOTS) if plots.available() else None
    page.write_text(replaced(page.read_text("utf-8"), measured(results, drawn)), "utf-8")


def replaced(text: str, between: str) -> str:
    """``text`` with ``between`` between the marks. Raises ValueError where they are not, once each and in order."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in after or END in after:
        raise ValueError(f"the page must have the lines {BEGIN!r} and {END!r}, once each")
    return f"{before}{BEGIN}\n\n{between}\n{END}{after}"


def measured(results: Sequence[Result], drawn: Sequence[str] | None) -> str:
    """The tables of the ``results``, and the plots that were ``drawn``; None: there can be none."""
    lines = ["## Figures", ""]
    if not results:
        return "\n".join([*lines, "Nothing has been measured yet: `python -m benchmarks --write`.", ""])
    lines += [f"- Machine: {machine}." for machine in _machines(results)]
    if quick := [result["part"] for result in results if result["quick"]]:
        lines.append(f"- Measured in a quick run, too little to judge by: {', '.join(quick)}.")
    if unmeasured := [name for name in PARTS if name not in {result["part"] for result in results}]:
        lines.append(f"- Not measured: {', '.join(unmeasured)}.")
    if drawn is None:
        lines.append(f"- {HOW_TO_PLOT}")
    lines += ["", "### What was asked for", "", table(_judged(results), goals=True), ""]
    for result in results:
        name = result["part"]
        lines += [f"### {_title(name)}", "", f"`python -m benchmarks {name}`, {result['took_seconds']:.0f} s", ""]
        for plot in plots.PLOTS:
            if plot.part == name and plot.name in (drawn or ()):
                lines += [f"![{plot.about}]({PLOTS.name}/{plot.name})", ""]
        lines += [table(_figures(result), goals=False), ""]
        if name == "speech":
            lines += [misheard(result["raw"]["sentences"]), ""]
    return "\n".join(lines)


def misheard(sentences: Sequence[dict[str, Any]]) -> str:
    """The sentences that were not understood word for word, as a table."""
    rows = [
        f"| {_verbatim(each['text'])} | {_verbatim(each['heard'])} | {each['errors']} | {each['raw_errors']} |"
        for each in sentences
        if each["errors"]
    ]
    if not rows:
        return "Every sentence was understood word for word."
    return "\n".join(("| written | heard | wrong words | without the text room |", "| --- | --- | --- | --- |", *rows))


def _verbatim(text: str) -> str:
    return f"`` {text.replace('|', '/')} ``" if text else ""


def heading(about: dict[str, Any]) -> str:
    """One line on a machine, its software and when it was measured."""
    flags = ", ".join(name.upper() for name, there in about["flags"].items() if there)
    packages = ", ".join(f"{name} {about['packages'][name]}" for name in SHOWN if about["packages"].get(name))
    changed = " with changes" if about["uncommitted"] else ""
    return (
        f"{about['cpu']}, {about['cores']} cores ({flags}), {about['memory_mb'] / 1000:.0f} GB, {about['system']}, "
        f"Python {about['python']}, {packages}; {about['date'][:10]}, commit {about['commit'][:10]}{changed}, "
        f"load before {about['load_average'][0]:.1f}"
    )


SHOWN = ("xllamacpp", "hibari-tts", "onnxruntime", "numpy")
"""Packages whose versions are shown; the results have more."""


def _machines(results: Sequence[Result]) -> list[str]:
    """Every machine and state of the source that something was measured on, with the parts if there are several."""
    parts: dict[str, list[str]] = {}
    for result in results:
        parts.setdefault(heading(result["machine"]), []).append(result["part"])
    if len(parts) == 1:
        return list(parts)
    return [f"{machine} (for {', '.join(names)})" for machine, names in parts.items()]


def _title(name: str) -> str:
    about = PARTS[name].text
    return about[0].upper() + about[1:]


def _figures(result: Result) -> list[Figure]:
    return [Figure.from_json(figure) for figure in result["figures"]]


def _judged(results: Iterable[Result]) -> list[Figure]:
    return [figure for result in results for figure in _figures(result) if figure.reach is not None]
