"""Who is asking: the credentials that a target names, as they were read. Their values are never shown."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from conformance.private_keys import SigningKey

Kind = Literal["none", "bearer", "basic", "header", "client-credentials", "backend-services", "command"]

Line = tuple[str, str]
"""Name and value of a header."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """Who asks a token endpoint: with a secret (RFC 6749 §2.3.1), or with a key (SMART backend services).

    Without `token_url` the server's .well-known/smart-configuration names the endpoint. `audience` is what an assertion
    is for, the endpoint itself unless it is said; `parameters` go into the form besides.
    """

    client_id: str
    secret: str | None = field(default=None, repr=False)
    send_secret: Literal["basic", "post"] = "basic"  # noqa: S105 - where it goes, not what it is
    key: SigningKey | None = field(default=None, repr=False)
    token_url: str | None = None
    scope: str | None = None
    audience: str | None = None
    parameters: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Auth:
    """How requests prove who is asking.

    `token` belongs to bearer, `username` and `password` to basic, `name` and `value` to header, `client` to the kinds
    that ask a token endpoint, `command` (program and arguments) to the one that prints a token. `where` names the table
    in messages.
    """

    kind: Kind = "none"
    where: str = "auth"
    token: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    name: str | None = None
    value: str | None = field(default=None, repr=False)
    client: Client | None = None
    command: tuple[str, ...] = field(default=(), repr=False)

    @property
    def obtained(self) -> bool:
        """Whether the token has to be asked for, and can be asked for again."""
        return self.kind in {"client-credentials", "backend-services", "command"}

    def line(self, token: str | None = None) -> Line | None:
        """The header that says who is asking, or None; `token` is the one that was asked for, if one has to be."""
        match self.kind:
            case "none":
                return None
            case "header":
                return self.name or "", self.value or ""
            case "basic":
                return "Authorization", f"Basic {basic(self.username or '', self.password or '')}"
        return "Authorization", f"Bearer {token if self.obtained else self.token}"

    def altered(self, token: str | None = None) -> Auth:
        """The same credentials with one character of the secret changed: they look alike, and prove nothing."""
        if self.obtained:
            return Auth(kind="bearer", where=self.where, token=_altered(token))
        return replace(self, token=_altered(self.token), password=_altered(self.password), value=_altered(self.value))

    def unsigned(self, token: str | None = None) -> Auth | None:
        """The same claims in a JSON Web Token that names no algorithm and has no signature; None: the token is none."""
        bare = _unsigned((token if self.obtained else self.token) or "")
        return Auth(kind="bearer", where=self.where, token=bare) if bare else None

    def secrets(self) -> tuple[str, ...]:
        """What must not be shown of credentials that do not have to be asked for."""
        own = [self.token, self.password, self.value]
        if self.kind == "basic":
            own.append(basic(self.username or "", self.password or ""))
        return tuple(secret for secret in own if secret)


def basic(username: str, password: str) -> str:
    """User name and password in one word (RFC 7617 §2)."""
    return base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def _altered(secret: str | None) -> str | None:
    """Another character in the middle of the last part: the last one of a signature may hold unused bits."""
    if not secret:
        return secret
    start = secret.rfind(".") + 1
    place = start + (len(secret) - start) // 2
    return secret[:place] + ("A" if secret[place : place + 1] != "A" else "B") + secret[place + 1 :]


def _unsigned(token: str) -> str | None:
    """RFC 7519 section 6; None for what is no signed JSON Web Token."""
    header, *others = token.split(".")
    try:
        told = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    if len(others) != 2 or not isinstance(told, dict):
        return None
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode("ascii").rstrip("=")
    return f"{none}.{others[0]}."
