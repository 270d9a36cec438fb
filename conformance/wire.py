"""Sends one HTTP request and returns what came back, byte for byte.

Built on `requests`, with everything off that a test client must not do behind one's back: no environment proxies, no
redirects, no cookies, no added Accept or User-Agent, header values in UTF-8, repeated headers sent as they were given.
"""

from __future__ import annotations

import gzip
import time
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3._collections import HTTPHeaderDict
from urllib3.exceptions import HTTPError
from urllib3.util import SKIP_HEADER

from conformance.clock import http_date
from conformance.connection_trouble import BROKEN_OFF, explain, innermost, root_of
from conformance.model import NotTestable, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from urllib3.connectionpool import HTTPConnectionPool

    from conformance.journal import Journal
    from conformance.target import Http, Target

Headers = tuple[tuple[str, str], ...]

READING = frozenset({"GET", "HEAD"})
"""What a read-only run may send, besides searches by POST where these are claimed."""

SAFE = frozenset({*READING, "OPTIONS"})
"""Methods that change nothing on a server (RFC 9110 §9.2.1)."""

CHUNK = 65_536
"""Bytes of a body that are taken at once."""


@dataclass(frozen=True, slots=True)
class Received:
    """What came back. `problem` says why the body is not whole; `waited` is in seconds."""

    status: int
    headers: Headers
    body: bytes
    started: datetime
    waited: float
    problem: str | None = None


class Wire:
    """One connection pool to the target."""

    def __init__(
        self,
        target: Target,
        *,
        read_only: bool = False,
        searching_by_post: bool = False,
        sharing: int = 1,
        journal: Journal | None = None,
    ) -> None:
        """Open nothing yet. `sharing` processes share the rate of the target; writes go into the journal first.

        With `read_only` nothing goes out but GET and HEAD, and POST to _search with `searching_by_post`.
        """
        self._journal = journal
        self._searching_by_post = searching_by_post
        self._apart = sharing / target.http.rate if target.http.rate else 0.0
        self._earliest = 0.0
        self._read_only = read_only
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.clear()
        if target.tls.key_password is not None:
            self._session.mount("https://", _OpensItsKey(target.tls.key_password))
        self._timeout = target.http.timeout
        self._proxies = {"http": target.http.proxy, "https": target.http.proxy} if target.http.proxy else {}
        self._verify: bool | str = str(target.tls.ca) if target.tls.ca else target.tls.verify
        self._certificate: tuple[str, str] | str | None = None
        if target.tls.certificate and target.tls.key:
            self._certificate = (str(target.tls.certificate), str(target.tls.key))
        elif target.tls.certificate:
            self._certificate = str(target.tls.certificate)
        self.waited = 0.0
        """Seconds spent waiting for the target so far."""

    def send(self, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes | None = None) -> Received:
        """Send a request exactly as given.

        Raises:
            Unreachable: no response came.
            NotTestable: the request could write, and nothing may be written or nothing can be put on record.

        """
        if self._read_only:
            refuse_to_write(method, url, searching_by_post=self._searching_by_post)
        try:
            prepared = _prepared(method, url, headers, body)
        except (requests.RequestException, ValueError) as problem:
            raise Unreachable(explain(problem, url, self._timeout)) from problem
        number = None
        if self._journal is not None and writes(method, url):
            number = self._journal.intend(method, url, body)
        if self._apart:
            time.sleep(max(0.0, self._earliest - time.monotonic()))
            self._earliest = time.monotonic() + self._apart
        started = datetime.now(UTC)
        clock = time.perf_counter()
        try:
            response = self._sent(prepared)
        except (requests.RequestException, HTTPError, ValueError, OSError) as problem:
            self.waited += time.perf_counter() - clock
            raise Unreachable(explain(problem, url, self._timeout)) from problem
        content, broken = self._body(response)
        if self._journal is not None and number is not None:
            self._journal.came(number, response.status_code, response.headers.items(), content)
        waited = time.perf_counter() - clock
        self.waited += waited
        received = tuple((name, _as_text(value)) for name, value in response.raw.headers.items())
        response.raw.release_conn()
        return Received(response.status_code, received, content, started, waited, broken)

    def stream(self, url: str, headers: Sequence[tuple[str, str]]) -> Iterator[bytes]:
        """GET something large, piece by piece.

        Raises:
            Unreachable: no response came, it was no success, or it broke off.

        """
        try:
            response = self._sent(_prepared("GET", url, headers, None))
            if response.status_code != 200:
                raise Unreachable(f"GET was answered {response.status_code}")
            if response.headers.get("Content-Encoding", "").strip().lower() in {"gzip", "x-gzip"}:
                with gzip.GzipFile(fileobj=response.raw) as whole:  # it minds where the stream ends; urllib3 does not
                    while part := whole.read(CHUNK):
                        yield part
            else:
                yield from response.raw.stream(CHUNK, decode_content=True)
        except (requests.RequestException, HTTPError, ValueError, OSError, EOFError, zlib.error) as problem:
            raise Unreachable(explain(problem, url, self._timeout)) from problem

    def _sent(self, prepared: requests.PreparedRequest) -> requests.Response:
        """Without the session, whose redirects and cookies nothing here wants.

        A server may close a connection that it has kept open whenever it likes, also while the next request is on its
        way (RFC 9112 §9.5): what met that is sent once more, on a connection of its own.
        """
        adapter = cast("HTTPAdapter", self._session.get_adapter(prepared.url or ""))
        how: dict[str, Any] = {"verify": self._verify, "cert": self._certificate, "proxies": self._proxies}
        pool = cast("HTTPConnectionPool", adapter.get_connection_with_tls_context(prepared, **how))
        send = partial(adapter.send, prepared, stream=True, timeout=self._timeout, **how)
        opened = pool.num_connections
        try:
            return send()
        except requests.ConnectionError as problem:
            if pool.num_connections != opened or not isinstance(root_of(problem), BROKEN_OFF):
                raise
            return send()

    def _body(self, response: requests.Response) -> tuple[bytes, str | None]:
        """(the body, why it is not whole); one that has not ended a time-out after its headers is cut off."""
        parts = []
        deadline = time.perf_counter() + self._timeout
        try:
            while part := response.raw.read1(CHUNK, decode_content=True):
                parts.append(part)
                if time.perf_counter() > deadline:
                    response.close()
                    return b"", f"the body did not end within {self._timeout:g} s (http.timeout of target.toml)"
        except (HTTPError, OSError) as problem:
            response.close()
            return b"", f"the body could not be read: {innermost(problem)}"
        return b"".join(parts), None

    def close(self) -> None:
        self._session.close()


def writes(method: str, url: str) -> bool:
    """Whether a request could change something on a server; a search does not, by whatever method."""
    return method not in SAFE and not urlsplit(url).path.endswith("/_search")


def refuse_to_write(method: str, url: str, *, searching_by_post: bool) -> None:
    """Raises NotTestable for what a read-only run does not send; it may search by POST where that is claimed."""
    searches = searching_by_post and method == "POST" and urlsplit(url).path.endswith("/_search")
    if method not in READING and not searches:
        raise NotTestable(f"needs {method}, and this run is read-only", remedy="set allow_writes in target.toml")


def _prepared(
    method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes | None
) -> requests.PreparedRequest:
    """The request with exactly these header lines, and a Content-Length where there is a body or should be one."""
    prepared = requests.PreparedRequest()
    prepared.prepare_method(method)
    prepared.prepare_url(url, None)
    lines = HTTPHeaderDict()
    for name, value in headers:
        lines.add(name, _as_latin(value))
    for name in ("User-Agent", "Accept-Encoding"):
        if name not in lines:
            lines.add(name, SKIP_HEADER)
    if body is not None:
        prepared.body = body
        lines.setdefault("Content-Length", str(len(body)))
    elif method in {"POST", "PUT"}:
        lines.setdefault("Content-Length", "0")
    prepared.headers = lines  # type: ignore[assignment]
    return prepared


class _OpensItsKey(HTTPAdapter):
    """A client certificate whose key is encrypted: requests has no place for the password, urllib3 has."""

    def __init__(self, password: str) -> None:
        self._password = password
        super().__init__()

    def build_connection_pool_key_attributes(self, *arguments: Any, **named: Any) -> Any:
        """What requests says of a connection, and the password."""
        host, pool = super().build_connection_pool_key_attributes(*arguments, **named)
        return host, {**pool, "key_password": self._password}


def pause_before_repeating(received: Received, *, earlier: int, http: Http) -> float | None:
    """Seconds to wait before a refusal for want of time is asked again (RFC 9110 §10.2.3); None: take it as it is.

    `earlier` is how often the request was repeated already. A server that wants a longer pause than the time-out of a
    request is not waited for.
    """
    if received.status not in {429, 503} or earlier >= http.retries:
        return None
    asked = next((value.strip() for name, value in received.headers if name.lower() == "retry-after"), "")
    pause = 0.5 * 2**earlier
    if asked.isascii() and asked.isdigit():
        pause = float(asked)
    elif asked:
        until = http_date(asked)
        if until is None:
            return None
        # By the clock that the date was written by: the server's own, where it says what time it is.
        told = http_date(next((value for name, value in received.headers if name.lower() == "date"), None))
        pause = (until - (told or received.started)).total_seconds()
    return max(0.0, pause) if pause <= http.timeout else None


def _as_latin(value: str) -> str:
    """UTF-8 bytes in the form in which `http.client` writes them unchanged."""
    return value.encode("utf-8").decode("latin-1")


def _as_text(value: str) -> str:
    try:
        return value.encode("latin-1").decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return value
