"""The server under test: target.toml, read loudly. Secrets come from the environment and are never shown."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import ipaddress
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from conformance import claims as known_claims
from conformance import dialect as dialects
from conformance import reading
from conformance.model import Deviation, Exclusion, UsageError
from conformance.reading import Document, Key, Problems
from conformance.reading.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.packs import Pack


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
        """Name and value of the header that says who is asking, with another token in place of the own one if given."""
        match self.kind:
            case "none":
                return None
            case "bearer":
                return "Authorization", f"Bearer {token or self.token}"
            case "basic" if token is None:
                pair = f"{self.username}:{self.password}".encode()
                return "Authorization", f"Basic {base64.b64encode(pair).decode('ascii')}"
            case "header":
                return self.name or "", token or self.value or ""
        return "Authorization", f"Bearer {token}"

    @property
    def header(self) -> str | None:
        """The value of `Authorization`; None when credentials travel otherwise, or there are none."""
        line = self.line()
        return line[1] if line and line[0].lower() == "authorization" else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """Trust and client certificate, as files in PEM."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    verify: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Http:
    """How requests travel. `timeout` in seconds, `rate` in requests per second, `retries` after 429 and 503."""

    timeout: float = 30.0
    proxy: str | None = field(default=None, repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    rate: float | None = None
    retries: int = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What exists on the server already.

    Consents and patients by logical id, actors as `Type/id`, identifiers as `system|value`. In TOML the keys have
    hyphens: `other-patients`.
    """

    consents: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    other_patients: tuple[str, ...] = ()
    empty_patients: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    patient_identifiers: tuple[str, ...] = ()
    actor_identifiers: tuple[str, ...] = ()
    ended_consents: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A server under test. `where` names its file in messages; `tokens` are by purpose, such as `other-role`.

    `bodies`: kind of consent → JSON file in place of a reconstructed body. `dialect` holds overrides of the pack's.
    """

    base_url: str
    where: str = "target.toml"
    pack: str | None = None
    auth: Auth = Auth()
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    tls: Tls = Tls()
    http: Http = Http()
    allow_writes: bool = False
    claims_add: tuple[str, ...] = ()
    claims_remove: tuple[str, ...] = ()
    dialect: dict[str, Any] = field(default_factory=dict)
    given: Given = Given()
    bodies: dict[str, Path] = field(default_factory=dict)
    exclusions: tuple[Exclusion, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    _secrets: tuple[str, ...] = field(default=(), repr=False)
    _inline: bool = False

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, longest first, for redaction."""
        return self._secrets

    def at(self, base_url: str) -> Target:
        """The same target elsewhere. Raises UsageError when that is no address, or when a secret stands in the file."""
        moved = address(base_url)
        if self._inline and not _is_loopback(moved):
            raise UsageError(
                f"--base-url: {self.where} holds a secret itself, which may go to a server on this machine only; "
                "name an environment variable there"
            )
        return dataclasses.replace(self, base_url=moved)

    def check_against(self, pack: Pack) -> None:
        """Raises UsageError for kinds, requirements and claims that mean nothing to the pack."""
        said = [
            f"{self.where}: bodies.{kind}: no such kind in pack '{pack.name}'; {nearest(kind, pack.bodies)}"
            for kind in self.bodies
            if kind not in pack.bodies
        ]
        for table, rows in (("exclude", self.exclusions), ("deviation", self.deviations)):
            for row in rows:
                if row.requirement not in pack.catalogue:
                    near = nearest(row.requirement, pack.catalogue.ids())
                    said.append(
                        f"{self.where}: {table}: no requirement '{row.requirement}' in pack '{pack.name}'; {near}"
                    )
        made = {claim.claim for claim in pack.claims}
        if pack.claims_from == "pack":
            said += [
                f"{self.where}: claims.remove: pack '{pack.name}' does not claim '{claim}'; {nearest(claim, made)}"
                for claim in self.claims_remove
                if claim not in made
            ]
        if said:
            raise UsageError("\n".join(said))


def load(path: Path, *, environ: Mapping[str, str], base_url: str | None = None) -> Target:
    """The target that a file describes. `base_url` stands in for the file's. Raises UsageError with all problems."""
    problems = Problems()
    document = reading.toml(path, schema="target", problems=problems)
    return _target(document, path.parent, environ, base_url, problems)


def from_dict(
    data: Mapping[str, Any], *, where: str, environ: Mapping[str, str], base_url: str | None = None
) -> Target:
    """As `load`, for a table in memory, such as the embedded server's. Files are looked up in the working directory."""
    problems = Problems()
    document = reading.table(dict(data), where=where, schema="target", problems=problems)
    return _target(document, Path(), environ, base_url, problems)


def address(text: str, *, where: str = "--base-url") -> str:
    """A base address without trailing slash. Raises UsageError when it is not one."""
    try:
        return _address(text)
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from None


def _target(
    document: Document | None, folder: Path, environ: Mapping[str, str], base_url: str | None, problems: Problems
) -> Target:
    if document is None:
        problems.stop()
        raise AssertionError
    data = document.data
    where = _base_url(document, base_url, problems)
    reader = _Reader(document=document, problems=problems, environ=environ, loopback=_is_loopback(where), folder=folder)
    auth = reader.auth()
    tokens = {
        purpose: reader.secret(row, ("auth", "tokens", purpose), "token")
        for purpose, row in data.get("auth", {}).get("tokens", {}).items()
    }
    if "dialect" in data:
        dialects.check(document, ("dialect",), problems)
    claims = data.get("claims", {})
    _check_claims(document, problems)
    target = Target(
        base_url=where,
        where=document.where,
        pack=data.get("pack"),
        auth=auth,
        tokens=tokens,
        tls=reader.tls(),
        http=reader.http(),
        allow_writes=data.get("allow_writes", False),
        claims_add=tuple(claims.get("add", ())),
        claims_remove=tuple(claims.get("remove", ())),
        dialect=data.get("dialect", {}),
        given=Given(**{key.replace("-", "_"): tuple(value) for key, value in data.get("given", {}).items()}),
        bodies=reader.bodies(),
        exclusions=tuple(Exclusion(**row) for row in data.get("exclude", ())),
        deviations=tuple(Deviation(**row) for row in data.get("deviation", ())),
        _secrets=tuple(sorted(reader.secrets, key=len, reverse=True)),
        _inline="token" in data.get("auth", {})
        or any("token" in row for row in data.get("auth", {}).get("tokens", {}).values()),
    )
    _check_records(document, problems)
    problems.stop()
    return target


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reader:
    """Reads the parts of one document, remembering the secrets met on the way."""

    document: Document
    problems: Problems
    environ: Mapping[str, str]
    loopback: bool
    folder: Path
    secrets: set[str] = field(default_factory=set)

    def say(self, key: Key, sentence: str) -> None:
        self.problems.say(self.document, key, sentence)

    def auth(self) -> Auth:
        row = self.document.data.get("auth", {"kind": "none"})
        kind = row["kind"]
        belongs = {
            "none": set[str](),
            "bearer": {"token", "token_env"},
            "basic": {"username", "password_env"},
            "header": {"name", "value_env"},
        }[kind]
        for name in sorted(row.keys() - belongs - {"kind", "tokens"}):
            takes = f"it takes {', '.join(sorted(belongs))}" if belongs else "it takes none"
            self.say(("auth", name), f"does not belong to kind '{kind}'; {takes}")
        for name in sorted({"username", "name"} & belongs - row.keys()):
            self.say(("auth", name), f"missing; kind '{kind}' needs it")
        if kind == "none" and row.get("tokens"):
            self.say(("auth", "tokens"), "tokens are not sent with kind 'none'; set kind, or remove them")
        return Auth(
            kind=kind,
            token=self.secret(row, ("auth",), "token") if kind == "bearer" else None,
            username=row.get("username"),
            password=self.secret(row, ("auth",), "password") if kind == "basic" else None,
            name=row.get("name"),
            value=self.secret(row, ("auth",), "value") if kind == "header" else None,
        )

    def secret(self, row: Mapping[str, Any], key: Key, name: str) -> str:
        """The secret that `<name>_env` or, for a server on this machine, `<name>` gives. "" with a problem said."""
        variable = f"{name}_env"
        if name in row and variable in row:
            self.say((*key, name), f"is given beside {variable}; keep {variable}")
        elif name in row and not self.loopback:
            remedy = f"keep it in an environment variable and name that in {variable}"
            self.say((*key, name), f"secrets do not belong into a file (but for a server on this machine); {remedy}")
        elif name in row:
            return self._clean(row[name], (*key, name), "the value")
        elif variable in row:
            return self.variable(row[variable], (*key, variable))
        else:
            self.say((*key, variable), f"missing; name the environment variable that holds the {name}")
        return ""

    def variable(self, name: str, key: Key) -> str:
        """The value of an environment variable."""
        value = self.environ.get(name, "").strip()
        if not value:
            state = "is empty" if name in self.environ else "is not set"
            self.say(key, f"the environment variable {name} {state}; set it before the run")
            return ""
        return self._clean(value, key, f"the environment variable {name}")

    def _clean(self, value: str, key: Key, what: str) -> str:
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
            self.say(key, f"{what} has line breaks or control characters in it; give the secret alone")
            return ""
        self.secrets.add(value)
        return value

    def file(self, name: str | None, key: Key) -> Path | None:
        if name is None:
            return None
        path = self.folder / Path(name).expanduser()
        if not path.is_file():
            beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
            self.say(key, f"no file '{reading.shown(path)}'; {nearest(path.name, beside)}")
        return path

    def tls(self) -> Tls:
        row = self.document.data.get("tls", {})
        verify = row.get("verify", True)
        if "ca" in row and not verify:
            self.say(("tls", "verify"), "false makes tls.ca pointless; remove one of them")
        if "key" in row and "certificate" not in row:
            self.say(("tls", "key"), "a key needs its certificate; set tls.certificate")
        files = {name: self.file(row.get(name), ("tls", name)) for name in ("ca", "certificate", "key")}
        return Tls(verify=verify, **files)

    def http(self) -> Http:
        row = self.document.data.get("http", {})
        headers = {name: self._header(name, value) for name, value in row.get("headers", {}).items()}
        proxy = row.get("proxy")
        if "proxy" in row and "proxy_env" in row:
            self.say(("http", "proxy"), "is given beside proxy_env; keep one of them")
        elif "proxy_env" in row:
            proxy = self.variable(row["proxy_env"], ("http", "proxy_env")) or None
        elif proxy is not None:
            parts = urllib.parse.urlsplit(proxy)
            if parts.username or parts.password:
                self.say(
                    ("http", "proxy"), "holds a user name or password; keep it in a variable named by http.proxy_env"
                )
            elif parts.scheme not in ("http", "https") or not parts.hostname:
                self.say(("http", "proxy"), "is no http address; expected something like http://proxy.example.org:3128")
        rate = row.get("rate")
        return Http(
            timeout=float(row.get("timeout", Http().timeout)),
            proxy=proxy,
            headers=headers,
            rate=None if rate is None else float(rate),
            retries=int(row.get("retries", Http().retries)),
        )

    def _header(self, name: str, value: str | dict[str, str]) -> str:
        key: Key = ("http", "headers", name)
        if name.lower() == "authorization":
            self.say(key, "credentials have a table of their own; use [auth]")
        if isinstance(value, dict):
            return self.variable(value["value_env"], (*key, "value_env"))
        if name.lower() in ("cookie", "proxy-authorization"):
            self.say(key, 'is a secret; write { value_env = "…" } and keep it in that environment variable')
        if any(ord(letter) < 32 and letter != "\t" for letter in value):
            self.say(key, "a header value has no line breaks; keep it on one line")
        return value

    def bodies(self) -> dict[str, Path]:
        found = {}
        for kind, name in self.document.data.get("bodies", {}).items():
            path = self.file(name, ("bodies", kind))
            if path is not None and path.is_file():
                content = reading.json_file(path, problems=self.problems)
                if content is not None and not (isinstance(content, dict) and content.get("resourceType") == "Consent"):
                    self.say(("bodies", kind), f"'{name}' holds no Consent; give one as JSON")
                found[kind] = path
        return found


def _base_url(document: Document, given: str | None, problems: Problems) -> str:
    text = given if given is not None else document.data.get("base_url")
    if text is None:
        problems.say(
            document, ("base_url",), "missing; expected: the FHIR base address, such as 'https://fhir.example.org/r4'"
        )
        return ""
    try:
        return _address(text)
    except ValueError as error:
        if given is None:
            problems.say(document, ("base_url",), str(error))
        else:
            problems.sentences.append(f"--base-url: {error}")
        return ""


def _address(text: str) -> str:
    """The address without trailing slash. Raises ValueError with a sentence."""
    if text != text.strip() or any(letter.isspace() or ord(letter) < 32 for letter in text):
        raise ValueError(f"'{text}' has white space in it; remove it")
    parts = urllib.parse.urlsplit(text)
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a user name or password; use [auth] with kind 'basic'")
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"'{text}' is no http address; write https://…")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"'{text}' has a port that is no number below 65536; correct it") from None
    if not host:
        raise ValueError(f"'{text}' names no server; expected something like 'https://fhir.example.org/r4'")
    if "?" in text or "#" in text:
        raise ValueError(f"'{text}' has a query or a fragment; leave off what follows the path")
    path = parts.path.rstrip("/")
    for ending in ("/metadata", "/Consent"):
        if path.endswith(ending):
            raise ValueError(
                f"'{text}' ends in {ending}; give the base address, '{text.rstrip('/').removesuffix(ending)}'"
            )
    shown_host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown_host}{f':{port}' if port is not None else ''}{path}"


def _is_loopback(base_url: str) -> bool:
    host = urllib.parse.urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_claims(document: Document, problems: Problems) -> None:
    claims = document.data.get("claims", {})
    for part in ("add", "remove"):
        for number, claim in enumerate(claims.get(part, ())):
            if sentence := known_claims.unknown(claim):
                problems.say(document, ("claims", part, number), sentence)
    for claim in set(claims.get("add", ())) & set(claims.get("remove", ())):
        problems.say(document, ("claims", "remove"), f"'{claim}' is added as well; keep one of them")


def _check_records(document: Document, problems: Problems) -> None:
    """Dates are dates, and a requirement is on record once."""
    seen: dict[str, str] = {}
    for table in ("exclude", "deviation"):
        for number, row in enumerate(document.data.get(table, ())):
            if "expires" in row and not _is_date(row["expires"]):
                problems.say(
                    document, (table, number, "expires"), f"'{row['expires']}' is no date; write it as 2026-12-31"
                )
            if row["requirement"] in seen:
                earlier = seen[row["requirement"]]
                problems.say(document, (table, number, "requirement"), f"is in {earlier} as well; keep one of them")
            seen.setdefault(row["requirement"], f"{table}[{number + 1}]")


def _is_date(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
