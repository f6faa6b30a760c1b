"""All checks, in the order in which they are made and shown, and how one is made so that it cannot raise."""

import logging

from speakstream.doctor import machine, program, sound, storage, surroundings, turn
from speakstream.doctor.examination import Check, Examination
from speakstream.doctor.findings import Findings, fail
from speakstream.errors import folded

log = logging.getLogger(__name__)

CHECKS = (
    Check("Program", "Python", program.check_python),
    Check("Program", "packages", program.check_packages),
    Check("Program", "extras", program.check_extras),
    Check("Machine", "processor", machine.check_processor),
    Check("Machine", "memory", machine.check_memory),
    Check("Settings", "settings", surroundings.check_settings),
    Check("Settings", "lexicon", surroundings.check_lexicon),
    Check("Settings", "network", surroundings.check_network),
    Check("Terminal", "terminal", surroundings.check_terminal),
    Check("Models", "cache", storage.check_cache, limit=10),
    Check("Models", "model", storage.check_model, limit=60),
    Check("Models", "voice", storage.check_voice, limit=30),
    Check("Sound", "sound", sound.check_sound, limit=20),
    Check("One turn", "one turn", turn.check_turn, limit=60, needs=("engine", "model", "voice")),
)
"""The limits are for a machine in trouble: all of it takes about seven seconds on two cores, most of them listening."""

AUDIBLE = "test tone"
"""The finding that tells whether the device plays: only then is the turn played on it."""


def findings_of(check: Check, examination: Examination) -> Findings:
    """What a check finds. One that fails itself is a finding, too."""
    try:
        for finding in check.run(examination):
            yield finding.within(check.section)
    except Exception as error:
        log.debug("the check of %s failed", check.name, exc_info=True)
        if isinstance(error, ModuleNotFoundError):
            fix = "install what is missing among the packages, above"
        else:
            fix = f"have it looked into, with what this writes:\n{examination.program} doctor --report doctor.md"
        yield fail(check.name, f"could not be looked at: {_said(error)}", fix).within(check.section)


def _said(error: Exception) -> str:
    name, said = type(error).__name__, folded(error)
    return name if said == name else f"{name}: {said}"
