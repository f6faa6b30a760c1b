"""The process in which the checks are made that could hang or bring a process down: see ``isolation.py``.

Requests come as lines of JSON on standard input; findings go back as records of JSON text sequences (RFC 7464), so
that whatever a library writes to the same pipe can be told apart.
"""

import json
import logging
import os
import sys
from typing import Any

from speakstream.doctor.checks import CHECKS, findings_of
from speakstream.doctor.examination import examination

RECORD = b"\x1e"
"""Begins a record; a line feed ends it."""


def main(debug: bool) -> None:
    """Make the checks that are asked for, until standard input ends."""
    if debug:
        logging.basicConfig(level=logging.DEBUG, format="%(relativeCreated)7d %(threadName)s %(name)s: %(message)s")
    by_name = {check.name: check for check in CHECKS}
    for line in sys.stdin:
        request = json.loads(line)
        given = examination(request["program"], request["plays"])
        for finding in findings_of(by_name[request["check"]], given):
            _send(finding.as_json())
        _send(None)


def _send(record: Any) -> None:
    """One record; None: the check has ended."""
    os.write(1, RECORD + json.dumps(record).encode("ascii") + b"\n")
