"""Who is asking: credentials of a target, read from the environment and never shown."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.reading import Document, Key, Problems


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

    @property
    def header(self) -> str | None:
        """The value of `Authorization`; None when credentials travel in another header, or there are none."""
        line = self.line()
        return line[1] if line and line[0].lower() == "authorization" else None


def _basic(username: str | None, password: str | None) -> str:
    return base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


@dataclass(frozen=True, kw_only=True, slots=True)
class Secrets:
    """Reads the secrets of one document. `loopback`: the server is on this machine, so the file may hold them itself.

    `values` are the secrets met so far, in every form in which they travel; `inline` are the keys that hold one.
    """

    document: Document
    problems: Problems
    environ: Mapping[str, str]
    loopback: bool
    values: set[str] = field(default_factory=set)
    inline: list[Key] = field(default_factory=list)

    def auth(self) -> Auth:
        """The table `[auth]`, in which each key belongs to the kind."""
        row = self.document.data.get("auth", {"kind": "none"})
        kind = row["kind"]
        belongs = _KEYS[kind]
        for name in sorted(row.keys() - belongs - {"kind"}):
            takes = f"it takes {', '.join(sorted(belongs))}" if belongs else "it takes none"
            self._say(("auth", name), f"does not belong to kind '{kind}'; {takes}")
        for name in sorted({"username", "name"} & belongs - row.keys()):
            self._say(("auth", name), f"missing; kind '{kind}' needs it")
        if ":" in row.get("username", ""):
            self._say(("auth", "username"), "a user name has no colon (RFC 7617 section 2); correct it")
        secret = {
            name: self.read(row, ("auth",), name) for name in ("token", "password", "value") if _needs(kind, name)
        }
        auth = Auth(kind=kind, username=row.get("username"), name=row.get("name"), **secret)
        if kind == "basic":
            self.values.add(_basic(auth.username, auth.password))
        return auth

    def tokens(self) -> dict[str, str]:
        """The table `[tokens]`: purpose → token."""
        found = {}
        for purpose, given in self.document.data.get("tokens", {}).items():
            key: Key = ("tokens", purpose)
            found[purpose] = self._inline(given, key) if isinstance(given, str) else self.read(given, key, "token")
        return found

    def read(self, row: Mapping[str, Any], key: Key, name: str) -> str:
        """The secret that `<name>_env` or, for a server on this machine, `<name>` gives. "" with a problem said."""
        variable = f"{name}_env"
        if name in row and variable in row:
            self._say((*key, name), f"is given beside {variable}; keep {variable}")
        elif name in row:
            return self._inline(row[name], (*key, name))
        elif variable in row:
            return self.variable(row[variable], (*key, variable))
        else:
            self._say((*key, variable), f"missing; name the environment variable that holds the {name}")
        return ""

    def _inline(self, value: str, key: Key) -> str:
        self.inline.append(key)
        if self.loopback:
            return self._clean(value, key, "the value")
        remedy = 'put it in an environment variable and name that: token_env = "…"'
        self._say(key, f"a file may hold a secret itself only for a server on this machine; {remedy}")
        return ""

    def variable(self, name: str, key: Key) -> str:
        """The value of an environment variable. "" with a problem said."""
        value = self.environ.get(name, "").strip()
        if not value:
            state = "is empty" if name in self.environ else "is not set"
            self._say(key, f"the environment variable {name} {state}; set it before the run")
            return ""
        return self._clean(value, key, f"the environment variable {name}")

    def _clean(self, value: str, key: Key, what: str) -> str:
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
            self._say(key, f"{what} has line breaks or control characters in it; give the secret alone")
            return ""
        self.values.add(value)
        return value

    def _say(self, key: Key, sentence: str) -> None:
        self.problems.say(self.document, key, sentence)


_KEYS: dict[str, frozenset[str]] = {
    "none": frozenset(),
    "bearer": frozenset({"token", "token_env"}),
    "basic": frozenset({"username", "password_env"}),
    "header": frozenset({"name", "value_env"}),
}


def _needs(kind: str, secret: str) -> bool:
    return f"{secret}_env" in _KEYS[kind]
