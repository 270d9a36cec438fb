"""The server under test: target.toml, read loudly. Secrets come from the environment and are never shown."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from conformance import address, reading
from conformance import claims as known_claims
from conformance import dialect as dialects
from conformance.credentials import Auth, Secrets
from conformance.model import Deviation, Exclusion, UsageError
from conformance.reading import Document, Key, Problems
from conformance.reading.headers import HEADER_NAME
from conformance.reading.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.packs import Pack


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
    patient_identifiers: tuple[str, ...] = field(default=(), repr=False)
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
    auth: Auth = field(default_factory=Auth)
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
        try:
            moved = address.normalised(base_url)
        except ValueError as error:
            raise UsageError(f"--base-url: {error}") from None
        if self._inline and not address.is_loopback(moved):
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
    return _target(document, folder=path.parent, environ=environ, base_url=base_url, problems=problems)


def from_dict(
    data: Mapping[str, Any], *, where: str, environ: Mapping[str, str], base_url: str | None = None
) -> Target:
    """As `load`, for a table in memory, such as the embedded server's. Files are looked up in the working directory."""
    problems = Problems()
    document = reading.table(dict(data), where=where, schema="target", problems=problems)
    return _target(document, folder=Path(), environ=environ, base_url=base_url, problems=problems)


def _target(
    document: Document | None,
    *,
    folder: Path,
    environ: Mapping[str, str],
    base_url: str | None,
    problems: Problems,
) -> Target:
    if document is None:
        problems.stop()
        raise AssertionError
    data = document.data
    where = _base_url(document, base_url, problems)
    secrets = Secrets(document=document, problems=problems, environ=environ, loopback=address.is_loopback(where))
    if "dialect" in data:
        dialects.check(document, ("dialect",), problems)
    _check_claims(document, problems)
    _check_records(document, problems)
    target = Target(
        base_url=where,
        where=document.where,
        pack=data.get("pack"),
        auth=secrets.auth(),
        tokens=secrets.tokens(),
        tls=_tls(document, folder, problems),
        http=_http(document, secrets, problems),
        allow_writes=data.get("allow_writes", False),
        claims_add=tuple(data.get("claims", {}).get("add", ())),
        claims_remove=tuple(data.get("claims", {}).get("remove", ())),
        dialect=data.get("dialect", {}),
        given=Given(**{key.replace("-", "_"): tuple(value) for key, value in data.get("given", {}).items()}),
        bodies=_bodies(document, folder, problems),
        exclusions=tuple(Exclusion(**row) for row in data.get("exclude", ())),
        deviations=tuple(Deviation(**row) for row in data.get("deviation", ())),
        _secrets=tuple(sorted(secrets.values, key=len, reverse=True)),
        _inline=bool(secrets.inline),
    )
    problems.stop()
    return target


def _base_url(document: Document, given: str | None, problems: Problems) -> str:
    text = given if given is not None else document.data.get("base_url")
    if text is None:
        example = "the FHIR base address, such as 'https://fhir.example.org/r4'"
        problems.say(document, ("base_url",), f"missing; expected: {example}")
        return ""
    try:
        return address.normalised(text)
    except ValueError as error:
        if given is None:
            problems.say(document, ("base_url",), str(error))
        else:
            problems.sentences.append(f"--base-url: {error}")
        return ""


def _tls(document: Document, folder: Path, problems: Problems) -> Tls:
    row = document.data.get("tls", {})
    verify = row.get("verify", True)
    if "ca" in row and not verify:
        problems.say(document, ("tls", "verify"), "false makes tls.ca pointless; remove one of them")
    if "key" in row and "certificate" not in row:
        problems.say(document, ("tls", "key"), "a key needs its certificate; set tls.certificate")
    files = {name: _file(row[name], document, ("tls", name), folder, problems) for name in row if name != "verify"}
    return Tls(verify=verify, **files)


def _http(document: Document, secrets: Secrets, problems: Problems) -> Http:
    row = document.data.get("http", {})
    headers = {
        name: _header(name, value, document, secrets, problems) for name, value in row.get("headers", {}).items()
    }
    proxy, variable = row.get("proxy"), row.get("proxy_env")
    if proxy and variable:
        problems.say(document, ("http", "proxy"), "is given beside proxy_env; keep one of them")
    elif variable:
        proxy = secrets.variable(variable, ("http", "proxy_env"))
        secrets.values.update(filter(None, [urlsplit(proxy).password]))
    elif proxy:
        parts = urlsplit(proxy)
        if "@" in parts.netloc:
            remedy = "put the address in an environment variable and name that: proxy_env"
            problems.say(document, ("http", "proxy"), f"holds a user name or password; {remedy}")
        elif parts.scheme not in ("http", "https") or not parts.hostname:
            remedy = "expected something like 'http://proxy.example.org:3128'"
            problems.say(document, ("http", "proxy"), f"'{proxy}' is no http address; {remedy}")
    return Http(
        timeout=float(row.get("timeout", Http().timeout)),
        proxy=proxy or None,
        headers=headers,
        rate=float(row["rate"]) if "rate" in row else None,
        retries=int(row.get("retries", Http().retries)),
    )


def _header(name: str, value: str | dict[str, str], document: Document, secrets: Secrets, problems: Problems) -> str:
    key: Key = ("http", "headers", name)
    if not HEADER_NAME.fullmatch(name):
        problems.say(document, key, f"'{name}' is no header name; correct it")
    if name.lower() == "authorization":
        problems.say(document, key, "credentials have a table of their own; use [auth]")
    if isinstance(value, dict):
        return secrets.variable(value["value_env"], (*key, "value_env"))
    if name.lower() in ("cookie", "proxy-authorization"):
        remedy = 'put it in an environment variable and name that: { value_env = "…" }'
        problems.say(document, key, f"is a secret; {remedy}")
    if any(ord(letter) < 32 and letter != "\t" for letter in value):
        problems.say(document, key, "a header value has no line breaks; keep it on one line")
    return value


def _bodies(document: Document, folder: Path, problems: Problems) -> dict[str, Path]:
    found = {}
    for kind, name in document.data.get("bodies", {}).items():
        key: Key = ("bodies", kind)
        path = _file(name, document, key, folder, problems)
        if path is None:
            continue
        content = reading.json_file(path, problems=problems)
        if content is not None and not (isinstance(content, dict) and content.get("resourceType") == "Consent"):
            problems.say(document, key, f"'{name}' holds no Consent; give one as JSON")
        found[kind] = path
    return found


def _file(name: str, document: Document, key: Key, folder: Path, problems: Problems) -> Path | None:
    path = folder / Path(name).expanduser()
    if path.is_file():
        return path
    beside = [entry.name for entry in path.parent.iterdir() if entry.is_file()] if path.parent.is_dir() else []
    problems.say(document, key, f"no file '{reading.shown(path)}'; {nearest(path.name, beside)}")
    return None


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
