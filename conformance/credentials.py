"""Who is asking: credentials of a target, read from the environment and never shown."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.reading import Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Auth:
    """How requests prove who is asking.

    `token` belongs to bearer, `username` and `password` to basic, `name` and `value` to header.
    """

    kind: Literal["none", "bearer", "basic", "header"] = "none"
    token: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    name: str | None = None
    value: str | None = field(default=None, repr=False)

    def line(self, token: str | None = None) -> tuple[str, str] | None:
        """Name and value of the header that says who is asking; `token` stands in for the own credentials."""
        match self.kind:
            case "header":
                return self.name or "", token or self.value or ""
            case "basic" if token is None:
                return "Authorization", f"Basic {_basic(self.username, self.password)}"
            case "none" if token is None:
                return None
        return "Authorization", f"Bearer {token or self.token}"

    def altered(self) -> Auth:
        """The same credentials with one character of the secret changed: they look alike, and prove nothing."""
        return replace(self, token=_altered(self.token), password=_altered(self.password), value=_altered(self.value))


def _altered(secret: str | None) -> str | None:
    """Another character in the middle of the last part: the last one of a signature may hold unused bits."""
    if not secret:
        return secret
    start = secret.rfind(".") + 1
    place = start + (len(secret) - start) // 2
    return secret[:place] + ("A" if secret[place : place + 1] != "A" else "B") + secret[place + 1 :]


def _basic(username: str | None, password: str | None) -> str:
    return base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


@dataclass(frozen=True, kw_only=True, slots=True)
class Secrets:
    """Reads the secrets of a target. `loopback`: the server is on this machine, so the file may hold them itself.

    `values` are the secrets met so far, in every form in which they travel.
    """

    environ: Mapping[str, str]
    loopback: bool
    values: set[str] = field(default_factory=set)

    def auth(self, place: Place) -> Auth:
        """The table `[auth]`, in which each key belongs to the kind."""
        row = place.value or {"kind": "none"}
        kind = row["kind"]
        belongs = _KEYS[kind]
        for name in sorted(row.keys() - belongs - {"kind"}):
            takes = f"it takes {', '.join(sorted(belongs))}" if belongs else "it takes none"
            (place / name).say(f"does not belong to kind '{kind}'; {takes}")
        for name in sorted({"username", "name"} & belongs - row.keys()):
            (place / name).say(f"missing; kind '{kind}' needs it")
        if ":" in row.get("username", ""):
            (place / "username").say("a user name has no colon (RFC 7617 section 2); correct it")
        auth = Auth(
            kind=kind,
            token=self.read(place, "token") if kind == "bearer" else None,
            username=row.get("username"),
            password=self.read(place, "password") if kind == "basic" else None,
            name=row.get("name"),
            value=self.read(place, "value") if kind == "header" else None,
        )
        if kind == "basic":
            self.values.add(_basic(auth.username, auth.password))
        return auth

    def tokens(self, document: Place) -> dict[str, str]:
        """The table `[tokens]`: purpose → token."""
        return {
            purpose: self._inline(place) if isinstance(place.value, str) else self.read(place, "token")
            for purpose, place in document.entries("tokens")
        }

    def read(self, place: Place, name: str) -> str:
        """The secret that `<name>_env` or, for a server on this machine, `<name>` gives. "" with a problem said."""
        variable = f"{name}_env"
        if name in place and variable in place:
            (place / name).say(f"is given beside {variable}; keep {variable}")
        elif name in place:
            return self._inline(place / name)
        elif variable in place:
            return self.variable(place / variable)
        else:
            (place / variable).say(f"missing; name the environment variable that holds the {name}")
        return ""

    def variable(self, place: Place) -> str:
        """The value of the environment variable that a place names. "" with a problem said."""
        name = place.value
        value = self.environ.get(name, "").strip()
        if not value:
            state = "is empty" if name in self.environ else "is not set"
            place.say(f"the environment variable {name} {state}; set it before the run")
            return ""
        return self._clean(value, place, f"the environment variable {name}")

    def _inline(self, place: Place) -> str:
        if self.loopback:
            return self._clean(place.value, place, "the value")
        remedy = 'put it in an environment variable and name that: token_env = "…"'
        place.say(f"a file may hold a secret itself only for a server on this machine; {remedy}")
        return ""

    def _clean(self, value: str, place: Place, what: str) -> str:
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
            place.say(f"{what} has line breaks or control characters in it; give the secret alone")
            return ""
        self.values.add(value)
        return value


_KEYS: dict[str, frozenset[str]] = {
    "none": frozenset(),
    "bearer": frozenset({"token", "token_env"}),
    "basic": frozenset({"username", "password_env"}),
    "header": frozenset({"name", "value_env"}),
}
