"""The child process that downloads one file, over HTTP or through pip. Run as a script by ``download.py``.

    python download_child.py JOB_AS_JSON

A child, because looking up a name and connecting to a silent address cannot be interrupted in Python, and a
process can. It ends with its parent, even one that was killed: its standard input is a pipe that the parent
holds open. It needs the standard library only; urllib honours the proxy variables.

From the package index a file comes through pip's own session and finder, so that the person's index, mirrors,
credentials, certificates and proxies hold. Those are pip's inner parts; where they have changed, pip is run as
the command it is, which cannot go on from what has come.

It prints one JSON object a line: ``asking`` when it is ready to, ``found`` (in the index), ``answer`` (of the
server that has the file), ``again`` before another try, ``failed`` if that is how it ends.
"""

import http.client
import io
import json
import logging
import os
import re
import runpy
import shutil
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from email.message import Message
from importlib import import_module
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

sys.path.append(str(Path(__file__).parents[1]))  # last: this is no place to look for anything else

from speakstream.transfer import Answer, Ask, Broken, Refused, Unreachable, Wrong, is_busy, transfer

PIP_TIMEOUT = 15  # pip's own, if the person has not set another
SECRETS = re.compile(r"(?<=//)[^/@\s]+@")


def tell(event: str, **values: object) -> None:
    print(json.dumps({"event": event, **values}), flush=True)


def plain(error: object) -> str:
    """What an error says, on one line, without a password."""
    return SECRETS.sub("", " ".join(str(error).split()))[:300]


def silence(seconds: float) -> Broken:
    return Broken(f"nothing came for {seconds:g} seconds")


# --- any server, through urllib ---


class LinkedFile(urllib.request.HTTPRedirectHandler):
    """Keeps what the hub says of a large file while it redirects to the storage that holds it."""

    sha256 = ""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> urllib.request.Request | None:
        self.note(headers)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]

    def note(self, headers: Message) -> None:
        tag = (headers.get("X-Linked-Etag") or "").strip('"').lower()
        if len(tag) == 64 and not set(tag) - set("0123456789abcdef"):
            self.sha256 = tag


class UrlAnswer:
    def __init__(self, response: Any, announced: str, stall: float) -> None:
        self.status: int = response.status
        self.headers: Mapping[str, str] = response.headers
        self.source = urlsplit(response.url).hostname or ""
        self.announced = announced
        self.close = response.close
        self._response = response
        self._stall = stall

    def read(self, most: int) -> bytes:
        try:
            return bytes(self._response.read1(most))
        except TimeoutError as error:
            raise silence(self._stall) from error
        except (OSError, http.client.HTTPException) as error:
            raise Broken(plain(error)) from error


def ask_url(url: str, stall: float, headers: Mapping[str, str]) -> Answer:
    linked = LinkedFile()
    request = urllib.request.Request(url, headers={"User-Agent": "speakstream", **headers})
    try:
        response = urllib.request.build_opener(linked).open(request, timeout=stall)
    except urllib.error.HTTPError as error:
        response = error  # an answer all the same
    except urllib.error.URLError as error:
        raise Unreachable(plain(error.reason)) from error
    except TimeoutError as error:
        raise silence(stall) from error
    except (OSError, http.client.HTTPException) as error:
        raise Broken(plain(error)) from error
    linked.note(response.headers)
    return UrlAnswer(response, linked.sha256, stall)


# --- the package index, through pip ---


def pip_says(error: object) -> str:
    """What an error of pip's, or of a library inside it, comes to; their wording has changed over the years."""
    text = " ".join(str(getattr(error, "context", None) or error).split())
    text = re.sub(r".*Caused by \w+\((.*)\)\)$", r"\1", text)
    through = "through the proxy: " if "proxy" in text.lower() else ""
    return through + plain(re.sub(r".*( object at 0x\w+>|Connection\(.*?\)): ", "", text).strip("'\""))


class PipAnswer:
    announced = ""  # the index has said it before

    def __init__(self, response: Any, errors: tuple[type[Exception], ...], stall: float) -> None:
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.source = urlsplit(response.url).hostname or ""
        self.close = response.close
        self._raw = response.raw
        self._errors = errors
        self._stall = stall

    def read(self, most: int) -> bytes:
        try:
            return bytes(self._raw.read(most, decode_content=False))
        except self._errors as error:
            silent = "timed out" in str(error)
            raise silence(self._stall) if silent else Broken("the connection ended early") from error


class LocalAnswer:
    """A file of a package index that is a folder."""

    status = 200
    announced = ""

    def __init__(self, path: str) -> None:
        try:
            self._file = open(path, "rb")  # noqa: SIM115
        except OSError as error:
            raise Refused(plain(error)) from error
        self.headers: Mapping[str, str] = {"Content-Length": str(os.stat(path).st_size)}
        self.source = path
        self.read = self._file.read
        self.close = self._file.close


class Unread(logging.Handler):
    """Keeps why pip could not read the pages of an index, which it only logs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.reasons: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith("Could not fetch URL") and isinstance(record.args, tuple):
            self.reasons.append(pip_says(record.args[1]))


class Index:
    """pip's own session and finder, set up as the person has set up pip.

    :raises ImportError, AttributeError, TypeError: pip has changed inside.
    """

    def __init__(self, job: dict[str, Any], open_until: ExitStack) -> None:
        commands: Any = import_module("pip._internal.commands")
        self.errors: tuple[type[Exception], ...] = (
            import_module("pip._internal.exceptions").PipError,
            import_module("pip._vendor.requests").RequestException,
            import_module("pip._vendor.urllib3.exceptions").HTTPError,
            OSError,
        )
        self.requirement: str = job["requirement"]
        self.sha256: str = job["sha256"]
        self.stall: float = job["stall"]
        self._link: Any = None
        printed = io.StringIO()
        try:
            with redirect_stdout(printed), redirect_stderr(printed):
                command = commands.create_command("download")
                options, _ = command.parse_args(["--only-binary=:all:", "--no-cache-dir", "--no-input", "--retries=0"])
        except (*self.errors, SystemExit) as error:
            raise Refused(f"in pip's settings: {plain(printed.getvalue() or error)}") from error
        if options.timeout != PIP_TIMEOUT:  # somebody knows this network
            self.stall = float(options.timeout)
            tell("patience", seconds=self.stall)
        open_until.enter_context(command.main_context())
        self._session = command.get_default_session(options)
        self._new_finder: Callable[[], Any] = lambda: command._build_package_finder(
            options=options, session=self._session
        )
        self._new_finder().find_all_candidates  # noqa: B018  it is there
        tell("asking")

    def ask(self, headers: Mapping[str, str]) -> Answer:
        if self._link is None:
            self._link = self._find()
        if self._link.is_file:
            return LocalAnswer(self._link.file_path)
        try:
            response = self._session.get(
                self._link.url_without_fragment, headers=dict(headers), stream=True, timeout=self.stall
            )
        except self.errors as error:
            raise Broken(pip_says(error)) from error
        return PipAnswer(response, self.errors, self.stall)

    def _find(self) -> Any:
        """The link to the wheel: one that the index says is the pinned one, if it says so of any."""
        unread = Unread()
        collector = logging.getLogger("pip._internal.index.collector")
        collector.setLevel(logging.DEBUG)
        collector.addHandler(unread)
        name, _, version = self.requirement.partition("==")
        try:
            found = self._new_finder().find_all_candidates(name)
        except self.errors as error:
            raise Refused(pip_says(error)) from error
        links = [candidate.link for candidate in found if str(candidate.version) == version]
        links.sort(key=lambda link: ({self.sha256: 0, "": 1}.get(self._declares(link), 2), not link.is_file))
        if links:
            declared = self._declares(links[0])
            if declared not in ("", self.sha256):
                raise Wrong(f"SHA-256 {declared[:12]}… instead of {self.sha256[:12]}…")
            tell("found")
            return links[0]
        raise _why_not_found([why for why in unread.reasons if not why.startswith("404 ")], self.requirement)

    def _declares(self, link: Any) -> str:
        return link.hash if link.hash_name == "sha256" else ""


def _why_not_found(unread: Sequence[str], requirement: str) -> Exception:
    """What pip's reasons for not reading the pages of an index mean; ``requirement`` is on none that it read."""
    if not unread:
        return Refused(f"the package index does not have {requirement}")
    refusal = re.match(r"(?:too many )?([45]\d\d) ", unread[0])
    if refusal is None:
        return Unreachable(unread[0])
    status = int(refusal[1])
    why = f"HTTP {status} from the package index"
    return Broken(why) if is_busy(status) else Refused(why, status)


def run_pip(job: dict[str, Any]) -> None:
    """Run pip as ``python -m pip`` does."""
    downloads = Path(job["downloads"])
    sys.argv = ["pip", "-vv", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--retries=0"]
    sys.argv += ["--disable-pip-version-check", "--no-input", "--progress-bar=off", f"--dest={downloads}"]
    sys.argv += [job["requirement"]]
    try:
        runpy.run_module("pip", run_name="__main__", alter_sys=True)
    except SystemExit as ending:
        if ending.code:
            raise
    for wheel in downloads.glob("*.whl"):
        shutil.move(wheel, job["target"])


def end_with_parent() -> None:
    os.read(0, 1)  # not sys.stdin, whose lock would be held when the interpreter ends
    os._exit(1)


def run(job: dict[str, Any], open_until: ExitStack) -> None:
    if job["pip_path"]:
        sys.path.insert(0, job["pip_path"])
    if job["url"]:
        tell("asking")
        ask: Ask = lambda headers: ask_url(job["url"], job["stall"], headers)  # noqa: E731
    else:
        try:
            ask = Index(job, open_until).ask
        except (ImportError, AttributeError, TypeError) as error:
            tell("changed", pip=plain(error))
            tell("asking")
            run_pip(job)
            return
    more = {"Cache-Control": "no-cache"} if job["fresh"] else {}
    transfer(
        lambda headers: ask({**headers, **more}),
        Path(job["target"]),
        tell,
        size=job["size"],
        pinned=bool(job["sha256"]),
        pauses=job["pauses"],
    )


def main(arguments: Sequence[str]) -> int:
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        with ExitStack() as open_until:
            run(json.loads(arguments[0]), open_until)
    except Refused as error:
        tell("failed", why=str(error), status=error.status)
    except Wrong as error:
        tell("failed", why=str(error), wrong=True)
    except Broken as error:
        tell("failed", why=str(error))
    except OSError as error:
        tell("failed", why=str(error), errno=error.errno)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
