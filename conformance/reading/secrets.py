"""Reads credentials: the secrets in the environment that a target names, loudly and without ever repeating them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from conformance import address
from conformance.credentials import Auth, Client, basic
from conformance.reading.files import named_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conformance.private_keys import SigningKey
    from conformance.reading import Place

_CLIENT = frozenset({"client_id", "token_url", "scope", "parameters"})
_KEYS: dict[str, frozenset[str]] = {
    "none": frozenset(),
    "bearer": frozenset({"token", "token_env"}),
    "basic": frozenset({"username", "password_env"}),
    "header": frozenset({"name", "value_env"}),
    "client-credentials": _CLIENT | {"client_secret", "client_secret_env", "send_secret"},
    "backend-services": _CLIENT | {"key", "key_password_env", "key_id", "algorithm", "audience"},
    "command": frozenset({"command"}),
}
_NEEDED = frozenset({"username", "name", "client_id", "key", "command"})
_FORM = frozenset({"grant_type", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type"})
"""What the form of a token request holds anyway."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Secrets:
    """Reads the secrets of a target. `loopback`: the server is on this machine, so the file may hold them itself.

    Files are looked up in `folder`. `values` are the secrets met so far, in every form in which they travel.
    """

    environ: Mapping[str, str]
    loopback: bool
    folder: Path
    values: set[str] = field(default_factory=set)

    def auth(self, place: Place) -> Auth:
        """The table `[auth]`, in which each key belongs to the kind."""
        return self._auth(place, place.value or {"kind": "none"}, where="auth")

    def tokens(self, document: Place) -> dict[str, Auth]:
        """The table `[tokens]`: purpose → credentials.

        A token is sent as that of `[auth]` is. A table with a kind stands for itself; one without has what differs from
        `[auth]`.
        """
        own = (document / "auth").value or {"kind": "none"}
        return {purpose: self._further(place, own, purpose) for purpose, place in document.entries("tokens")}

    def _further(self, place: Place, own: dict[str, Any], purpose: str) -> Auth:
        where = f"tokens.{purpose}"
        row = place.value
        if isinstance(row, dict) and "kind" in row:
            return self._auth(place, row, where=where)
        asked = own["kind"] in {"client-credentials", "backend-services"}
        if isinstance(row, dict) and row and asked and not row.keys() & {"token", "token_env"}:
            secret = {"client_secret", "client_secret_env"}
            kept = {name: value for name, value in own.items() if not (name in secret and secret & row.keys())}
            return self._auth(place, kept | row, where=where)
        if isinstance(row, dict):
            for name in sorted(row.keys() - {"token", "token_env"}):
                (place / name).say("does not belong to a token; give its kind too")
        token = self._inline(place) if isinstance(row, str) else self.read(place, "token")
        if own["kind"] == "header":
            return Auth(kind="header", where=where, name=own.get("name"), value=token)
        return Auth(kind="bearer", where=where, token=token)

    def _auth(self, place: Place, row: dict[str, Any], *, where: str) -> Auth:
        """Credentials by the keys of `row`, which stand at `place` or, where they do not, in `[auth]`."""
        kind = row["kind"]
        belongs = _KEYS[kind]
        for name in sorted(row.keys() - belongs - {"kind"}):
            takes = f"it takes {', '.join(sorted(belongs))}" if belongs else "it takes none"
            (place / name).say(f"does not belong to kind '{kind}'; {takes}")
        missing = sorted(_NEEDED & belongs - row.keys())
        for name in missing:
            (place / name).say(f"missing; kind '{kind}' needs it")
        if ":" in row.get("username", ""):
            (place / "username").say("a user name has no colon (RFC 7617 section 2); correct it")
        seen = replace(place, value=row)
        auth = Auth(
            kind=kind,
            where=where,
            token=self.read(seen, "token") if kind == "bearer" else None,
            username=row.get("username"),
            password=self.read(seen, "password") if kind == "basic" else None,
            name=row.get("name"),
            value=self.read(seen, "value") if kind == "header" else None,
            client=self._client(seen, kind) if "client_id" in belongs and not missing else None,
            command=tuple(row.get("command", ())),
        )
        self.values.update(auth.secrets())
        return auth

    def _client(self, place: Place, kind: str) -> Client:
        row = place.value
        url = row.get("token_url")
        if url is not None and (problem := address.unfit_for_secrets(url)):
            (place / "token_url").say(f"{problem}; expected something like 'https://login.example.org/token'")
        for name in sorted(row.get("parameters", {}).keys() & _FORM):
            (place / "parameters" / name).say("is in every token request already; remove it")
        secret = None
        if kind == "client-credentials":
            secret = self.read(place, "client_secret", elsewhere=url is not None and not address.is_loopback(url))
            self.values.update(
                {quote(secret, safe=""), basic(quote(row["client_id"], safe=""), quote(secret, safe=""))}
            )
        return Client(
            client_id=row["client_id"],
            secret=secret,
            send_secret=row.get("send_secret", "basic"),
            key=self._key(place) if kind == "backend-services" else None,
            token_url=url,
            scope=row.get("scope"),
            audience=row.get("audience"),
            parameters=row.get("parameters", {}),
        )

    def _key(self, place: Place) -> SigningKey | None:
        from conformance import private_keys  # noqa: PLC0415 - cryptography takes its time

        path = named_file(place / "key", self.folder)
        password = self.variable(place / "key_password_env") if "key_password_env" in place else None
        if path is None:
            return None
        row = place.value
        try:
            return private_keys.load(path, password=password, key_id=row.get("key_id"), algorithm=row.get("algorithm"))
        except OSError as problem:
            (place / "key").say(f"cannot be read ({problem.strerror}); check its permissions")
        except ValueError as problem:
            (place / "key").say(str(problem))
        return None

    def read(self, place: Place, name: str, *, elsewhere: bool = False) -> str:
        """The secret that `<name>_env` or, for a server on this machine, `<name>` gives. "" with a problem said.

        `elsewhere`: it is sent to another machine than the target's.
        """
        variable = f"{name}_env"
        if name in place and variable in place:
            (place / name).say(f"is given beside {variable}; keep {variable}")
        elif name in place:
            return self._inline(place / name, name=variable, elsewhere=elsewhere)
        elif variable in place:
            return self.variable(place / variable)
        else:
            what = name.replace("_", " ")
            (place / variable).say(f"missing; name the environment variable that holds the {what}")
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

    def _inline(self, place: Place, *, name: str = "token_env", elsewhere: bool = False) -> str:
        if self.loopback and not elsewhere:
            return self._clean(place.value, place, "the value")
        remedy = f'put it in an environment variable and name that: {name} = "…"'
        place.say(f"a file may hold a secret itself only for a server on this machine; {remedy}")
        return ""

    def _clean(self, value: str, place: Place, what: str) -> str:
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
            place.say(f"{what} has line breaks or control characters in it; give the secret alone")
            return ""
        self.values.add(value)
        return value
