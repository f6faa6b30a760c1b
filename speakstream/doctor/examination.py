"""What every check is given, and how one of them is named, limited and found wanting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from speakstream.doctor.findings import Findings
from speakstream.errors import SettingsError
from speakstream.settings import SETTINGS, Loaded, Settings


@dataclass(frozen=True, slots=True)
class Examination:
    """What a check may look at."""

    loaded: Loaded
    """The settings; the default stands for each that is not allowed."""

    errors: Mapping[str, SettingsError]
    """What is wrong with those, by name."""

    unread: str
    """Why the settings could not be read at all; "": they could."""

    program: str
    """``speakstream``, as this person types it."""

    plays: bool
    """Whether sound may be made."""

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self.loaded.settings

    @property
    def cache(self) -> Path:
        """The folder of the models."""
        from speakstream.models import cache_folder

        return self.settings.model_cache or cache_folder()


def examination(program: str, plays: bool) -> Examination:
    """Read the settings, whatever state they, and the packages that read them, are in."""
    try:
        loaded, errors = Settings.examine()
    except ImportError as error:
        defaults = Loaded(Settings(), (), dict.fromkeys(SETTINGS, "default"))
        return Examination(defaults, {}, f"the settings could not be read ({error})", program, plays)
    return Examination(loaded, errors, "", program, plays)


class Check(NamedTuple):
    """One thing to look at."""

    section: str
    name: str
    run: Callable[[Examination], Findings]
    limit: float = 0.0
    """Seconds it may take in a process of its own, which it may bring down; 0: it is harmless, and runs in this one."""

    needs: tuple[str, ...] = ()
    """Findings without which it has no chance."""
