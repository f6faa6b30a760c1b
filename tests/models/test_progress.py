"""The line that shows how far a download is."""

import io

from speakstream.progress import TerminalProgress


class Screen(io.StringIO):
    def __init__(self, tty: bool) -> None:
        super().__init__()
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty


def test_the_progress_line_shows_bytes_rate_and_time_left() -> None:
    screen, now = Screen(tty=True), iter([0.0, 1.0, 1.01, 2.0, 92.0])
    progress = TerminalProgress(screen, label="Tiny", clock=lambda: next(now), columns=lambda: 100)
    for done in (0, 1_000_000, 1_000_001, 2_000_000):
        progress(done, 92_000_000)
    lines = screen.getvalue().split("\r")[1:]
    assert len(lines) == 3  # the third call came too soon after the second
    assert lines[-1].endswith("2.0 MB of 92.0 MB  1.0 MB/s  1 min 30 s left\x1b[K")
    assert all(len(line.replace("\x1b[K", "")) < 100 for line in lines)
    progress(92_000_000, 92_000_000)
    assert screen.getvalue().endswith("\n") and "92.0 MB of 92.0 MB" in screen.getvalue()
    written = screen.getvalue()
    progress.close()
    assert screen.getvalue() == written


def test_the_progress_line_fits_a_narrow_terminal_and_is_ended_when_interrupted() -> None:
    screen = Screen(tty=True)
    with TerminalProgress(screen, label="Tiny", columns=lambda: 20) as progress:
        progress(10, 92_000_000)
    assert screen.getvalue() == "\rTiny  0.0 MB of 92.\x1b[K\n"


def test_a_slow_download_is_shown_in_smaller_units_and_a_long_one_in_hours() -> None:
    screen, now = Screen(tty=True), iter([0.0, 1.0])
    progress = TerminalProgress(screen, label="Tiny", clock=lambda: next(now), columns=lambda: 100)
    progress(0, 92_000_000)
    progress(20_000, 92_000_000)
    assert screen.getvalue().endswith("0.0 MB of 92.0 MB  20.0 kB/s  1 h 16 min left\x1b[K")


def test_what_was_there_before_is_shown_and_no_part_of_the_rate() -> None:
    screen, now = Screen(tty=True), iter([0.0, 1.0])
    progress = TerminalProgress(screen, label="Tiny", clock=lambda: next(now), columns=lambda: 100)
    progress(80_000_000, 92_000_000)
    progress(82_000_000, 92_000_000)
    assert screen.getvalue().endswith("82.0 MB of 92.0 MB  2.0 MB/s  5 s left\x1b[K")


def test_a_notice_stands_on_a_line_of_its_own() -> None:
    screen = Screen(tty=True)
    with TerminalProgress(screen, label="Tiny", columns=lambda: 20) as progress:
        notify = progress.before(lambda line: print(line, file=screen))
        notify("first")
        progress(10, 92_000_000)
        notify("second")
        progress(20, 92_000_000)
    assert screen.getvalue().splitlines() == ["first", "", "Tiny  0.0 MB of 92.\x1b[K", "second"]


def test_progress_in_a_log_is_a_few_plain_lines() -> None:
    screen, now = Screen(tty=False), iter([0.0, 10.0, 29.0, 31.0, 32.0, 62.0])
    with TerminalProgress(screen, label="Tiny", clock=lambda: next(now)) as progress:
        for done in (0, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 92_000_000):
            progress(done, 92_000_000)
    assert screen.getvalue().splitlines() == [
        "Fetching Tiny (92.0 MB)",
        "Fetching Tiny: 3.0 MB of 92.0 MB  0.5 MB/s  2 min 58 s left",
        "Fetched Tiny (92.0 MB)",
    ]
