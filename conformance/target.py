"""The server under test: target.toml, read loudly. Secrets come from the environment and are never shown."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from conformance import address, reading
from conformance import claims as known_claims
from conformance import dialect as dialects
from conformance.credentials import Auth
from conformance.model import PLACEHOLDER, Deviation, Exclusion, UsageError
from conformance.reading import Place, Problems
from conformance.reading.documents import shown
from conformance.reading.files import named_file
from conformance.reading.secrets import Secrets
from conformance.reading.spelling import nearest
from conformance.reading.surroundings import HEADER_NAME, check_header_text
from conformance.redaction import Redactor
from conformance.tls import Tls, read_tls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.packs import Pack


_ANSWERS = {
    "reason": "say why the server fails it",
    "owner": "say who answers for it",
    "tracker": "say where it is followed up",
    "expires": "give the last day on which it holds, such as 2026-12-31",
}
"""What to put in place of the placeholders that `consent-conformance baseline` writes."""
_SECRET = re.compile(r"authori[sz]ation|cookie|api-?key|token|secret|password", re.IGNORECASE)
"""Names of headers that hold what no file should."""


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

    `bodies`: kind of consent → JSON file in place of a reconstructed body; `fixtures`: name of a document behind
    the pack's headers → JSON pointer → own value, "" for all of it. `scenarios`: files whose rows are played besides
    the pack's. `dialect` holds overrides of the pack's.
    """

    base_url: str
    where: str = "target.toml"
    pack: str | None = None
    auth: Auth = field(default_factory=Auth)
    tokens: dict[str, Auth] = field(default_factory=dict)
    tls: Tls = field(default_factory=Tls)
    http: Http = Http()
    allow_writes: bool = False
    redact_people: bool = False
    claims_add: tuple[str, ...] = ()
    claims_remove: tuple[str, ...] = ()
    dialect: dict[str, Any] = field(default_factory=dict)
    given: Given = Given()
    bodies: dict[str, Path] = field(default_factory=dict)
    fixtures: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    scenarios: tuple[Path, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    _secrets: tuple[str, ...] = field(default=(), repr=False)

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, longest first, for redaction."""
        return self._secrets

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
    document: Place | None,
    *,
    folder: Path,
    environ: Mapping[str, str],
    base_url: str | None,
    problems: Problems,
) -> Target:
    if document is None:
        problems.stop()
        raise AssertionError
    data = document.value
    where = _base_url(document, base_url)
    secrets = Secrets(environ=environ, loopback=address.is_loopback(where), folder=folder)
    dialects.check(document / "dialect")
    _check_claims(document / "claims")
    _check_records(document)
    target = Target(
        base_url=where,
        where=document.document.where,
        pack=data.get("pack"),
        auth=secrets.auth(document / "auth"),
        tokens=secrets.tokens(document),
        tls=read_tls(document / "tls", folder, secrets),
        http=_http(document / "http", secrets),
        allow_writes=data.get("allow_writes", False),
        redact_people=data.get("redact_people", False),
        claims_add=tuple(data.get("claims", {}).get("add", ())),
        claims_remove=tuple(data.get("claims", {}).get("remove", ())),
        dialect=data.get("dialect", {}),
        given=Given(**{key.replace("-", "_"): tuple(value) for key, value in data.get("given", {}).items()}),
        bodies=_bodies(document, folder),
        fixtures=dict(_fixtures(document, folder)),
        scenarios=tuple(scenario_files(document, folder)),
        exclusions=tuple(Exclusion(**row) for row in data.get("exclude", ())),
        deviations=tuple(Deviation(**row) for row in data.get("deviation", ())),
        _secrets=tuple(sorted(secrets.values - {""}, key=len, reverse=True)),
    )
    problems.stop()
    return target


def _base_url(document: Place, given: str | None) -> str:
    place = document / "base_url"
    if given is None and place.value is None:
        place.say("missing; expected: the FHIR base address, such as 'https://fhir.example.org/r4'")
        return ""
    try:
        return address.normalised(place.value if given is None else given)
    except ValueError as error:
        said = Redactor().url(str(error))
        if given is None:
            place.say(said)
        else:
            place.problems.say(f"--base-url: {said}")
        return ""


def _http(place: Place, secrets: Secrets) -> Http:
    row = place.value or {}
    return Http(
        timeout=float(row.get("timeout", Http().timeout)),
        proxy=_proxy(place, secrets),
        headers={name: _header(name, value, secrets) for name, value in place.entries("headers")},
        rate=float(row["rate"]) if "rate" in row else None,
        retries=int(row.get("retries", Http().retries)),
    )


def _proxy(place: Place, secrets: Secrets) -> str | None:
    text: str | None = (place / "proxy").value
    if "proxy" in place and "proxy_env" in place:
        (place / "proxy").say("is given beside proxy_env; keep one of them")
    elif "proxy_env" in place:
        text = secrets.variable(place / "proxy_env")
        password = urlsplit(text).password or ""
        secrets.values.update((password, unquote(password)))
    elif text is not None:
        parts = urlsplit(text)
        if "@" in parts.netloc:
            remedy = "put the address in an environment variable and name that: proxy_env"
            (place / "proxy").say(f"holds a user name or password; {remedy}")
        elif parts.scheme not in ("http", "https") or not parts.hostname:
            remedy = "expected something like 'http://proxy.example.org:3128'"
            (place / "proxy").say(f"'{text}' is no http address; {remedy}")
    return text


def _header(name: str, place: Place, secrets: Secrets) -> str:
    if not HEADER_NAME.fullmatch(name):
        place.say(f"'{name}' is no header name; correct it")
    if isinstance(place.value, dict):
        return secrets.variable(place / "value_env")
    if name.lower() == "authorization":
        place.say("credentials have a table of their own; use [auth]")
    elif _SECRET.search(name):
        place.say('is a secret; put it in an environment variable and name that: { value_env = "…" }')
    check_header_text(place)
    return str(place.value)


def _bodies(document: Place, folder: Path) -> dict[str, Path]:
    found = {}
    for kind, place in document.entries("bodies"):
        path = named_file(place, folder)
        if path is None:
            continue
        content = reading.json_file(path, problems=document.problems)
        if content is not None and not (isinstance(content, dict) and content.get("resourceType") == "Consent"):
            place.say(f"'{place.value}' holds no Consent; give one as JSON")
        found[kind] = path
    return found


def _fixtures(document: Place, folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name → JSON pointer → value; a file holds the whole document."""
    for name, place in document.entries("fixtures"):
        if isinstance(place.value, dict):
            for pointer in place.value:
                if not pointer.startswith("/"):
                    (place / pointer).say("is no JSON pointer; it starts with a slash, such as '/contained/0/id'")
            yield name, place.value
        elif (path := named_file(place, folder)) is not None:
            content = reading.json_file(path, problems=document.problems)
            if content is not None and not isinstance(content, dict):
                place.say(f"'{place.value}' holds no JSON object; give the whole document")
            yield name, {"": content}


def scenario_files(document: Place, folder: Path) -> Iterator[Path]:
    """The files of scenario rows that target.toml names: each of them, or all of a folder."""
    for place in document.rows("scenarios"):
        path = folder / Path(place.value).expanduser()
        if not path.is_dir():
            yield from filter(None, [named_file(place, folder)])
            continue
        found = sorted(path.glob("*.toml"))
        if not found:
            place.say(f"no *.toml in the folder '{shown(path)}'; remove the entry, or put the files there")
        yield from found


def _check_claims(place: Place) -> None:
    for part in ("add", "remove"):
        for claim in place.rows(part):
            if sentence := known_claims.unknown(claim.value):
                claim.say(sentence)
    for claim in place.rows("remove"):
        if claim.value in ((place / "add").value or ()):
            claim.say(f"'{claim.value}' is added as well; keep one of them")


def _check_records(document: Place) -> None:
    """Says which dates are none, and which requirement is on record twice."""
    seen: dict[str, str] = {}
    for table in ("exclude", "deviation"):
        for number, row in enumerate(document.rows(table), start=1):
            expires, name = row.value.get("expires"), row.value["requirement"]
            unfilled = [key for key, value in row.value.items() if PLACEHOLDER in value]
            for key in unfilled:
                (row / key).say(f"still holds '{PLACEHOLDER}'; {_ANSWERS.get(key, 'fill it in')}")
            if expires is not None and "expires" not in unfilled and not _is_date(expires):
                (row / "expires").say(f"'{expires}' is no date; write it as 2026-12-31")
            if name in seen:
                (row / "requirement").say(f"'{name}' is in {seen[name]} as well; keep one of them")
            seen.setdefault(name, f"{table}[{number}]")


def _is_date(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
