"""The ``speakstream`` command. Reads settings, then hands over to one front end, which it imports only then."""

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from speakstream import __version__
from speakstream.errors import SpeakStreamError

if TYPE_CHECKING:
    from speakstream.settings import Settings

app = typer.Typer(
    name="speakstream",
    help="Hear a local language model answer while it is still writing.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models_app = typer.Typer(help="Language models: what is there, what is on disk.", rich_markup_mode=None)
app.add_typer(models_app, name="models")


class State:
    """What the options before the command set."""

    debug = False


def _version(wanted: bool) -> None:
    if wanted:
        print(f"speakstream {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks and a log on standard error.")
    ] = False,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    context.obj = debug


@app.command()
def say(
    context: typer.Context,
    prompt: Annotated[str | None, typer.Argument(help='What to answer; "-": from standard input.')] = None,
    read: Annotated[
        str | None,
        typer.Option(
            "--read", metavar="TEXT", help='Speak this text, no model; "-": standard input, as it comes.'
        ),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="F", help="With --read: speak this file.")
    ] = None,
    output: Annotated[
        str,
        typer.Option("-o", "--output", metavar="FILE.wav", help='Write the speech; "-": to standard output.'),
    ] = "",
    play: Annotated[bool, typer.Option("--play", help="With --output: play it, too.")] = False,
    voice: Annotated[str | None, typer.Option(help="A voice: see speakstream voices.")] = None,
    speed: Annotated[float | None, typer.Option(help="Of the speech: 0.5 to 3, 1 as the voice is.")] = None,
    volume: Annotated[float | None, typer.Option(help="0 to 1.")] = None,
    device: Annotated[
        str | None, typer.Option(help="Index, or part of the name: see speakstream devices.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A model: see speakstream models; or a .gguf file.")
    ] = None,
    system: Annotated[str | None, typer.Option(help="The system prompt.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same reply each time.")] = None,
    temperature: Annotated[
        float | None, typer.Option(help="0: always the likeliest word; 1: lively.")
    ] = None,
    max_new_tokens: Annotated[int | None, typer.Option(help="Longest reply, in tokens.")] = None,
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Text only.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, with the times of the words.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only the speech: no text, no notices.")] = False,
) -> None:
    """Answer PROMPT aloud, or read a given text aloud.

    Text goes to standard output, all else to standard error.
    """
    from speakstream.say import Job, run

    flags: dict[str, Any] = {
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
    }
    if output and volume is None:
        flags["default_volume"] = (
            None if play else 1.0
        )  # a file is as loud as the voice, unless asked otherwise
    settings = _settings(context, flags, quiet)
    job = Job(
        prompt=prompt or "",
        text=None if read in (None, "-") or file is not None else read,
        text_file=file,
        text_from_stdin=read == "-" and file is None,
        output=output,
        play=play,
        as_json=as_json,
        quiet=quiet,
    )
    if file is not None and str(file) == "-":
        _usage("--file - is not a file; use: speakstream say --read -")
    if job.reads and prompt is not None:
        if read is None and file is not None:
            _usage("give either a PROMPT or a text with --file, not both")
        _usage(f"give either a PROMPT or --read, not both (the prompt was {prompt!r})")
    if not job.reads and prompt is None:
        _usage('nothing to say: give a PROMPT ("-": from standard input), or --read TEXT')
    if play and not output:
        _usage("--play goes with --output; without one, the speech is played anyway")
    if as_json and output == "-":
        _usage("--json and --output - both want standard output; give --output a file")
    if prompt == "-":
        job = Job(**{**_fields(job), "prompt": _prompt_from_stdin()})
    if not job.reads and not job.prompt.strip():
        _usage("the prompt is empty: there is nothing to answer")
    _exit(run(job, settings))


@app.command()
def devices(context: typer.Context) -> None:
    """List the sound devices that can play."""
    from speakstream.audio.device import devices as list_devices

    found = list_devices()
    if not found:
        raise SpeakStreamError("this machine has no sound device (over SSH or in a container there is none)")
    width = max(len(device.name) for device in found)
    for device in found:
        mark = "*" if device.is_default else " "
        print(
            f"{mark} {device.index:3}  {device.name:{width}}  {device.api}, {device.channels} ch, {device.sample_rate} Hz"
        )
    print(
        "* the default; choose another with --device or AUDIO_DEVICE: its index, or part of its name",
        file=sys.stderr,
    )


@app.command()
def voices(context: typer.Context) -> None:
    """List the voices."""
    from speakstream.tts import voices as list_voices

    chosen = _settings(context, {}, quiet=True).tts_model_name
    for voice in list_voices():
        mark = "*" if voice.name == chosen else " "
        where = "on disk" if voice.on_disk else f"{voice.megabytes:.0f} MB to fetch"
        print(f"{mark} {voice.name:16} {voice.language}  {voice.about:18} {voice.licence:11} {where}")


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    """List the language models."""
    if context.invoked_subcommand is not None:
        return
    settings = _settings(context, {}, quiet=True)
    for info in _store(settings).catalogue():
        mark = "*" if info.name == settings.llm_model_name else " "
        where = f"on disk, {info.path}" if info.on_disk else f"not on disk; from {info.source}"
        print(f"{mark} {info.name:40} {info.size / 1e6:5.0f} MB  {info.licence or '':11} {where}")


@models_app.command("pull")
def pull(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Default: the one in the settings.")] = None,
) -> None:
    """Fetch a model, so that it is there without a network."""
    settings = _settings(context, {})
    path = _store(settings).pull(name or settings.llm_model_name)
    print(f"{name or settings.llm_model_name} is at {path}", file=sys.stderr)


@models_app.command("rm")
def remove(
    context: typer.Context, name: Annotated[str, typer.Argument(help="See speakstream models.")]
) -> None:
    """Delete a model from the cache."""
    freed = _store(_settings(context, {})).remove(name)
    print(f"{name} is deleted; {freed / 1e6:.0f} MB are free again", file=sys.stderr)


@app.command()
def chat() -> None:
    """The terminal client (not there yet)."""
    raise SpeakStreamError('chat is not there yet; until then: speakstream say "your prompt"')


@app.command()
def serve() -> None:
    """The browser client's server (not there yet)."""
    raise SpeakStreamError('serve is not there yet; until then: speakstream say "your prompt"')


def main() -> NoReturn:
    """The entry point: runs the command, and turns errors into one line and an exit status."""
    import logging

    debug = "--debug" in sys.argv
    logging.getLogger("speakstream").addHandler(logging.NullHandler())  # nothing of a log on the screen, unless
    if debug:
        logging.basicConfig(
            level=logging.DEBUG, format="%(relativeCreated)7d %(threadName)s %(name)s: %(message)s"
        )
    command = typer.main.get_command(app)
    try:
        status = command.main(prog_name="speakstream", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except SpeakStreamError as error:
        if debug:
            raise
        _fail(str(error), 1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except Exception as error:
        if debug:
            raise
        _report(error)


def _report(error: Exception) -> NoReturn:
    """A wrong usage, with the nearest name; or a bug, in one line."""
    message = getattr(error, "format_message", None)
    if message is not None:
        _fail(message() + _suggestion(error), 2)
    _fail(f"unexpected error: {type(error).__name__}: {error}; run again with --debug and report it", 1)


def _suggestion(error: Exception) -> str:
    known = [
        *(
            command.name or command.callback.__name__
            for command in app.registered_commands
            if command.callback
        ),
        "models",
    ]
    words = [word for word in str(error).split("'") if word.isidentifier()]
    near = [hit for word in words for hit in difflib.get_close_matches(word, known, 1)]
    return f" Did you mean {near[0]!r}?" if near and "ommand" in str(error) else ""


def _fail(message: str, status: int) -> NoReturn:
    print(f"speakstream: {message}", file=sys.stderr)
    sys.exit(status)


def _usage(message: str) -> NoReturn:
    _fail(f"{message}; see: speakstream say --help", 2)


def _exit(status: int) -> None:
    if status:
        raise typer.Exit(status)


def _fields(job: Any) -> dict[str, Any]:
    return {name: getattr(job, name) for name in job.__dataclass_fields__}


def _prompt_from_stdin() -> str:
    if sys.stdin.isatty():
        print("speakstream: type the prompt, then Ctrl-D", file=sys.stderr)
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def _settings(context: typer.Context, flags: dict[str, Any], quiet: bool = False) -> "Settings":
    from speakstream.settings import Settings

    loaded = Settings.load(flags)
    if not quiet:
        for warning in loaded.warnings:
            print(f"speakstream: {warning}", file=sys.stderr)
    return loaded.settings


def _store(settings: "Settings") -> Any:
    from speakstream.download import TerminalProgress
    from speakstream.models import ModelStore, cache_folder

    return ModelStore(
        settings.model_cache or cache_folder(),
        progress=TerminalProgress("model"),
        notify=lambda line: print(f"speakstream: {line}", file=sys.stderr),
    )


if __name__ == "__main__":
    main()
