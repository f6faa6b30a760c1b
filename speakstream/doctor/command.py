"""``speakstream doctor``: makes the checks, shows each finding when it is there, and writes the report."""

import contextlib
import json
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from speakstream import __version__
from speakstream.doctor import remedies
from speakstream.doctor.checks import AUDIBLE, CHECKS, findings_of
from speakstream.doctor.examination import Check, Examination, examination
from speakstream.doctor.findings import Finding, Findings, Status, fail
from speakstream.doctor.isolation import Ward
from speakstream.doctor.report import broken, document, report
from speakstream.doctor.screen import BOLD, Screen, verdict
from speakstream.doctor.server import Address, examine_server
from speakstream.errors import SpeakStreamError

BROKEN = 1
"""The exit status when something does not work."""


@dataclass(frozen=True, slots=True)
class Job:
    """What one call of ``doctor`` is to do, as the command line understood it."""

    as_json: bool = False
    report: Path | None = None
    plays: bool = True
    debug: bool = False


def run(job: Job) -> int:
    """Examine, and tell; the exit status. Raises SpeakStreamError when the report cannot be written."""
    given = examination(remedies.program(sys.argv[0]), job.plays)
    findings = _told(job, given)
    if job.report is not None:
        try:
            job.report.write_text(report(findings, given), encoding="utf-8")
        except OSError as error:
            raise SpeakStreamError(f"--report {job.report}: {error.strerror}; name another file") from error
        print(f"speakstream: the report is in {job.report}", file=sys.stderr)
    return BROKEN if broken(findings) else 0


def run_on_server(address: Address, as_json: bool) -> int:
    """Examine a server, and tell; the exit status."""
    findings = _shown(examine_server(address), f"The SpeakStream server at {address.page}", as_json)
    if not as_json:
        well = f"All is well. Open it: {address.page}"
        screen, last = Screen(sys.stdout), verdict(findings, remedies.program(sys.argv[0]))
        screen.write("")
        screen.write(
            *(last if broken(findings) or any(one.status is Status.WARN for one in findings) else (well, last[1]))
        )
    return BROKEN if broken(findings) else 0


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[None]:
    """Make an empty file, before anybody waits for what goes into it; it is taken away again if nothing does.

    Raises SpeakStreamError when it is there already, or cannot be made.
    """
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        raise SpeakStreamError(f"--report {path}: there is such a file, and it is kept; name another one") from None
    except OSError as error:
        raise SpeakStreamError(f"--report {path}: {error.strerror}; name another file") from None
    try:
        yield
    finally:
        if path.exists() and not path.stat().st_size:
            path.unlink()


def examine(given: Examination, debug: bool = False, checks: Sequence[Check] = CHECKS) -> Iterator[Check | Finding]:
    """Each check before it is made, then what it finds."""
    found: dict[str, Finding] = {}
    with Ward(debug) as ward:
        for check in checks:
            yield check
            lacking = next((found[name] for name in check.needs if _is_broken(found.get(name))), None)
            for finding in _without(check, lacking) if lacking else _made(check, _as_far_as(given, found), ward):
                found[finding.name] = finding
                yield finding


def _made(check: Check, given: Examination, ward: Ward) -> Findings:
    return ward.findings_of(check, given) if check.limit else findings_of(check, given)


def _as_far_as(given: Examination, found: dict[str, Finding]) -> Examination:
    """What has failed to play once is not played on again: it may hang."""
    tone = found.get(AUDIBLE)
    silent = (tone is not None and _is_broken(tone)) or any(_is_broken(found.get(name)) for name in ("sound", "device"))
    return replace(given, plays=given.plays and not silent)


def _without(check: Check, lacking: Finding) -> Findings:
    yield fail(check.name, f"not measured: it needs the {lacking.name}", lacking.fix).within(check.section)


def _is_broken(finding: Finding | None) -> bool:
    return finding is not None and finding.status is Status.FAIL


def _told(job: Job, given: Examination) -> list[Finding]:
    """Make all checks, and show or print what they find."""
    title = f"SpeakStream {__version__} on {remedies.system_name()}, {platform.machine()}"
    findings = _shown(examine(given, job.debug), title, job.as_json)
    if not job.as_json:
        screen = Screen(sys.stdout)
        screen.write("")
        screen.write(*verdict(findings, given.program))
        if broken(findings) and job.report is None:
            screen.write(f"For help, show what this writes: {given.program} doctor --report doctor.md")
    return findings


def _shown(steps: Iterator[Check | Finding], title: str, as_json: bool) -> list[Finding]:
    """What is found, shown as it comes; or printed when all of it is there."""
    if as_json:
        findings = [step for step in steps if isinstance(step, Finding)]
        print(json.dumps(document(findings), indent=1), flush=True)
        return findings
    screen = Screen(sys.stdout)
    screen.write(title, BOLD)
    findings = []
    try:
        for step in steps:
            if isinstance(step, Check):
                screen.doing(step.name)
            else:
                findings.append(step)
                screen.show(step)
    finally:
        screen.done()
    return findings
