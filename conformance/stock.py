"""What a server holds, resource by resource, as a stream: page by page of a search, or file by file of a bulk export.

Resources are given as the bytes that came, so that a validator sees what a parser would hide.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from conformance.callers import Callers
from conformance.client import Consents
from conformance.clock import Clock, http_date
from conformance.found import next_link
from conformance.headers import Change
from conformance.model import NotTestable, Unreachable, UsageError
from conformance.recorder import Recorder
from conformance.redaction import Redactor
from conformance.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.answer import Answer
    from conformance.packs import Pack
    from conformance.target import Target

POLL, LONGEST_POLL = 2.0, 60.0
"""Seconds between two looks at an export that is being made: where the server proposes none, and at most."""

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]')

Document = tuple[str, bytes]


class Stock:
    """Everything of one type that a target holds and shows."""

    def __init__(self, target: Target, pack: Pack, *, type: str = "Consent", clock: Clock | None = None) -> None:  # noqa: A002 - FHIR's own word
        self._target, self._pack, self._type = target, pack, type
        self._clock = clock or Clock()
        self._redactor = Redactor(target.secrets())
        self._callers = Callers(target, self._redactor)
        self._wire = Wire(target)

    def paged(self, query: str) -> Iterator[Document]:
        """Each match of a search, by its pages: `Consent/1` and its bytes.

        Raises:
            UsageError: a page is no Bundle, or the pages do not end.

        """
        answer = self._ask("GET", f"/{self._type}?{query}" if query else f"/{self._type}")
        followed: set[str] = set()
        while True:
            if answer.status != 200 or answer.resource_type != "Bundle":
                raise self._refused("the search", answer)
            for resource, raw in _entries(answer.parsed, answer.content):
                if resource.get("resourceType") == self._type:
                    yield f"{self._type}/{resource.get('id', '(no id)')}", raw
            following = next_link(answer)
            if following is None:
                return
            if following in followed:
                raise UsageError(f"--from-server: the pages do not end: {following} was followed before")
            followed.add(following)
            answer = self._ask("GET", self._here(following))

    def exported(self) -> Iterator[Document]:
        """Each line of the files of a bulk export, which is deleted on the server at the end.

        Source: Bulk Data Access 2.0.0, https://hl7.org/fhir/uv/bulkdata/export.html

        Raises:
            UsageError: the server does not export.

        """
        change = Change(setting=(("Accept", "application/fhir+json"), ("Prefer", "respond-async")))
        started = self._ask("GET", f"/$export?_type={quote(self._type)}", change=change)
        place = started.header("Content-Location")
        if started.status != 202 or not place:
            raise self._refused("$export", started)
        status = self._here(place)
        try:
            for file in self._files(status):
                yield from self._lines(file)
        finally:
            self._ask("DELETE", status)

    def close(self) -> None:
        self._wire.close()

    def _files(self, status: str) -> list[dict[str, Any]]:
        json_wanted = Change(setting=(("Accept", "application/json"),))
        while (answer := self._ask("GET", status, change=json_wanted)).status == 202:
            self._clock.wait(_pause(answer, self._clock))
        manifest = answer.parsed
        if answer.status != 200 or not isinstance(manifest, dict):
            raise self._refused("the export", answer)
        output = manifest.get("output", [])
        if not isinstance(output, list):
            raise self._refused("the export, with an output that is no list,", answer)
        rows = [row for row in output if isinstance(row, dict) and "url" in row]
        secured = manifest.get("requiresAccessToken", True)
        return [{**row, "secured": secured} for row in rows if row.get("type") == self._type]

    def _lines(self, file: dict[str, Any]) -> Iterator[Document]:
        try:
            url = urljoin(self._target.base_url + "/", str(file["url"]))
        except ValueError as problem:
            said = f"--from-server: the export lies at {file['url']!r}, which is no address ({problem})"
            raise UsageError(said) from problem
        headers = [("Accept", "application/fhir+ndjson"), *self._target.http.headers.items()]
        ours = urlsplit(url)[:2] == urlsplit(self._target.base_url)[:2]
        if file["secured"] and not ours:
            raise UsageError(
                f"--from-server: the export wants our token at another server, {url}: it was not sent there"
            )
        if file["secured"] and self._target.auth.kind != "none":
            headers.append(self._consents.credentials)
        name, rest, number = url.rpartition("/")[2], b"", 0
        try:
            for chunk in self._wire.stream(url, headers if ours else headers[:1]):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    number += 1
                    if line.strip():
                        yield f"{name}:{number}", line.rstrip(b"\r")
        except Unreachable as problem:
            raise UsageError(self._redactor.text(f"--from-server: {url}: {problem}")) from problem
        if rest.strip():
            yield f"{name}:{number + 1}", rest.rstrip(b"\r")

    # -- asking ------------------------------------------------------------------------------------------------------

    @property
    def _consents(self) -> Consents:
        """The endpoint; nothing is kept of what goes over it."""
        return Consents(
            wire=self._wire,
            target=self._target,
            pack=self._pack,
            dialect=self._pack.dialect.with_overrides(self._target.dialect),
            recorder=Recorder(self._redactor),
            callers=self._callers,
            claims=(),
            may_write=False,
        )

    def _ask(self, method: str, path: str, *, change: Change | None = None) -> Answer:
        try:
            return self._consents.request(method, path, action="search", change=change or Change())
        except (Unreachable, NotTestable) as problem:
            raise UsageError(self._redactor.text(f"--from-server: {problem}")) from problem

    def _refused(self, what: str, answer: Answer) -> UsageError:
        text = f"--from-server: {what} was answered {answer.described} ({answer.exchange.url})"
        return UsageError(self._redactor.text(text))

    def _here(self, link: str) -> str:
        """A link of the server as an address below the base URL: it may know itself by another host name."""
        here = urlsplit(self._target.base_url)
        try:
            there = urlsplit(urljoin(f"{self._target.base_url}/{self._type}", link))
        except ValueError as problem:
            raise UsageError(
                f"--from-server: the server links to {link!r}, which is no address ({problem})"
            ) from problem
        return there._replace(scheme=here.scheme, netloc=here.netloc).geturl()


def _pause(answer: Answer, clock: Clock) -> float:
    """Seconds to wait for an export, as Retry-After says it (RFC 9110 §10.2.3)."""
    asked = (answer.header("Retry-After") or "").strip()
    if asked.isascii() and asked.isdigit():
        return min(float(asked), LONGEST_POLL)
    until = http_date(asked)
    if until is None:
        return POLL
    seconds = (until - clock.now()).total_seconds()
    return min(max(seconds, 0.0), LONGEST_POLL)


def _entries(bundle: dict[str, Any], content: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The resource of each match of a page: parsed, and its bytes."""
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise UsageError(f"--from-server: the entry of a page is no list: {json.dumps(entries)[:80]}")
    rows = [row for row in entries if isinstance(row, dict)]
    shown = [row for row in rows if isinstance(row.get("resource"), dict)]
    raw = list(_slices(content))
    for number, row in enumerate(shown):
        mode = row["search"].get("mode") if isinstance(row.get("search"), dict) else None
        if mode not in ("include", "outcome"):
            exact = raw[number] if len(raw) == len(shown) else json.dumps(row["resource"]).encode()
            yield row["resource"], exact


def _slices(content: bytes) -> Iterator[bytes]:
    """The bytes of `entry[*].resource` in a Bundle, which is known to be JSON."""
    open_: list[bytes] = []
    """The member that each open object or array stands under."""
    member, start = b"", 0
    for match in _TOKEN.finditer(content):
        token = match[0]
        if token in {b"{", b"["}:
            if token == b"{" and len(open_) == 3 and open_[1] == b'"entry"' and member == b'"resource"':
                start = match.start()
            open_.append(member)
            member = b""
        elif token in {b"}", b"]"}:
            closed = open_.pop()
            if token == b"}" and len(open_) == 3 and open_[1] == b'"entry"' and closed == b'"resource"':
                yield content[start : match.end()]
            member = b""
        elif content[match.end() : match.end() + 32].lstrip().startswith(b":"):
            member = token
