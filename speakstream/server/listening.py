"""What the server listens on: its sockets, its certificate, and the addresses by which people find it."""

import errno
import ipaddress
import socket
import ssl
import sys
from typing import NamedTuple

from speakstream.errors import SpeakStreamError
from speakstream.settings import Settings


class ServeError(SpeakStreamError):
    """The server can't begin."""


class UsageError(ServeError):
    """What was asked for is not allowed."""


def addresses(settings: Settings) -> list[tuple[socket.AddressFamily, str]]:
    """To listen on. Raises UsageError for one that others can reach and that was not allowed."""
    if settings.allow_lan and settings.host == Settings().host:
        return [(socket.AF_INET, "0.0.0.0"), *([(socket.AF_INET6, "::")] if socket.has_ipv6 else [])]
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ServeError(f"HOST {settings.host!r}: there is no such address here ({error}); see --host") from error
    hosts = list(dict.fromkeys((socket.AddressFamily(one[0]), str(one[4][0])) for one in found))
    reachable = [host for _, host in hosts if not ipaddress.ip_address(host.partition("%")[0]).is_loopback]
    if reachable and not settings.allow_lan:
        raise UsageError(
            f"HOST {settings.host!r} would let other machines in: add --allow-lan, which asks for a token, "
            "or leave it at 127.0.0.1"
        )
    return hosts


def listen(settings: Settings) -> list[socket.socket]:
    """Open sockets, all of them with one port. Raises ServeError."""
    opened: list[socket.socket] = []
    port = settings.port
    try:
        for family, host in addresses(settings):
            try:
                opened.append(one := _bound(family, host, port))
            except OSError as error:
                if family == socket.AF_INET6 and opened and error.errno != errno.EADDRINUSE:
                    continue  # this machine speaks no IPv6
                raise _not_bound(host, port, error) from error
            port = one.getsockname()[1]
    except BaseException:
        for one in opened:
            one.close()
        raise
    return opened


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # Named as TCP: asyncio sends at once, without waiting for the other side, only over what is named so.
    one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":  # there, SO_REUSEADDR would share the port with another program
            one.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((host, port))
        one.listen()
    except BaseException:
        one.close()
        raise
    return one


def _not_bound(host: str, port: int, error: OSError) -> ServeError:
    if error.errno == errno.EADDRINUSE:
        return ServeError(
            f"port {port} on {host} is in use: end what uses it, or take another: --port {port % 65535 + 1}"
        )
    if isinstance(error, PermissionError):
        return ServeError(f"port {port} is not for you: take one from 1024 on, as in --port 8000")
    return ServeError(f"{host} port {port}: {error.strerror or error}; name an address of this machine: --host")


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """For https; None: http. Raises ServeError, which names the file."""
    if settings.certfile is None:
        if settings.keyfile is not None:
            raise UsageError("--keyfile goes with --certfile, which holds its certificate")
        return None
    for option, path in (("--certfile", settings.certfile), ("--keyfile", settings.keyfile)):
        try:
            if path is not None:
                path.open("rb").close()
        except OSError as error:
            raise ServeError(f"{option} {path}: {error.strerror or error}; give a PEM file that can be read") from error

    def no_password() -> str:
        raise ServeError(
            f"the key in {settings.keyfile or settings.certfile} has a password; take it off: openssl pkey -in … -out …"
        )

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.certfile, settings.keyfile, no_password)
    except (ssl.SSLError, ValueError) as error:
        where = f"--keyfile {settings.keyfile}" if settings.keyfile else "the same file, or --keyfile"
        raise ServeError(
            f"--certfile {settings.certfile}: no certificate in PEM with its key in {where} "
            f"({getattr(error, 'reason', None) or error})"
        ) from error
    return context


# -- how people find it ------------------------------------------------------------------------------------


class Urls(NamedTuple):
    """Without the token."""

    here: str  # for this machine
    elsewhere: tuple[str, ...]  # for others, the likeliest first


def urls(settings: Settings, sockets: list[socket.socket]) -> Urls:
    """The addresses of a server that listens on these sockets."""
    scheme = "https" if settings.certfile is not None else "http"
    hosts = [str(one.getsockname()[0]) for one in sockets]
    port = sockets[0].getsockname()[1]

    def url(host: str) -> str:
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    public = (f"https://{settings.public_host}",) if settings.public_host else ()
    if any(ipaddress.ip_address(host).is_unspecified for host in hosts):
        found = own_address()
        name = f"{socket.gethostname().partition('.')[0]}.local"
        return Urls(url("127.0.0.1"), (*public, url(found or name)))
    is_own = ipaddress.ip_address(hosts[0].partition("%")[0]).is_loopback
    return Urls(url(hosts[0]), public if is_own else (*public, url(hosts[0])))


def own_address() -> str:
    """The IPv4 address under which others in the network reach this machine; "": there is none. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nobody's: only a route is looked up
        except OSError:
            return ""
        return str(probe.getsockname()[0])
