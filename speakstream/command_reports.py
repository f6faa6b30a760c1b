"""The commands that tell what there is and how well it works: ``voices``, ``devices``, ``doctor`` and ``latency``."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from speakstream.command_line import (
    WRONG_USAGE,
    DeviceName,
    ModelName,
    Number,
    VoiceName,
    as_unicode,
    fail,
    read_settings,
    wrong_usage,
)
from speakstream.errors import SpeakStreamError

DOCTOR_EPILOG = (
    "\b\nExit status: 0 it works (with or without warnings), 1 something is broken, 2 wrong usage.\n\n"
    "\b\nExamples:\n"
    "  speakstream doctor\n"
    "  speakstream doctor --report doctor.md"
)

LATENCY_EPILOG = (
    "\b\nExamples:\n"
    "  speakstream latency\n"
    "  speakstream latency --turns 9 --svg latency.svg 'Tell me a story'\n"
    "  speakstream latency --compare LLM_THREADS=1"
)


def voices(context: typer.Context) -> None:
    """List the voices."""
    from speakstream.listings import list_voices

    list_voices(read_settings(context))


def devices(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array on standard output.")] = False,
) -> None:
    """List the sound devices that can play."""
    from speakstream.listings import list_devices

    list_devices(read_settings(context), as_json)


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write what a bug report needs; a new file.")
    ] = None,
    no_sound: Annotated[bool, typer.Option("--no-sound", help="Play nothing.")] = False,
    server: Annotated[
        str | None, typer.Option("--server", metavar="URL", help="Examine the server there, and not this machine.")
    ] = None,
    token: Annotated[str | None, typer.Option("--token", metavar="TOKEN", help="Of that server.")] = None,
) -> None:
    """Tell whether all works here, and what to do where it does not."""
    if server is not None:
        if report is not None or no_sound:
            wrong_usage("--report and --no-sound are about this machine, not about a --server", "doctor")
        _server_doctor(server, token or read_settings(context).access_token or "", as_json)
        return
    if token is not None:
        wrong_usage("--token is for a --server", "doctor")
    from speakstream.doctor.command import Job, new_file, run

    job = Job(as_json, report, not no_sound, context.obj.debug)
    with contextlib.ExitStack() as stack:
        if report is not None:
            try:
                stack.enter_context(new_file(report))
            except SpeakStreamError as error:
                fail(str(error), WRONG_USAGE)
        if status := run(job):
            raise typer.Exit(status)


def _server_doctor(server: str, token: str, as_json: bool) -> None:
    from speakstream.doctor.command import run_on_server
    from speakstream.doctor.server import read_address

    try:
        address = read_address(server, token)
    except SpeakStreamError as error:
        fail(str(error), WRONG_USAGE)
    if status := run_on_server(address, as_json):
        raise typer.Exit(status)


def latency(
    context: typer.Context,
    prompt: Annotated[str | None, typer.Argument(metavar="PROMPT", help="What to answer; there is one if not.")] = None,
    turns: Annotated[
        str | None, typer.Option(metavar="N", help="How many to measure, 1 to 100; 1, or 5 of each with --compare.")
    ] = None,
    compare: Annotated[
        str | None, typer.Option(metavar="NAME=VALUE,...", help="Measure with these settings, too, turn by turn.")
    ] = None,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Write the picture as an SVG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All timestamps, as one JSON object.")] = False,
    silent: Annotated[
        bool, typer.Option("--silent", help="No sound: at the pace of speech, without a device.")
    ] = False,
    voice: VoiceName = None,
    device: DeviceName = None,
    model: ModelName = None,
    max_new_tokens: Annotated[
        Number, typer.Option(metavar="N", help="The longest reply, in tokens; 40 if not said.")
    ] = None,
) -> None:
    """Draw where the time goes from Enter to the first sound, and after."""
    from speakstream.latency.report import Side
    from speakstream.latency.run import MAX_NEW_TOKENS, PROMPT, Job, read_changes, run
    from speakstream.setting_kinds import whole

    if prompt is not None and not prompt.strip():
        wrong_usage("the prompt is empty: there is nothing to answer", "latency")
    count, allowed = turns or ("5" if compare else "1"), whole(1, 100)
    try:
        allowed.read(count)
    except ValueError:
        wrong_usage(f"--turns {count!r} is not allowed: use {allowed.allowed}", "latency")
    flags = {
        "tts_model_name": voice,
        "audio_device": device,
        "llm_model_name": model,
        "max_new_tokens": max_new_tokens or MAX_NEW_TOKENS,
    }
    sides = [Side(read_settings(context, flags))]
    if compare is not None:
        from speakstream.settings import Settings

        try:
            changed = Settings.load({**flags, **read_changes(compare)}).settings
        except SpeakStreamError as error:
            wrong_usage(f"--compare: {error}", "latency")
        if changed == sides[0].settings:
            wrong_usage(f"--compare {compare}: that is what is set anyway, so there is nothing to compare", "latency")
        sides.append(Side(changed, compare))
    job = Job(
        tuple(sides),
        prompt=as_unicode(prompt or PROMPT),
        turns=int(count),
        svg=svg,
        as_json=as_json,
        silent=silent,
    )
    if status := run(job):
        raise typer.Exit(status)
