"""The reference server on a socket of the loopback interface: Starlette and uvicorn around a `Service`."""

from __future__ import annotations

import asyncio
import difflib
import json
import re
import signal
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit

from conformance.model import UsageError
from conformance.reference import seeds
from conformance.reference.medicasoft import MedicaSoft
from conformance.reference.messages import Request
from conformance.reference.nll_2019 import NLL2019
from conformance.reference.nll_2023 import NLL2023
from conformance.reference.oracle_health import OracleHealth
from conformance.reference.r4 import R4
from conformance.reference.r5_ballot import R5Ballot
from conformance.reference.store import Store
from conformance.reference.tokens import Tokens, issue_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from starlette.types import Receive, Scope, Send

    from conformance.reference.messages import Resource

HOST = "127.0.0.1"
CLAIMED_LENGTH = "X-Claimed-Length"
"""A header of a `Response` that never leaves: the Content-Length to claim in place of the true one."""
PERSONALITIES: dict[str, type[R4]] = {
    personality.name: personality for personality in (MedicaSoft, NLL2019, NLL2023, OracleHealth, R4, R5Ballot)
}


def personality(pack: str, *, faults: Iterable[str] = (), variations: Iterable[str] = ()) -> type[R4]:
    """Return the class of a server with these lies and liberties. UsageError when a name is unknown or does not fit."""
    if pack not in PERSONALITIES:
        raise UsageError(f"no personality {pack!r} in the reference server (there are: {', '.join(PERSONALITIES)})")
    honest = PERSONALITIES[pack]
    faults, variations = tuple(faults), tuple(variations)
    if not faults and not variations:
        return honest
    from conformance.reference import FAULTS, VARIATIONS  # noqa: PLC0415 - an honest server starts without them

    chosen = [_named(name, pack, FAULTS, "fault") for name in faults]
    chosen += [_named(name, pack, VARIATIONS, "variation") for name in variations]
    return type(honest.__name__, (*chosen, honest), {})


def _named(name: str, pack: str, known: dict[str, Any], word: str) -> type:
    if name not in known:
        close = difflib.get_close_matches(name, known, n=5, cutoff=0.3)
        hint = f"near: {', '.join(close)}" if close else f"there are {len(known)}"
        raise UsageError(f"no {word} {name!r} in the reference server ({hint})")
    if pack not in known[name].packs:
        raise UsageError(f"{word} {name!r} is for {', '.join(known[name].packs)}, not for {pack}")
    found: type = known[name]
    return found


def now() -> datetime:
    return datetime.now(tz=UTC)


class ReferenceServer:
    """A Consent server in a thread of its own, from `with` to the end of the block.

    `clock` returns the time that the server lives in, aware and in UTC; `path` is a file that outlives the server.
    Without `listen` there is no socket and no thread: `answer` takes requests directly, for thousands of proofs.
    `holdings` and `given` take the place of the personality's own data, and of what a target names of them.
    """

    def __init__(
        self,
        pack: str,
        *,
        port: int = 0,
        faults: Iterable[str] = (),
        variations: Iterable[str] = (),
        clock: Callable[[], datetime] | None = None,
        path: str = ":memory:",
        listen: bool = True,
        holdings: Sequence[Resource] | None = None,
        given: dict[str, Any] | None = None,
    ) -> None:
        self.pack = pack
        self._holdings = holdings
        self._given = given
        self._kind = personality(pack, faults=tuple(faults), variations=tuple(variations))
        self._port = port
        self._clock = clock or now
        self._path = path
        self._socket: socket.socket | None = None
        self._listens = listen

    def __enter__(self) -> Self:
        self.url = f"http://{HOST}{self._kind.base_path}"
        if self._listens:
            self._socket = _listening(self._port)
            self.url = f"http://{HOST}:{self._socket.getsockname()[1]}{self._kind.base_path}"
        tokens = Tokens()
        self.service = self._kind(base=self.url, store=Store(self._path), clock=self._clock, tokens=tokens)
        seeds.plant(self.service, self._holdings)
        bound_to = next(iter(self._given.get("patients", ())), "") if self._given is not None else self._kind.bound_to
        self._tokens = issue_all(tokens, now=self._clock(), patient=bound_to, scopes=self._kind.scopes)
        if not self._listens:
            return self
        self._thread = threading.Thread(target=self._run, name=f"reference {self.pack}", daemon=True)
        self._started = threading.Event()
        self._thread.start()
        self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket is not None:
            self._server.should_exit = True
            self._server.force_exit = True
            self._thread.join(10)
            self._socket.close()
        self.service.store.close()

    def answer(
        self, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        """Status, headers and body for a request, as they would leave the socket; delays are not waited for."""
        place = urlsplit(url)
        response = self.service.handle(
            _request(
                {
                    "method": method,
                    "raw_path": place.path.encode("ascii"),
                    "query_string": place.query.encode("ascii"),
                    "headers": [(name.encode(), value.strip().encode()) for name, value in headers],
                },
                body,
                self._kind.base_path,
            )
        )
        return response.status, response.headers, b"" if method == "HEAD" else response.body

    @property
    def target(self) -> dict[str, Any]:
        """The server as target.toml would name it; tokens stand in it, as they may for a loopback address."""
        further = {purpose: {"token": token} for purpose, token in self._tokens.items() if purpose != "valid"}
        secured = {"auth": {"kind": "bearer", "token": self._tokens["valid"]}, "tokens": further}
        return {
            "base_url": self.url,
            "allow_writes": True,
            **(secured if self._kind.secured else {}),
            "given": self.service.given() if self._given is None else self._given,
            "claims": {"add": list(self._kind.claims)},
            "dialect": {"zone": self._kind.zone, **self._kind.dialect},
        }

    def _run(self) -> None:
        import uvicorn  # noqa: PLC0415 - whoever only asks for FAULTS need not wait for it
        from uvicorn.protocols.http.h11_impl import H11Protocol  # noqa: PLC0415 - as uvicorn

        config = uvicorn.Config(
            _application(self.service),
            http=_spelled(H11Protocol),
            loop="asyncio",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=600,
            h11_max_incomplete_event_size=262_144,
        )
        self._server = uvicorn.Server(config)
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        config = self._server.config
        config.load()
        self._server.lifespan = config.lifespan_class(config)
        assert self._socket is not None
        await self._server.startup(sockets=[self._socket])
        self._started.set()
        await self._server.main_loop()
        await self._server.shutdown(sockets=[self._socket])


def _listening(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off only on sockets that say they are TCP; with it each answer waits 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as taken:
        listening.close()
        raise UsageError(f"port {port} of {HOST} cannot be used: {taken.strerror}; choose another --port") from taken
    listening.listen(128)
    return listening


def _spelled(protocol: type[Any]) -> type[Any]:
    """Return the protocol that also tells how the client spelled its header names, which ASGI leaves out."""

    class Spelled(protocol):  # type: ignore[misc]
        def connection_made(self, transport: Any) -> None:
            super().connection_made(_Claiming(transport))

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            head, end, _ = data.partition(b"\r\n\r\n")
            names = [line.partition(b":")[0] for line in head.split(b"\r\n")[1:]]
            if end and self.scope is not None and len(names) == len(self.scope["headers"]):
                self.scope["spelled"] = names

    return Spelled


class _Claiming:
    """The transport of a connection, which writes a Content-Length that was claimed: uvicorn itself refuses to lie.

    After an answer that promises more than it holds the connection closes, or the next answer would be read as its end.
    """

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._missing = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        head, end, body = data.partition(b"\r\n\r\n")
        claim, length = (re.search(pattern, head) for pattern in (_CLAIM, _LENGTH))
        if claim and length:
            self._missing = int(claim[1]) > int(length[1])
            head = head.replace(length[0], b"\r\ncontent-length: " + claim[1]).replace(claim[0], b"")
        self._transport.write(head + end + body)
        if self._missing and (body or not claim):
            self._transport.close()


_CLAIM = re.compile(rb"\r\n" + CLAIMED_LENGTH.encode() + rb": (\d+)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


def _application(service: R4) -> Callable[[Scope, Receive, Send], Any]:
    from starlette.requests import Request as Incoming  # noqa: PLC0415 - as uvicorn
    from starlette.responses import Response as Outgoing  # noqa: PLC0415 - as uvicorn

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        body = await Incoming(scope, receive).body()
        response = service.handle(_request(scope, body, service.base_path))
        if response.delay:
            await asyncio.sleep(response.delay)
        outgoing = Outgoing(response.body, status_code=response.status)
        outgoing.raw_headers = [
            (name.encode(), value.encode(errors="surrogateescape")) for name, value in response.headers
        ]
        await outgoing(scope, receive, send)

    return application


def _request(scope: Scope, body: bytes, base_path: str) -> Request:
    path = scope["raw_path"].decode("ascii")
    names = [name for name, _ in scope["headers"]]
    inside = path == base_path or path.startswith(f"{base_path}/")
    return Request(
        method=scope["method"],
        path=path.removeprefix(base_path) if inside else f"/..{path}",
        query=tuple(parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True)),
        headers=tuple(
            (name.decode(), value.decode(errors="surrogateescape"))
            for name, (_, value) in zip(scope.get("spelled", names), scope["headers"], strict=True)
        ),
        body=body,
        written_query=scope["query_string"].decode("ascii"),
    )


def serve(
    pack: str,
    *,
    port: int,
    faults: Iterable[str] = (),
    variations: Iterable[str] = (),
    write_target: Path | None = None,
    holdings: Sequence[Resource] | None = None,
    given: dict[str, Any] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT. The first line printed is `ready URL`; the target is written before it."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with ReferenceServer(
        pack, port=port, faults=faults, variations=variations, holdings=holdings, given=given
    ) as server:
        if write_target is not None:
            Path(write_target).write_text(as_toml(server.target), encoding="utf-8")
        print(f"ready {server.url}", flush=True)  # noqa: T201 - what the command line promises
        stopped.wait()


def as_toml(table: dict[str, Any], *, path: str = "") -> str:
    """Return a table as TOML: its own keys first, then each table in it under its name."""
    own = [f"{key} = {_toml(value)}" for key, value in table.items() if not isinstance(value, dict)]
    written = [f"[{path}]\n"] * bool(path and own) + [f"{line}\n" for line in own]
    for key, value in table.items():
        if isinstance(value, dict):
            written.append("\n" * bool(written) + as_toml(value, path=f"{path}.{key}" if path else key))
    return "".join(written)


def _toml(value: Any) -> str:
    """Return a value as TOML; what JSON writes of strings, lists, numbers and booleans is TOML as well."""
    return json.dumps(value, ensure_ascii=False)
