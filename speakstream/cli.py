"""The ``speakstream`` command. Reads settings, then hands over to one front end, which it imports only then."""

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

try:
    import typer
except ImportError as error:  # without it nobody could even ask the doctor
    sys.exit(f"speakstream: {error}; run: {sys.executable} -m pip install typer")

from speakstream import __version__, chat_command, command_groups, command_reports, serve_command
from speakstream.arguments import bare_read, bare_resume, usage_message, without_debug
from speakstream.command_line import (
    BROKEN_PIPE,
    FAILED,
    HELP,
    INTERRUPTED,
    WRONG_USAGE,
    DeviceName,
    ModelName,
    Number,
    State,
    VoiceName,
    as_unicode,
    discard_output,
    fail,
    read_settings,
    wrong_usage,
)
from speakstream.errors import SpeakStreamError

app = typer.Typer(
    name="speakstream",
    help="Hear a local language model answer while it is still writing.",
    epilog="\b\nExample:\n  speakstream say 'Why is the sky blue?'",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"speakstream {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks and a log on standard error; may stand anywhere.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)
        raise typer.Exit(WRONG_USAGE)


@app.command(
    epilog="\b\nExamples:\n"
    "  speakstream say 'Why is the sky blue?'\n"
    "  speakstream say --file letter.txt\n"
    "  git log | speakstream say --read - | less\n"
    "  speakstream say -o story.wav --srt story.srt 'Tell me a story'"
)
def say(
    context: typer.Context,
    prompt: Annotated[str | None, typer.Argument(metavar="PROMPT", help="What to answer; -: standard input.")] = None,
    read: Annotated[
        str | None, typer.Option("--read", metavar="TEXT", help="Speak this text; -: standard input, as it comes.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Speak this file (also: --read --file FILE).")
    ] = None,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE.wav", help="Write the speech; -: to standard output.")
    ] = "",
    play: Annotated[bool, typer.Option("--play", help="With --output: play it as well.")] = False,
    srt: Annotated[
        Path | None, typer.Option("--srt", metavar="FILE", help="Write subtitles, as SubRip; also while it plays.")
    ] = None,
    vtt: Annotated[Path | None, typer.Option("--vtt", metavar="FILE", help="Write subtitles, as WebVTT.")] = None,
    voice: VoiceName = None,
    speed: Annotated[Number, typer.Option(metavar="X", help="How fast, 0.5 to 3; 1: as the voice is.")] = None,
    volume: Annotated[Number, typer.Option(metavar="X", help="How loud, 0 to 1.")] = None,
    device: DeviceName = None,
    model: ModelName = None,
    system: Annotated[str | None, typer.Option(metavar="TEXT", help="The system prompt.")] = None,
    seed: Annotated[Number, typer.Option(metavar="N", help="The same number, the same reply.")] = None,
    temperature: Annotated[
        Number, typer.Option(metavar="X", help="0: always the likeliest word; up to 2: lively.")
    ] = None,
    max_new_tokens: Annotated[Number, typer.Option(metavar="N", help="The longest reply, in tokens.")] = None,
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Text only.")] = False,
    with_code: Annotated[bool, typer.Option("--with-code", help="Read code too, line by line.")] = False,
    with_tables: Annotated[bool, typer.Option("--with-tables", help="Read tables too, row by row.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, with the times of the words.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only the speech: no text, no notices.")] = False,
    nothing_to_read: Annotated[bool, typer.Option("--bare-read", hidden=True)] = False,
) -> None:
    """Answer PROMPT aloud, or read a given text aloud.

    Text goes to standard output, all else to standard error.
    """
    if nothing_to_read and file is None:
        wrong_usage("--read needs a TEXT, or - for standard input, or --file FILE")
    if read is not None and file is not None:
        wrong_usage("there are two texts to read, one from --read and one from --file: give one of them")
    reads = read is not None or file is not None
    if reads and prompt is not None:
        wrong_usage(f"there are a text to read and a prompt, {prompt!r}: give one of them")
    if not reads and prompt is None:
        wrong_usage("there is nothing to say: give a PROMPT (- for standard input), or --read TEXT")
    if prompt is not None and not prompt.strip():
        wrong_usage("the prompt is empty: there is nothing to answer")
    if file is not None and str(file) == "-":
        wrong_usage("--file takes a file; from standard input: speakstream say --read -")
    if play and not output:
        wrong_usage("--play goes with --output; without --output the speech is played anyway")
    if play and no_audio:
        wrong_usage("--play and --no-audio contradict each other")
    for name, subtitles in (("--srt", srt), ("--vtt", vtt)):
        if subtitles is None:
            continue
        if no_audio:
            wrong_usage(f"{name} and --no-audio contradict each other: the times are those of the speech")
        if str(subtitles) == "-":
            wrong_usage(f"{name} takes a file; standard output has the text")
        if str(subtitles) == output or srt == vtt:
            wrong_usage(f"{subtitles} is named twice: each output needs a file of its own")
    if output == "-" and as_json:
        wrong_usage("--json and --output - both want standard output: give --output a file")
    if output == "-" and sys.stdout.isatty():
        wrong_usage("--output - writes a WAV file, and standard output is a terminal: pipe it on, or name a file")

    if output and volume is None and not play:
        volume = "1"  # a file is as loud as the voice, unless asked otherwise
    settings = read_settings(
        context,
        {
            "tts_model_name": voice,
            "tts_speed": speed,
            "default_volume": volume,
            "audio_device": device,
            "llm_model_name": model,
            "system_prompt": system,
            "seed": seed,
            "temperature": temperature,
            "max_new_tokens": max_new_tokens,
            "enable_audio": False if no_audio else None,
            "read_code": with_code or None,
            "read_tables": with_tables or None,
        },
        quiet,
    )
    from speakstream.say import Job, run

    job = Job(
        prompt=None if prompt in (None, "-") else as_unicode(prompt or ""),
        text=None if read in (None, "-") else as_unicode(read or ""),
        text_file=file,
        text_from_stdin=read == "-",
        output=output,
        play=play,
        srt=srt,
        vtt=vtt,
        as_json=as_json,
        quiet=quiet,
    )
    if status := run(job, settings):
        raise typer.Exit(status)


app.command(epilog=chat_command.EPILOG)(chat_command.chat)
app.command(epilog=serve_command.EPILOG)(serve_command.serve)
app.command()(command_reports.voices)
app.command()(command_reports.devices)
app.command(epilog=command_reports.DOCTOR_EPILOG)(command_reports.doctor)
app.command(epilog=command_reports.LATENCY_EPILOG)(command_reports.latency)
app.add_typer(command_groups.models_app, name="models")
app.add_typer(command_groups.lexicon_app, name="lexicon")
app.add_typer(command_groups.history_app, name="history")


def main() -> NoReturn:
    """The entry point: runs the command, and turns errors into one line and an exit status."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads that nothing here uses (60 ms)
    _open_missing_streams()
    arguments, debug = without_debug(sys.argv[1:])
    state = State(debug)
    try:
        _run(bare_resume(bare_read(arguments)), state)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        discard_output()
        sys.exit(BROKEN_PIPE)


def _run(arguments: list[str], state: State) -> NoReturn:
    command = typer.main.get_command(app)
    try:
        status = command.main(arguments, prog_name="speakstream", standalone_mode=False, obj=state)
        sys.stdout.flush()
    except (KeyboardInterrupt, BrokenPipeError):
        raise
    except SystemExit as ending:  # the parser's own way with a reader that has gone
        if isinstance(ending.__context__, BrokenPipeError):
            raise ending.__context__ from None
        raise
    except Exception as error:
        if state.debug:
            import traceback

            traceback.print_exc()
        if isinstance(error, SpeakStreamError):
            fail(str(error), FAILED)
        if hasattr(error, "format_message"):  # a wrong usage, as the parser of arguments found it
            fail(usage_message(error), WRONG_USAGE)
        if type(error).__name__ == "Abort":
            raise KeyboardInterrupt from None
        if isinstance(error, OSError) and error.filename is None:
            fail(f"standard output: {error.strerror}", FAILED)
        fail(f"unexpected error: {type(error).__name__}: {error}; run again with --debug and report it", FAILED)
    sys.exit(status if isinstance(status, int) else 0)


def _open_missing_streams() -> None:
    """Standard streams that were closed (``>&-``) are opened on nothing, before other files take their numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    # they stay open until the end
    sys.stdin = sys.stdin or open(0, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8")  # noqa: SIM115
