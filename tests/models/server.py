"""A package index, a hub and a proxy on loopback, which misbehave as they are told."""

import base64
import hashlib
import http.client
import json
import re
import select
import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 30.0
"""Seconds after which something that should have happened has not."""

CERTIFICATE = Path(__file__).with_name("loopback.pem")
"""A key and a self-signed certificate for 127.0.0.1, good for nothing else."""

WHEEL = "/files/tiny_model-1.0-py3-none-any.whl"


@dataclass(frozen=True, slots=True)
class Act:
    """How one request for a file is answered, where that is not simply right."""

    status: int = 0  # instead of a file
    ranges: bool = True  # False: Range is ignored
    careless: bool = False  # If-Range is ignored
    shift: int = 0  # bytes by which the range that comes is not the one that was asked for
    content: bytes | None = None  # instead of the file's
    first: int = -1  # bytes of the body before `then`; negative: all
    then: str = "drop"  # or "hold" until `go_on`, "hang" until the client has gone, "trickle" it as it is read
    silent: bool = False  # hang before the answer


@dataclass(frozen=True, slots=True)
class Seen:
    """A request for a file."""

    path: str
    range: str
    if_range: str
    cache_control: str


class Server(ThreadingHTTPServer):
    """Counts what is fetched; the first requests for files are answered by ``acts``, the others rightly."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.moved: dict[str, tuple[str, dict[str, str]]] = {}  # path to where it is now, and headers
        self.acts: deque[Act] = deque()
        self.seen: list[Seen] = []
        self.validator = "ETag"  # or "weak", "Last-Modified", ""
        self.lengths = True  # False: chunked, as of unknown size
        self.credentials = ""  # "name:password", if they are asked for
        self.digest: str | None = ""  # in the index; "": the right one; None: none
        self.pep_691 = False
        self.silent_index = False
        self.index_status: deque[int] = deque()
        self.asked, self.reached, self.go_on, self.client_gone = Event(), Event(), Event(), Event()
        self.lock = threading.Lock()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ranges(self) -> list[str]:
        return [seen.range for seen in self.seen]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is what these tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        wanted = "Basic " + base64.b64encode(self.server.credentials.encode()).decode()
        if self.server.credentials and self.headers.get("Authorization") != wanted:
            self.answer_briefly(401, headers={"WWW-Authenticate": "Basic"})
        elif self.path == "/simple/tiny-model/":
            self.answer_index()
        elif self.path in self.server.moved:
            target, headers = self.server.moved[self.path]
            self.answer_briefly(302, headers={"Location": target, **headers})
        else:
            self.answer_file()

    def answer_briefly(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def answer_index(self) -> None:
        self.server.asked.set()
        if self.server.silent_index:
            self.hang()
            return
        if self.server.index_status:
            self.answer_briefly(self.server.index_status.popleft())
            return
        if WHEEL not in self.server.files:
            self.answer_briefly(404)
            return
        name = WHEEL.rpartition("/")[2]
        digest = self.server.digest
        if digest == "":
            digest = hashlib.sha256(self.server.files[WHEEL]).hexdigest()
        if self.server.pep_691:
            hashes = {"sha256": digest} if digest else {}
            page = {
                "meta": {"api-version": "1.0"},
                "name": "tiny-model",
                "files": [{"filename": name, "url": f"../..{WHEEL}", "hashes": hashes}],
            }
            kind = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
            self.answer_briefly(200, json.dumps(page).encode(), kind)
        else:
            fragment = f"#sha256={digest}" if digest else ""
            link = f'<!DOCTYPE html><a href="../..{WHEEL}{fragment}">{name}</a>'
            self.answer_briefly(200, link.encode(), {"Content-Type": "text/html"})

    def answer_file(self) -> None:
        get = self.headers.get
        with self.server.lock:
            seen = Seen(self.path, get("Range", ""), get("If-Range", ""), get("Cache-Control", ""))
            self.server.seen.append(seen)
            act = self.server.acts.popleft() if self.server.acts else Act()
        content = act.content if act.content is not None else self.server.files.get(self.path)
        if act.silent:
            self.hang()
        elif act.status or content is None:
            self.answer_briefly(act.status or 404)
        else:
            self.send(content, seen, act)

    def send(self, content: bytes, seen: Seen, act: Act) -> None:
        tag = hashlib.sha256(content).hexdigest()[:16]
        kind, value = {
            "ETag": ("ETag", f'"{tag}"'),
            "weak": ("ETag", f'W/"{tag}"'),
            "Last-Modified": ("Last-Modified", formatdate(int(tag[:7], 16), usegmt=True)),  # another for each content
        }.get(self.server.validator, ("", ""))
        asked = re.fullmatch(r"bytes=(\d+)-", seen.range)
        start = int(asked[1]) if asked and act.ranges and (act.careless or seen.if_range in ("", value)) else 0
        if start and start >= len(content):
            self.answer_briefly(416, headers={"Content-Range": f"bytes */{len(content)}"})
            return
        self.send_response(206 if start else 200)
        if start:
            start += act.shift
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if kind:
            self.send_header(kind, value)
        body = content[start:]
        if self.server.lengths:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        first = len(body) if act.first < 0 else act.first
        self.write(body[:first])
        if first < len(body):
            self.server.reached.set()
            if act.then == "hold":
                self.server.go_on.wait(PATIENCE)
                self.write(body[first:])
            elif act.then == "hang":
                self.hang()
            elif act.then == "trickle":
                for at in range(first, len(body), 1 << 18):
                    self.server.go_on.wait(PATIENCE)
                    self.server.go_on.clear()
                    self.write(body[at : at + (1 << 18)])
            self.close_connection = True
            if first < len(body) and act.then == "drop":
                return
        if not self.server.lengths:
            self.wfile.write(b"0\r\n\r\n")

    def write(self, data: bytes) -> None:
        if not self.server.lengths and data:
            data = b"%x\r\n%s\r\n" % (len(data), data)
        self.wfile.write(data)
        self.wfile.flush()

    def hang(self) -> None:
        """Say nothing more until the client has gone."""
        self.close_connection = True
        self.connection.settimeout(PATIENCE)
        with suppress(ConnectionResetError):  # it went without having read all that was sent
            assert self.connection.recv(1) == b""
        self.server.client_gone.set()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[None]:
    """The server at work on a thread of its own."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            if isinstance(server, Server):
                server.go_on.set()
            server.shutdown()
            thread.join()


def with_tls(server: Server) -> None:
    """Have it speak HTTPS, with a certificate that nobody trusts by himself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server.socket = context.wrap_socket(server.socket, server_side=True)


@dataclass
class Through:
    """What went through a proxy."""

    requests: list[str] = field(default_factory=list)
    credentials: set[str] = field(default_factory=set)


class Proxy(ThreadingHTTPServer):
    """A proxy for HTTP, and a tunnel for HTTPS."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.through = Through()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class ProxyHandler(BaseHTTPRequestHandler):
    server: Proxy

    def note(self) -> None:
        self.server.through.requests.append(f"{self.command} {self.path}")
        _, _, secret = self.headers.get("Proxy-Authorization", "").partition(" ")
        self.server.through.credentials.add(base64.b64decode(secret).decode())

    def do_GET(self) -> None:
        self.note()
        url = urlsplit(self.path)
        headers = {key: value for key, value in self.headers.items() if not key.lower().startswith("proxy-")}
        with closing(http.client.HTTPConnection(url.netloc, timeout=PATIENCE)) as host:
            host.request("GET", url.path, headers={**headers, "Connection": "close"})
            with closing(host.getresponse()) as answer:
                self.send_response(answer.status)
                for key, value in answer.getheaders():
                    self.send_header(key, value)
                self.end_headers()
                while data := answer.read1(65536):  # what breaks on its way breaks here, too
                    self.wfile.write(data)

    def do_CONNECT(self) -> None:
        self.note()
        host, _, port = self.path.partition(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as far:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: far, far: self.connection}
            while ready := select.select(list(ends), [], [], PATIENCE)[0]:
                for end in ready:
                    if not (data := end.recv(65536)):
                        return
                    ends[end].sendall(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass
