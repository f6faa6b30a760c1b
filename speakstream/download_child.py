"""The child process that downloads: pip, or one file over HTTP. Run as a script by ``download.py``.

    python download_child.py pip SEARCH_PATH ARGUMENT...
    python download_child.py http URL TARGET

A child, because looking up a name and connecting to a silent address cannot be interrupted in Python, and a
process can. It ends with its parent, even one that was killed: its standard input is a pipe that the parent
holds open. It needs the standard library only, and honours the proxy variables as urllib does.

``http`` prints a line when it starts, then ``{"size": bytes or 0, "sha256": hex or ""}``; if it fails, why.
"""

import http.client
import json
import os
import runpy
import sys
import threading
import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path
from typing import IO

BLOCK = 1 << 20
STALLED_SECONDS = 30.0


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


def download(url: str, target: Path) -> None:
    linked = LinkedFile()
    request = urllib.request.Request(url, headers={"User-Agent": "speakstream"})
    with urllib.request.build_opener(linked).open(request, timeout=STALLED_SECONDS) as response:
        linked.note(response.headers)
        size = int(response.headers.get("Content-Length") or 0)
        print(json.dumps({"size": size, "sha256": linked.sha256}), flush=True)
        with target.open("wb") as out:
            while block := response.read(BLOCK):
                out.write(block)
            if size and out.tell() != size:
                raise ConnectionError(f"the connection ended after {out.tell()} of {size} bytes")


def end_with_parent() -> None:
    os.read(0, 1)  # not sys.stdin, whose lock would be held when the interpreter ends
    os._exit(1)


def run_pip(search_path: str, arguments: list[str]) -> None:
    """Run pip as ``python -m pip`` does; ``search_path`` is where it is, if not where modules are found."""
    if search_path:
        sys.path.insert(0, search_path)
    sys.argv = ["pip", *arguments]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


def main() -> int:
    threading.Thread(target=end_with_parent, daemon=True).start()
    if sys.argv[1] == "pip":
        run_pip(sys.argv[2], sys.argv[3:])
        return 0
    print("connecting", flush=True)
    try:
        download(sys.argv[2], Path(sys.argv[3]))
    except urllib.error.HTTPError as error:
        print(f"HTTP {error.code} {error.reason}")
    except urllib.error.URLError as error:
        print(error.reason)
    except (OSError, http.client.HTTPException) as error:
        print(error)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
