"""Those who ask: the target's own credentials and those by purpose, with tokens that are renewed before they lapse."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

from conformance import token_endpoint
from conformance.clock import LAST_SECOND
from conformance.model import NotTestable, Unreachable
from conformance.token_endpoint import Token
from conformance.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.credentials import Auth, Line
    from conformance.redaction import Redactor
    from conformance.target import Target

MARGIN, PART = 30.0, 0.2
"""A token is renewed so many seconds before it lapses, or when so little of its life is left, whichever is later."""

YOUNG = 1.0
"""Seconds. A 401 to a token younger than that is about something else."""


class Caller:
    """Somebody who asks, in one process of a run. `obtain` gets a token where one has to be asked for."""

    def __init__(self, auth: Auth, obtain: Callable[[Auth], Token]) -> None:
        self.auth = auth
        self._obtain = obtain
        self._token: Token | None = None
        self._asked = 0.0

    def line(self) -> Line | None:
        """Name and value of the header that says who is asking; None: none does.

        Raises:
            Unreachable: no token is to be had.

        """
        return self.auth.line(self.token().value if self.auth.obtained else None)

    def token(self) -> Token:
        """The token, a new one when the last one has lapsed or is about to.

        Raises:
            Unreachable: none is to be had.

        """
        if self._token is None or self._lapses():
            self._asked = time.monotonic()
            self._token = self._obtain(self.auth)
        return self._token

    def renew(self) -> bool:
        """After a 401: whether the next line has a new token."""
        if not self.auth.obtained or time.monotonic() - self._asked < YOUNG:
            return False
        self._token = None
        return True

    def altered(self) -> Caller:
        """Somebody whose credentials differ in one character."""
        return Caller(self.auth.altered(self.token().value if self.auth.obtained else None), self._obtain)

    def unsigned(self) -> Caller | None:
        """Somebody whose token says the same and is not signed; None where tokens are no JSON Web Tokens."""
        auth = self.auth.unsigned(self.token().value if self.auth.obtained else None)
        return Caller(auth, self._obtain) if auth is not None else None

    def _lapses(self) -> bool:
        if self._token is None or not self._token.lives:
            return False
        left = self._token.lives - (time.monotonic() - self._asked)
        return left < min(MARGIN, PART * self._token.lives)


class Callers:
    """All who ask in one process. What is learnt on the way that must not be shown goes to the redactor."""

    def __init__(self, target: Target, redactor: Redactor) -> None:
        """Open nothing yet."""
        self._target = target
        self._redactor = redactor
        self._wire: Wire | None = None
        self._endpoint: str | None = None
        self._by_purpose: dict[str, Caller] = {}
        self.own = Caller(target.auth, self._obtain)

    def of(self, purpose: str) -> Caller:
        """Who asks for a purpose, such as `other-role`.

        Raises:
            NotTestable: the target has no such token, or it is not to be had.

        """
        auth = self._target.tokens.get(purpose)
        if auth is None:
            raise NotTestable(f"there is no token '{purpose}'", remedy=f"set tokens.{purpose} in target.toml")
        caller = self._by_purpose.setdefault(purpose, Caller(auth, self._obtain))
        try:
            caller.line()
        except Unreachable as problem:
            raise NotTestable(str(problem), remedy=f"set tokens.{purpose} in target.toml") from problem
        if purpose == "expired" and auth.client is not None and caller.token().lives != 0:
            raise NotTestable(
                "the token endpoint gives tokens that are valid still", remedy="name an old one in tokens.expired"
            )
        return caller

    def altered(self) -> Caller:
        """Somebody whose credentials differ from the target's own in one character."""
        return self._learnt(self.own.altered())

    def unsigned(self) -> Caller | None:
        """Somebody whose token says what the target's own does, without a signature; None where it cannot be."""
        other = self.own.unsigned()
        return self._learnt(other) if other is not None else None

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()

    def _learnt(self, other: Caller) -> Caller:
        for secret in other.auth.secrets():
            self._redactor.learn(secret)
        return other

    def _obtain(self, auth: Auth) -> Token:
        try:
            token = _printed(auth, self._target.http.timeout) if auth.kind == "command" else self._asked_for(auth)
        except Unreachable as problem:
            raise Unreachable(self._redactor.text(str(problem))) from None
        for secret in (token.value, *token.further):
            self._redactor.learn(secret)
        return token

    def _asked_for(self, auth: Auth) -> Token:
        assert auth.client is not None  # of the kinds that come here
        base_url, http = self._target.base_url, self._target.http
        wire = self._wire = self._wire or Wire(self._target)
        url = auth.client.token_url or self._endpoint
        if url is None:
            url = self._endpoint = token_endpoint.discovered(wire, base_url, where=auth.where)
        return token_endpoint.ask(auth, url, wire=wire, base_url=base_url, http=http)


def _printed(auth: Auth, timeout: float) -> Token:
    """The token that a command prints. Neither what it prints nor what it was told is repeated: both may be secret."""
    program = os.path.basename(auth.command[0])  # noqa: PTH119 - a name, which need not be a file here
    head = f"no token for [{auth.where}]: the command '{program}'"
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command
            auth.command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unreachable(f"{head} did not end within {timeout:g} s (http.timeout of target.toml)") from None
    except OSError as problem:
        raise Unreachable(f"{head} cannot be started: {problem.strerror}; correct {auth.where}.command") from None
    if done.returncode:
        raise Unreachable(f"{head} ended with exit code {done.returncode}; run it by hand to see why")
    words = done.stdout.decode("utf-8", "replace").split()
    if len(words) != 1 or not words[0].isascii() or not words[0].isprintable():
        found = "nothing" if not words else "more than one word" if len(words) > 1 else "what no header can carry"
        raise Unreachable(f"{head} printed {found}; it should print the token alone")
    return Token(value=words[0], lives=_said_by(words[0]))


def _said_by(token: str) -> float | None:
    """For how many seconds a JSON Web Token says that it is good; None: it says nothing, or our clocks differ."""
    import jwt  # noqa: PLC0415 - slow to import, and few targets need it

    try:
        until = jwt.decode(token, options={"verify_signature": False}).get("exp")
    except jwt.InvalidTokenError:
        return None
    left = min(until, LAST_SECOND) - time.time() if isinstance(until, int | float) else 0
    return left if left > 0 else None
