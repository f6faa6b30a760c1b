"""The ``speakstream`` command. Reads settings, then hands over to one front end, which it imports only then."""

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

try:
    import typer
except ImportError as error:  # without it nobody could even ask the doctor
    sys.exit(f"speakstream: {error}; run: {sys.executable} -m pip install typer")

from speakstream import __version__
from speakstream.arguments import NAMES, bare_read, usage_message, without_debug
from speakstream.errors import SpeakStreamError, one_line

if TYPE_CHECKING:
    from speakstream.models import ModelStore
    from speakstream.progress import TerminalProgress
    from speakstream.settings import Settings

FAILED, WRONG_USAGE, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141

_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

app = typer.Typer(
    name="speakstream",
    help="Hear a local language model answer while it is still writing.",
    epilog="\b\nExample:\n  speakstream say 'Why is the sky blue?'",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=_HELP,
)
models_app = typer.Typer(
    help="List the language models; fetch or delete one.", rich_markup_mode=None, context_settings=_HELP
)

lexicon_app = typer.Typer(
    help="List the words that are said in your own way; add or remove one.",
    rich_markup_mode=None,
    context_settings=_HELP,
)


class State:
    """What the whole run shares: whether tracebacks and a log are shown."""

    def __init__(self, debug: bool) -> None:
        import logging

        self.debug = False
        logging.getLogger("speakstream").addHandler(logging.NullHandler())  # nothing on the screen, unless
        if debug:
            self.show_debug()

    def show_debug(self) -> None:
        """Show them from now on."""
        import logging

        if not self.debug:
            self.debug = True
            logging.basicConfig(level=logging.DEBUG, format="%(relativeCreated)7d %(threadName)s %(name)s: %(message)s")


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


def _voice_names(incomplete: str) -> list[str]:
    from speakstream.tts import voices

    return [voice.name for voice in voices() if voice.name.startswith(incomplete)]


def _model_names(incomplete: str) -> list[str]:
    from speakstream.models import KNOWN_MODELS

    return [artifact.name for artifact in KNOWN_MODELS if artifact.name.startswith(incomplete)]


def _lexicon_words(incomplete: str) -> list[str]:
    from speakstream.pronunciation import lexicon_path, read_lexicon

    return [entry.word for entry in read_lexicon(lexicon_path()).entries if entry.word.startswith(incomplete)]


# numbers are strings here: Settings reads them, and its messages name what is allowed
Number = str | None


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
    voice: Annotated[
        str | None,
        typer.Option(metavar="NAME", autocompletion=_voice_names, help="One of: speakstream voices."),
    ] = None,
    speed: Annotated[Number, typer.Option(metavar="X", help="How fast, 0.5 to 3; 1: as the voice is.")] = None,
    volume: Annotated[Number, typer.Option(metavar="X", help="How loud, 0 to 1.")] = None,
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="Index, or part of the name: speakstream devices.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", autocompletion=_model_names, help="One of: speakstream models; or a .gguf file."),
    ] = None,
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
        _usage("--read needs a TEXT, or - for standard input, or --file FILE")
    if read is not None and file is not None:
        _usage("there are two texts to read, one from --read and one from --file: give one of them")
    reads = read is not None or file is not None
    if reads and prompt is not None:
        _usage(f"there are a text to read and a prompt, {prompt!r}: give one of them")
    if not reads and prompt is None:
        _usage("there is nothing to say: give a PROMPT (- for standard input), or --read TEXT")
    if prompt is not None and not prompt.strip():
        _usage("the prompt is empty: there is nothing to answer")
    if file is not None and str(file) == "-":
        _usage("--file takes a file; from standard input: speakstream say --read -")
    if play and not output:
        _usage("--play goes with --output; without --output the speech is played anyway")
    if play and no_audio:
        _usage("--play and --no-audio contradict each other")
    for name, subtitles in (("--srt", srt), ("--vtt", vtt)):
        if subtitles is None:
            continue
        if no_audio:
            _usage(f"{name} and --no-audio contradict each other: the times are those of the speech")
        if str(subtitles) == "-":
            _usage(f"{name} takes a file; standard output has the text")
        if str(subtitles) == output or srt == vtt:
            _usage(f"{subtitles} is named twice: each output needs a file of its own")
    if output == "-" and as_json:
        _usage("--json and --output - both want standard output: give --output a file")
    if output == "-" and sys.stdout.isatty():
        _usage("--output - writes a WAV file, and standard output is a terminal: pipe it on, or name a file")

    if output and volume is None and not play:
        volume = "1"  # a file is as loud as the voice, unless asked otherwise
    settings = _settings(
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
        prompt=None if prompt in (None, "-") else _unicode(prompt or ""),
        text=None if read in (None, "-") else _unicode(read or ""),
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


@app.command()
def voices(context: typer.Context) -> None:
    """List the voices."""
    from speakstream.listings import list_voices

    list_voices(_settings(context))


app.add_typer(models_app, name="models")


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        from speakstream.listings import list_models

        list_models(_settings(context))


@models_app.command("pull")
def pull(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", autocompletion=_model_names, help="Without: the one in the settings."),
    ] = None,
) -> None:
    """Fetch a model, or check the one that is there."""
    from speakstream.progress import TerminalProgress

    settings = _settings(context)
    wanted = name or settings.llm_model_name
    with TerminalProgress(label=wanted) as progress:
        path = _store(settings, progress).pull(wanted)
    print(f"{wanted} is on disk: {path}", file=sys.stderr)


@models_app.command("rm")
def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", autocompletion=_model_names, help="See: speakstream models.")],
) -> None:
    """Delete a model from the disk."""
    freed = _store(_settings(context)).remove(name)
    if freed:
        print(f"{name} is deleted: {freed / 1e6:.0f} MB are free again", file=sys.stderr)
    else:
        print(f"{name} is not on disk: there is nothing to delete", file=sys.stderr)


app.add_typer(lexicon_app, name="lexicon")


@lexicon_app.callback(invoke_without_command=True)
def lexicon(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        show_lexicon()


@lexicon_app.command(
    "add",
    epilog="\b\nExamples:\n  speakstream lexicon add Siobhan shivawn --try\n  speakstream lexicon add nginx engine ex",
)
def add_to_lexicon(
    context: typer.Context,
    word: Annotated[str, typer.Argument(metavar="WORD", help="As it is written; in lower case: in any case.")],
    respelling: Annotated[list[str], typer.Argument(metavar="RESPELLING", help="As it sounds, in plain letters.")],
    hear: Annotated[bool, typer.Option("--try", help="Say it as well.")] = False,
) -> None:
    """Have WORD said as RESPELLING would be, by every voice, from now on.

    A program that is running takes it up at once.
    """
    from speakstream.lexicon_commands import add_word

    settings = _settings(context) if hear else None
    kept = add_word(_unicode(word), _unicode(" ".join(respelling)))
    if settings is not None:
        from speakstream.say import Job, run

        if status := run(Job(text=kept), settings):
            raise typer.Exit(status)


@lexicon_app.command("list")
def show_lexicon(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list on standard output.")] = False,
) -> None:
    """List the words, and how they are said."""
    from speakstream.lexicon_commands import list_lexicon

    list_lexicon(as_json)


@lexicon_app.command("rm")
def remove_from_lexicon(
    word: Annotated[
        str, typer.Argument(metavar="WORD", autocompletion=_lexicon_words, help="See: speakstream lexicon list.")
    ],
) -> None:
    """Have WORD said as the voice would say it."""
    from speakstream.lexicon_commands import remove_word

    remove_word(_unicode(word))


@app.command()
def devices(context: typer.Context) -> None:
    """List the sound devices that can play."""
    from speakstream.listings import list_devices

    list_devices(_settings(context))


@app.command(
    epilog="\b\nExit status: 0 it works (with or without warnings), 1 something is broken, 2 wrong usage.\n\n"
    "\b\nExamples:\n"
    "  speakstream doctor\n"
    "  speakstream doctor --report doctor.md"
)
def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write what a bug report needs; a new file.")
    ] = None,
    no_sound: Annotated[bool, typer.Option("--no-sound", help="Play nothing.")] = False,
) -> None:
    """Tell whether all works here, and what to do where it does not."""
    from speakstream.doctor.command import Job, new_file, run

    job = Job(as_json, report, not no_sound, context.obj.debug)
    with contextlib.ExitStack() as stack:
        if report is not None:
            try:
                stack.enter_context(new_file(report))
            except SpeakStreamError as error:
                _fail(str(error), WRONG_USAGE)
        if status := run(job):
            raise typer.Exit(status)


@app.command(
    epilog="\b\nExamples:\n"
    "  speakstream latency\n"
    "  speakstream latency --turns 9 --svg latency.svg 'Tell me a story'\n"
    "  speakstream latency --compare LLM_THREADS=1"
)
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
    voice: Annotated[
        str | None,
        typer.Option(metavar="NAME", autocompletion=_voice_names, help="One of: speakstream voices."),
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="Index, or part of the name: speakstream devices.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", autocompletion=_model_names, help="One of: speakstream models; or a .gguf file."),
    ] = None,
    max_new_tokens: Annotated[
        Number, typer.Option(metavar="N", help="The longest reply, in tokens; 40 if not said.")
    ] = None,
) -> None:
    """Draw where the time goes from Enter to the first sound, and after."""
    from speakstream.latency.report import Side
    from speakstream.latency.run import MAX_NEW_TOKENS, PROMPT, Job, read_changes, run
    from speakstream.setting_kinds import whole

    if prompt is not None and not prompt.strip():
        _usage("the prompt is empty: there is nothing to answer", "latency")
    count, allowed = turns or ("5" if compare else "1"), whole(1, 100)
    try:
        allowed.read(count)
    except ValueError:
        _usage(f"--turns {count!r} is not allowed: use {allowed.allowed}", "latency")
    flags = {
        "tts_model_name": voice,
        "audio_device": device,
        "llm_model_name": model,
        "max_new_tokens": max_new_tokens or MAX_NEW_TOKENS,
    }
    sides = [Side(_settings(context, flags))]
    if compare is not None:
        from speakstream.settings import Settings

        try:
            changed = Settings.load({**flags, **read_changes(compare)}).settings
        except SpeakStreamError as error:
            _usage(f"--compare: {error}", "latency")
        if changed == sides[0].settings:
            _usage(f"--compare {compare}: that is what is set anyway, so there is nothing to compare", "latency")
        sides.append(Side(changed, compare))
    job = Job(
        tuple(sides),
        prompt=_unicode(prompt or PROMPT),
        turns=int(count),
        svg=svg,
        as_json=as_json,
        silent=silent,
    )
    if status := run(job):
        raise typer.Exit(status)


@app.command()
def chat() -> None:
    """Talk in the terminal (not there yet)."""
    raise SpeakStreamError("chat is not there yet; until then: speakstream say 'your prompt'")


@app.command()
def serve() -> None:
    """Talk in the browser (not there yet)."""
    raise SpeakStreamError("serve is not there yet; until then: speakstream say 'your prompt'")


def main() -> NoReturn:
    """The entry point: runs the command, and turns errors into one line and an exit status."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads that nothing here uses (60 ms)
    _open_missing_streams()
    arguments, debug = without_debug(sys.argv[1:])
    state = State(debug)
    try:
        _run(bare_read(arguments), state)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        _discard_output()
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
            _fail(str(error), FAILED)
        if hasattr(error, "format_message"):  # a wrong usage, as the parser of arguments found it
            _fail(usage_message(error), WRONG_USAGE)
        if type(error).__name__ == "Abort":
            raise KeyboardInterrupt from None
        if isinstance(error, OSError) and error.filename is None:
            _fail(f"standard output: {error.strerror}", FAILED)
        _fail(f"unexpected error: {type(error).__name__}: {error}; run again with --debug and report it", FAILED)
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str, status: int) -> NoReturn:
    _tell([message])
    _discard_output()
    sys.exit(status)


def _usage(message: str, command: str | None = "say") -> NoReturn:
    _fail(f"{message}; see: speakstream {command} --help", WRONG_USAGE)


def _settings(context: typer.Context, flags: dict[str, Any] | None = None, quiet: bool = False) -> "Settings":
    """The settings of this run. A flag that is not allowed is a wrong usage, and named as it was typed."""
    from speakstream.settings import SETTINGS, Settings

    flags = {**(flags or {}), "debug": True if context.obj.debug else None}
    for name, value in flags.items():
        kind = SETTINGS[name.upper()].kind
        try:
            if value is not None:
                kind.read(value)
        except ValueError:
            _usage(f"{NAMES[name]} {value!r} is not allowed: use {kind.allowed}", context.info_name)
    loaded = Settings.load(flags)
    if loaded.settings.debug:
        context.obj.show_debug()
    if not quiet:
        _tell(loaded.warnings)
    return loaded.settings


def _tell(lines: Iterable[str]) -> None:
    """Each on a line of standard error, broken at words where that is a terminal."""
    import shutil
    import textwrap

    for line in lines:
        shown = f"speakstream: {one_line(line)}"
        if sys.stderr.isatty():
            shown = textwrap.fill(shown, shutil.get_terminal_size().columns - 1, break_on_hyphens=False)
        print(shown, file=sys.stderr)


def _store(settings: "Settings", progress: "TerminalProgress | None" = None) -> "ModelStore":
    from speakstream.models import ModelStore, cache_folder

    def notify(line: str) -> None:
        _tell([line])

    return ModelStore(
        settings.model_cache or cache_folder(),
        progress=progress,
        notify=progress.before(notify) if progress else notify,
    )


def _unicode(argument: str) -> str:
    """An argument as text: bytes that are no UTF-8 become U+FFFD."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _open_missing_streams() -> None:
    """Standard streams that were closed (``>&-``) are opened on nothing, before other files take their numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    # they stay open until the end
    sys.stdin = sys.stdin or open(0, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8")  # noqa: SIM115


def _discard_output() -> None:
    """What Python could not flush at exit has nowhere to go."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
