"""The files of voices that no package brings: fetched as models are, with progress, patience and a checksum.

hibari's other voices lie on the hub. hibari-tts would fetch them itself: silently, and for a minute deaf to Ctrl-C.
They are put where hibari-tts looks for them, so that its own programs have them too.
"""

from pathlib import Path
from threading import Event

from speakstream.download import Network
from speakstream.errors import ModelError, VoiceError
from speakstream.model_cache import CacheFolder
from speakstream.model_sources import Fetch
from speakstream.progress import Notify, Progress
from speakstream.transfer import discard

DEFAULT = Network()


def fetch_voice(
    name: str, progress: Progress, notify: Notify, cancelled: Event | None, network: Network = DEFAULT
) -> None:
    """Have the file of the voice ``name`` on the disk, if it is one that can be fetched.

    Raises VoiceError, one line that says what to do, when it can't be had.
    """
    engine, _, voice = name.partition("/")
    if engine != "hibari":
        return
    from hibari import voices

    about = voices.VOICES.get(voice)
    if about is None or about.get("bundled"):
        return
    cache = CacheFolder(Path(voices.cache_dir()), notify, what="voice folder", variable="HIBARI_HOME")
    file: str = about["file"]
    if (cache.path / file).exists():
        return
    try:
        with cache.locked(cancelled):
            if (cache.path / file).exists():
                return  # another process was here first
            with cache.workspace() as work:
                fetch = Fetch(cache, work, progress, notify, network, cancelled)
                made = fetch.from_url(voices.BASE_URL + file, name, file, about["bytes"], about["sha256"])
                cache.move(made, file)
                discard(made)
    except ModelError as error:
        raise VoiceError(str(error)) from error
