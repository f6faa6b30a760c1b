"""The line that says what the chat runs on and what it is doing, and the level meter in it."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from speakstream.happenings import Now, Status

METER = "▁▂▃▄▅▆▇█"
METER_CELLS = 8
QUIETEST_DB = -48.0
"""The level at which the meter begins to move; speech is 10 to 30 dB above it."""


def meter(level: float, cells: int = METER_CELLS) -> str:
    """A level, RMS from 0 to 1, as a bar of ``cells`` cells; its shape tells it without a colour."""
    from math import log10

    loudness = 0.0 if level <= 0 else max(0.0, 1 - 20 * log10(max(level, 1e-6)) / QUIETEST_DB)
    steps = round(min(loudness * 1.25, 1.0) * cells)
    return "".join(
        METER[min(cell * len(METER) // cells, len(METER) - 1)] if cell < steps else "·" for cell in range(cells)
    )


def state(status: Status, now: Now) -> str:
    """What the chat is doing, in a word."""
    if now.paused:
        return "paused"
    if now.speaking and now.word is not None:
        return "muted" if status.muted else "speaking"
    if now.writing:
        return "writing" if status.model_state == "ready" else "waiting for the model"
    if now.speaking:
        return "muted" if status.muted else "speaking"
    if status.progress:
        return f"fetching {status.progress}"
    if status.model_state == "loading":
        return "loading the model"
    if status.model_state == "failed":
        return "no model"
    return "ready"


def parts(status: Status, now: Now) -> list[tuple[int, str]]:
    """What the line may say, in order, each with its rank: where room is short, the highest ranks go first."""
    said = [(0, state(status, now))]
    if status.voice_state == "off" or not status.device:
        said.append((1, "no sound"))
    else:
        volume = "muted" if status.muted else f"{round(status.volume * 100)} %"
        said.append((1, f"{meter(now.level)} {volume}"))
        said.append((2, f"{status.voice.rpartition('/')[2]} {status.speed:g}×"))
    if status.first_audio is not None:
        said.append((3, f"sound after {status.first_audio:.2f} s"))
    elif status.first_token is not None:
        said.append((3, f"text after {status.first_token:.2f} s"))
    if status.tokens_per_second is not None:
        said.append((6, f"{status.tokens_per_second:.0f} tok/s"))
    if status.context_length:
        said.append((5, f"context {(status.context_used or 0) * 100 // status.context_length} %"))
    if now.speaking:
        said.append((7, f"{now.buffered:.1f} s ahead"))
    if status.underruns:
        said.append((4, f"{status.underruns} underrun{'s' if status.underruns > 1 else ''}"))
    if status.model:
        said.append((9, status.model.partition(" (")[0]))
    if status.device and status.sample_rate:
        said.append((10, f"{status.device} {status.sample_rate / 1000:g} kHz"))
    return said


def fitted(said: list[tuple[int, str]], width: int) -> str:
    """As many of the parts as fit, by rank, in their order."""
    for most in range(max(rank for rank, _ in said), -1, -1):
        line = "  ".join(text for rank, text in said if rank <= most)
        if len(line) <= width:
            return line
    return said[0][1][:width]


def figures(status: Status, now: Now) -> list[tuple[str, str]]:
    """Everything, name and value, for the screen that shows it all."""

    def seconds(value: float | None) -> str:
        return "–" if value is None else f"{value:.3f} s"

    used, length, prompt = status.context_used, status.context_length, status.prompt_tokens
    return [
        ("Model", f"{status.model or '–'} ({status.model_state})"),
        ("Context used", f"{used if used is not None else 0} of {length} tokens" if length else "–"),
        ("Voice", f"{status.voice or '–'} ({status.voice_state}), speed {status.speed:g}×"),
        ("Device", f"{status.device}, {status.sample_rate} Hz" if status.device else status.silent_because or "none"),
        ("Volume", f"{round(status.volume * 100)} %{', muted' if status.muted else ''}"),
        ("Persona", status.persona or "none"),
        ("Time to first token", seconds(status.first_token)),
        ("Time to first audio", seconds(status.first_audio)),
        ("Tokens per second", "–" if status.tokens_per_second is None else f"{status.tokens_per_second:.1f}"),
        ("Prompt", "–" if prompt is None else f"{prompt} tokens, {status.cached_tokens} of them read before"),
        ("Buffered", f"{now.buffered:.2f} s"),
        ("Underruns", str(status.underruns)),
    ]


class StatusLine(Widget):
    """One row."""

    DEFAULT_CSS = """
    StatusLine { height: 1; padding: 0 1; color: $text-muted; background: $panel; }
    """

    line: reactive[str] = reactive("")

    def show(self, status: Status, now: Now) -> None:
        """Draw it anew, if anything of it has changed."""
        self.line = fitted(parts(status, now), max(self.content_size.width, 10))

    def render(self) -> Content:
        """The line, as plain text."""
        return Content(self.line)
