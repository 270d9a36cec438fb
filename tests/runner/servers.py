"""Tiny servers on loopback: an honest one, and others named after the lie they tell. Real HTTP, nothing of ours."""

from __future__ import annotations

import json
import ssl
import threading
import time
import uuid
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Response = tuple[int, dict[str, str], bytes]

CLAIMS = ["read", "create", "search-type"]


def fhir(status: int, resource: dict[str, Any], **headers: str) -> Response:
    return status, {"Content-Type": "application/fhir+json", **headers}, json.dumps(resource).encode()


def outcome(status: int, text: str) -> Response:
    issue = {"severity": "error", "code": "processing", "diagnostics": text}
    return fhir(status, {"resourceType": "OperationOutcome", "issue": [issue]})


class Honest:
    """Stores Consents, reads them and finds them by patient."""

    tls: Path | None = None

    def __init__(self) -> None:
        self.consents: dict[str, dict[str, Any]] = {}
        self.seen: list[str] = []
        """`METHOD /path` of every request."""
        self.headers: list[tuple[str, str]] = []
        """Those of the request that is being answered."""
        self.times: list[float] = []
        """When each came, in seconds."""
        self.url = ""

    def answer(self, method: str, path: str, query: str, body: bytes) -> Response | None:
        """None: close the connection without a word."""
        if path == "/metadata":
            consent = {"type": "Consent", "interaction": [{"code": code} for code in CLAIMS]}
            return fhir(200, {"resourceType": "CapabilityStatement", "rest": [{"resource": [consent]}]})
        if method == "POST" and path == "/Consent":
            logical_id = str(uuid.uuid4())
            self.consents[logical_id] = {**json.loads(body), "id": logical_id}
            return self.created(logical_id)
        if method == "GET" and path == "/Consent":
            wanted = parse_qs(query).get("patient", [""])[0].removeprefix("Patient/")
            found = [one for one in self.consents.values() if one["patient"]["reference"] == f"Patient/{wanted}"]
            return fhir(200, {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in found]})
        consent = self.consents.get(path.removeprefix("/Consent/"))
        if method == "GET" and consent is not None:
            return self.shown(consent)
        return outcome(404, f"nothing at {path}")

    def on_the_wire(self, path: str, response: Response) -> bytes | None:
        """What is written in place of a response, before the connection closes; None: the response."""

    def created(self, logical_id: str) -> Response:
        return fhir(201, self.consents[logical_id], Location=f"{self.url}/Consent/{logical_id}")

    def shown(self, consent: dict[str, Any]) -> Response:
        return fhir(200, consent, ETag='W/"1"')


class ForgetsTheStatus(Honest):
    """A consent reads back without its status: a violation of a stated SHALL."""

    def shown(self, consent: dict[str, Any]) -> Response:
        return fhir(200, {name: value for name, value in consent.items() if name != "status"}, ETag='W/"1"')


class SendsNoETag(Honest):
    """A read has no ETag: a violation of a SHOULD."""

    def shown(self, consent: dict[str, Any]) -> Response:
        return fhir(200, consent)


class FailsAlways(Honest):
    """500 on everything."""

    def answer(self, *_: object) -> Response:
        return outcome(500, "out of order")


class ShowsALoginPage(Honest):
    """A web page with 200 instead of JSON."""

    def answer(self, *_: object) -> Response:
        return 200, {"Content-Type": "text/html; charset=utf-8"}, b"<html><form>user, password</form></html>"


class RedirectsToALogin(Honest):
    """302 to somewhere else."""

    def answer(self, *_: object) -> Response:
        return 302, {"Location": "https://login.example.org/?next=fhir"}, b""


class AgreesToEverything(Honest):
    """200 with {} on everything."""

    def answer(self, *_: object) -> Response:
        return 200, {"Content-Type": "application/fhir+json"}, b"{}"


class FindsNothing(Honest):
    """404 without a body on everything."""

    def answer(self, *_: object) -> Response:
        return 404, {}, b""


class RefusesEveryone(Honest):
    """401 on everything."""

    def answer(self, *_: object) -> Response:
        return outcome(401, "who are you?")


class RefusesTheToken(RefusesEveryone):
    """The statement is open, everything else is refused with 401."""

    def answer(self, method: str, path: str, *_: object) -> Response:
        return Honest.answer(self, method, path, "", b"") if path == "/metadata" else super().answer()


class IsBusyNowAndThen(Honest):
    """429 on every other request, with leave to come back at once."""

    def answer(self, method: str, path: str, query: str, body: bytes) -> Response | None:
        if len(self.seen) % 2:
            status, headers, content = outcome(429, "slowly")
            return status, {**headers, "Retry-After": "0"}, content
        return super().answer(method, path, query, body)


class IsBusyForHours(Honest):
    """503 on everything, until much later."""

    def answer(self, *_: object) -> Response:
        status, headers, content = outcome(503, "maintenance")
        return status, {**headers, "Retry-After": "7200"}, content


class FailsHalfWay(Honest):
    """Answers so many requests, and 500 to all that follow."""

    def __init__(self, answers: int) -> None:
        super().__init__()
        self.answers = answers

    def answer(self, method: str, path: str, query: str, body: bytes) -> Response | None:
        if len(self.seen) > self.answers:
            return outcome(500, "out of memory")
        return super().answer(method, path, query, body)


class NeverAnswers(Honest):
    """Takes the request and keeps silent."""

    def answer(self, *_: object) -> Response | None:
        time.sleep(3)
        return None


class HangsOnSearches(Honest):
    """Keeps silent on searches only."""

    def answer(self, method: str, path: str, query: str, body: bytes) -> Response | None:
        if query:
            time.sleep(3)
            return None
        return super().answer(method, path, query, body)


class DripsItsBody(Honest):
    """Sends the body of a read byte by byte, each in time, all of them never."""


class DiesHalfWay(Honest):
    """Answers some requests, then closes every connection."""

    def __init__(self, *, answers: int) -> None:
        super().__init__()
        self.answers = answers

    def answer(self, method: str, path: str, query: str, body: bytes) -> Response | None:
        return super().answer(method, path, query, body) if len(self.seen) <= self.answers else None


class SpoilsReads(Honest):
    """What a read is answered with does not arrive as it should."""

    def __init__(self, spoilt: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self.spoilt = spoilt

    def on_the_wire(self, path: str, response: Response) -> bytes | None:
        status, _, content = response
        return self.spoilt(content) if path.startswith("/Consent/") and status == 200 else None


def framed(content: bytes, *more: str, length: int | None = None, line: str = "200 OK") -> bytes:
    """A response as bytes, with the length of its body or another."""
    length = len(content) if length is None else length
    lines = [f"HTTP/1.1 {line}", "Content-Type: application/fhir+json", f"Content-Length: {length}", *more, "", ""]
    return "\r\n".join(lines).encode() + content


class SendsWhatNoTerminalTakes(ForgetsTheStatus):
    """Escape sequences and a lone surrogate where the status should be."""

    def shown(self, consent: dict[str, Any]) -> Response:
        hostile = json.dumps({**consent, "status": "\x1b[2J\ud800"})
        return 200, {"Content-Type": "application/fhir+json", "ETag": 'W/"1"'}, hostile.encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that went away is no matter."""


@contextmanager
def serving(server: Honest, *, certificate: Path | None = None) -> Iterator[str]:
    """The base URL of a server in a thread; with a certificate it speaks TLS."""
    listening = _Server(("127.0.0.1", 0), _handler(server))
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        listening.socket = context.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https"
    server.url = f"{scheme}://127.0.0.1:{listening.server_port}/fhir"
    threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server.url
    finally:
        listening.shutdown()
        listening.server_close()


def _handler(server: Honest) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

        def perform(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            path = parts.path.removeprefix("/fhir")
            server.seen.append(f"{self.command} {path}")
            server.times.append(time.monotonic())
            server.headers = list(self.headers.items())
            response = server.answer(self.command, path, parts.query, body)
            instead = b"" if response is None else server.on_the_wire(path, response)
            if response is None or instead is not None:
                self.close_connection = True
                self.wfile.write(instead or b"")
                return
            status, headers, content = response
            self.send_response_only(status)
            for name, value in {"Date": formatdate(usegmt=True), **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if isinstance(server, DripsItsBody) and path.startswith("/Consent/"):
                for byte in content:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(0.2)
            elif self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = perform  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    return Handler
