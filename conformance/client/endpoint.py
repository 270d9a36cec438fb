"""The target as it is asked: by whom, what it offers, and one request after the other."""

from __future__ import annotations

import copy
import functools
import itertools
import json
import uuid
from typing import TYPE_CHECKING, Self

from conformance import headers as header_lines
from conformance import sending
from conformance.answer import Answer
from conformance.clock import Clock
from conformance.headers import PLAIN, Change
from conformance.model import NotTestable, Unreachable
from conformance.wire import pause_before_repeating

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conformance.callers import Caller, Callers
    from conformance.client.kept import Json
    from conformance.credentials import Line
    from conformance.model import Exchange
    from conformance.packs import Dialect, Pack
    from conformance.recorder import Recorder
    from conformance.target import Target
    from conformance.wire import Headers, Received, Wire


class Endpoint:
    """Who asks the target, and what goes over the wire."""

    def __init__(
        self,
        *,
        wire: Wire,
        target: Target,
        pack: Pack,
        dialect: Dialect,
        recorder: Recorder,
        callers: Callers,
        claims: Iterable[str],
        may_write: bool,
        new_id: Callable[[], str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._wire = wire
        self._target = target
        self.pack = pack
        self._recorder = recorder
        self.clock = clock or Clock()
        self.claims = frozenset(claims)
        self._may_write = may_write
        self._may_create = may_write and "create" in self.claims
        self._existing = iter(target.given.consents)
        self._patients: Iterator[str] = itertools.cycle(target.given.patients)
        self._handed_out: set[str] = set()
        self._new_id = new_id or (lambda: str(uuid.uuid4()))
        self._callers = callers
        self._caller = callers.own
        self.dialect = dialect

    def with_token(self, purpose: str) -> Self:
        """The same endpoint, asked by the holder of a further token: `other-role`, `expired` and so on.

        Raises:
            NotTestable: the target has no token for this purpose, or it is not to be had.

        """
        return self._as(self._callers.of(purpose))

    def with_altered_token(self) -> Self:
        """The same endpoint, asked with the target's own credentials after one character of the secret was changed."""
        return self._as(self._callers.altered())

    def with_unsigned_token(self) -> Self | None:
        """The same endpoint, asked with the target's own claims and no signature; None where no token has one."""
        caller = self._callers.unsigned()
        return self._as(caller) if caller is not None else None

    @property
    def credentials(self) -> tuple[str, str]:
        """Name and value of the header that says who is asking.

        Raises:
            NotTestable: requests say nothing of it.

        """
        line = self._caller.line()
        if line is None:
            raise NotTestable("requests carry no credentials", remedy="set auth in target.toml")
        return line

    def _as(self, caller: Caller) -> Self:
        other = copy.copy(self)
        other._caller = caller  # noqa: SLF001 - a copy of our own
        return other

    def offers(self, claim: str) -> bool:
        return claim in self.claims

    @property
    def may_create(self) -> bool:
        """Whether the target offers creates and this run may write."""
        return self._may_create

    @property
    def may_update(self) -> bool:
        return self._may_create and "update" in self.claims

    @property
    def may_write(self) -> bool:
        """Whether this run may send requests that could write, offered or not."""
        return self._may_write

    @property
    def given_ids(self) -> tuple[str, ...]:
        """The logical ids of the consents that the target was given as holding."""
        return self._target.given.consents

    @property
    def base(self) -> str:
        """The address of the service, without a slash at its end."""
        return self._target.base_url

    def untestable(self, reason: str, *, remedy: str = "") -> NotTestable:
        """To raise when a positive control failed: the last exchange shows it."""
        last = self._recorder.exchanges[-1:]
        demanded = self.demands_if_match(last[0]) if last else ""
        return NotTestable(reason, remedy=remedy or demanded, exchanges=tuple(exchange.id for exchange in last))

    def demands_if_match(self, exchange: Exchange) -> str:
        """The remedy where an update without If-Match was refused since it had none, as 412 and 428 say; else empty."""
        had_one = any(name.lower() == "if-match" for name, _ in exchange.request_headers)
        if exchange.method != "PUT" or exchange.status not in {412, 428} or had_one:
            return ""
        return 'set dialect.if_match to "always": the server wants to be told which version is replaced'

    def met(self, contradiction: str, seen: str) -> None:
        """Mention what the target made of a contradiction of its sources, if the pack has it on record."""
        for row in self.pack.contradictions:
            if row.id == contradiction:
                self._recorder.note(row.met(seen))

    def request(
        self,
        method: str,
        path: str,
        *,
        action: str,
        body: Json | bytes | None = None,
        kind: str = "",
        change: Change = PLAIN,
        requested_id: str | None = None,
    ) -> Answer:
        """Send any request below the base URL, with the headers that the action needs.

        Raises:
            Unreachable: no response came.
            OwnMistake: the body is wrong, and the change does not say what is wrong with it on purpose.

        """
        content = _written(body) if isinstance(body, dict) else body
        if change.flaw is None and content is not None and content.startswith(b"{"):
            shown = (exchange.response_body for exchange in self._recorder.exchanges)
            sending.must_be_right(content.decode(), self.pack, after=shown)
        url = self._target.base_url + path if path.startswith("/") else path
        build = functools.partial(
            header_lines.build,
            pack=self.pack,
            dialect=self.dialect,
            action=action,
            kind=self.pack.bodies[kind].activity_kind if kind in self.pack.bodies else kind,
            extra=tuple(self._target.http.headers.items()),
            change=change,
        )
        credentials = self._caller.line()
        lines = build(credentials=credentials)
        earlier, renewed = 0, False
        while True:
            received, exchange = self._exchanged(method, url, lines, content, flaw=change.flaw)
            if received.status == 401 and not renewed and _carry(lines, credentials) and self._caller.renew():
                renewed = True
                credentials = self._caller.line()
                lines = build(credentials=credentials)
                continue
            pause = pause_before_repeating(received, earlier=earlier, http=self._target.http)
            if pause is None:
                break
            earlier += 1
            self.clock.wait(pause)
        return Answer(
            exchange=exchange,
            recorder=self._recorder,
            status=received.status,
            headers=received.headers,
            content=received.body,
            sent=body if isinstance(body, dict) else None,
            requested_id=requested_id,
        )

    def _exchanged(
        self, method: str, url: str, lines: Headers, content: bytes | None, *, flaw: str | None
    ) -> tuple[Received, Exchange]:
        """Send a request once, and record what came back."""
        record = functools.partial(
            self._recorder.exchange, method=method, url=url, headers=lines, body=content, flawed=flaw
        )
        try:
            received = self._wire.send(method, url, lines, content)
        except Unreachable as problem:
            raise Unreachable(str(problem), exchanges=(record(received=None, problem=str(problem)).id,)) from problem
        return received, record(received=received, problem=received.problem)


def _carry(lines: Headers, credentials: Line | None) -> bool:
    """Whether a request was made with these credentials just as they are, and not with others on purpose."""
    if credentials is None:
        return False
    name, value = credentials
    return [sent for called, sent in lines if called.lower() == name.lower()] == [value]


def _written(body: Json) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a lone surrogate that the server has put into it: only an escape can carry it
        return json.dumps(body).encode()
