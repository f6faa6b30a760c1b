"""The commands that have commands of their own: ``speakstream models``, ``lexicon`` and ``history``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from speakstream.command_line import HELP, as_unicode, model_names, read_settings, tell, wrong_usage

if TYPE_CHECKING:
    from speakstream.models import ModelStore
    from speakstream.progress import TerminalProgress
    from speakstream.settings import Settings

models_app = typer.Typer(
    help="List the language models; fetch or delete one.", rich_markup_mode=None, context_settings=HELP
)
lexicon_app = typer.Typer(
    help="List the words that are said in your own way; add or remove one.",
    rich_markup_mode=None,
    context_settings=HELP,
)
history_app = typer.Typer(
    help="List, show, search, export and delete your conversations.", rich_markup_mode=None, context_settings=HELP
)


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        from speakstream.listings import list_models

        list_models(read_settings(context))


@models_app.command("pull")
def pull(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", autocompletion=model_names, help="Without: the one in the settings."),
    ] = None,
) -> None:
    """Fetch a model, or check the one that is there."""
    from speakstream.progress import TerminalProgress

    settings = read_settings(context)
    wanted = name or settings.llm_model_name
    with TerminalProgress(label=wanted) as progress:
        path = _store(settings, progress).pull(wanted)
    print(f"{wanted} is on disk: {path}", file=sys.stderr)


@models_app.command("rm")
def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", autocompletion=model_names, help="See: speakstream models.")],
) -> None:
    """Delete a model from the disk."""
    freed = _store(read_settings(context)).remove(name)
    if freed:
        print(f"{name} is deleted: {freed / 1e6:.0f} MB are free again", file=sys.stderr)
    else:
        print(f"{name} is not on disk: there is nothing to delete", file=sys.stderr)


def _store(settings: "Settings", progress: "TerminalProgress | None" = None) -> "ModelStore":
    from speakstream.models import ModelStore, cache_folder

    def notify(line: str) -> None:
        tell([line])

    return ModelStore(
        settings.model_cache or cache_folder(),
        progress=progress,
        notify=progress.before(notify) if progress else notify,
    )


def _lexicon_words(incomplete: str) -> list[str]:
    from speakstream.pronunciation import lexicon_path, read_lexicon

    return [entry.word for entry in read_lexicon(lexicon_path()).entries if entry.word.startswith(incomplete)]


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

    settings = read_settings(context) if hear else None
    kept = add_word(as_unicode(word), as_unicode(" ".join(respelling)))
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

    remove_word(as_unicode(word))


def _conversation_ids(incomplete: str) -> list[tuple[str, str]]:
    from speakstream.history_commands import conversation_ids

    return conversation_ids(incomplete)


ConversationId = Annotated[
    str, typer.Argument(metavar="[ID]", autocompletion=_conversation_ids, help="Its number, or last.")
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON on standard output.")]
MessageId = Annotated[
    int | None, typer.Option("--message", metavar="NUMBER", help="Only the turn that has this message.")
]


@history_app.callback(invoke_without_command=True)
def history(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_history()


@history_app.command("list")
def list_history(
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only so many of the newest.")] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Those that were deleted and can be restored.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the conversations, the newest first."""
    from speakstream.history_commands import list_conversations

    list_conversations(limit, deleted, as_json)


@history_app.command("show")
def show_history(conversation: ConversationId = "last", message: MessageId = None, as_json: AsJson = False) -> None:
    """Show a conversation as text (Markdown)."""
    from speakstream.history_commands import show_conversation

    show_conversation(conversation, message, as_json)


@history_app.command("search", epilog="\b\nExample:\n  speakstream history search 'rayleigh \"blue sky\"'")
def search_history(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="All of them, or their beginnings.")],
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="Only so many of the newest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Find what was asked and answered, in all conversations."""
    from speakstream.history_commands import search_conversations

    search_conversations(as_unicode(" ".join(words)), limit, as_json)


@history_app.command(
    "export",
    epilog="\b\nExamples:\n"
    "  speakstream history export last -o talk.md\n"
    "  speakstream history export 12 --message 80 -o answer.wav",
)
def export_history(
    context: typer.Context,
    conversation: ConversationId = "last",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="To write: .md, .json, .wav, .srt or .vtt.")
    ] = None,
    message: MessageId = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a conversation to a file: as Markdown, as JSON, or spoken.

    For .wav the replies are spoken, and subtitles are written beside it; .srt and .vtt say which.
    """
    if output is None:
        wrong_usage("there is no file to write: give -o FILE.md, FILE.json or FILE.wav", "history export")
    from speakstream.history_commands import export_conversation

    if status := export_conversation(conversation, output, message, force, read_settings(context)):
        raise typer.Exit(status)


@history_app.command("rm")
def remove_history(
    conversations: Annotated[
        list[str], typer.Argument(metavar="ID...", autocompletion=_conversation_ids, help="Their numbers, or last.")
    ],
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")] = False,
) -> None:
    """Erase conversations for good."""
    from speakstream.history_commands import remove_conversations

    if status := remove_conversations(conversations, yes):
        raise typer.Exit(status)


@history_app.command("restore")
def restore_history(
    conversation: Annotated[str, typer.Argument(metavar="ID", help="See: speakstream history list --deleted.")],
) -> None:
    """Bring back a conversation that was deleted in the last 30 days."""
    from speakstream.history_commands import restore_conversation

    restore_conversation(conversation)
