"""A first target.toml for a server: what it shows of itself, which pack fits, and the file that says so."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance import packs, preflight, token_endpoint
from conformance.model import Unreachable
from conformance.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.target import Target
    from conformance.wire import Received

ACCEPT = (("Accept", "application/fhir+json"),)
VARIABLES = {
    "bearer": ("token_env", "CONSENT_TOKEN"),
    "basic": ("password_env", "CONSENT_PASSWORD"),
    "header": ("value_env", "CONSENT_API_KEY"),
    "client-credentials": ("client_secret_env", "CONSENT_CLIENT_SECRET"),
}
"""Kind → the key that names an environment variable, and the variable that is proposed."""

PROPOSED = {
    "username": "consent-conformance",
    "name": "X-Api-Key",
    "client_id": "consent-conformance",
    "key": "client-key.pem",
    "scope": "system/Consent.cruds",
    "command": "print-token",
}
NEEDS = {
    "none": (),
    "bearer": ("token_env",),
    "basic": ("username", "password_env"),
    "header": ("name", "value_env"),
    "client-credentials": ("client_id", "client_secret_env", "scope"),
    "backend-services": ("client_id", "key", "scope"),
    "command": ("command",),
}
"""Kind → what has to be said of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What a server shows to somebody without credentials."""

    statement: dict[str, Any]
    said: str
    """What GET /metadata gave, in a few words."""
    protected: bool
    smart: dict[str, Any]

    @property
    def fhir(self) -> str:
        return str(self.statement.get("fhirVersion", "4.0.1"))

    @property
    def claims(self) -> tuple[str, ...]:
        """What the server's own statement claims for Consent."""
        return tuple(dict.fromkeys(preflight.claims_in(self.statement))) if self.statement else ()

    @property
    def kind(self) -> str:
        """The kind of credentials that it probably wants."""
        if not self.protected:
            return "none"
        return "client-credentials" if self.smart.get("token_endpoint") else "bearer"


def look(target: Target) -> Seen:
    """Ask for /metadata, for a consent that nobody has, and for .well-known/smart-configuration.

    Raises:
        Unreachable: there is no answer.

    """
    wire = Wire(target, read_only=True)
    try:
        metadata = wire.send("GET", f"{target.base_url}/metadata", ACCEPT)
        read = wire.send("GET", f"{target.base_url}/Consent/consent-conformance-looks", ACCEPT)
        try:
            smart = token_endpoint.smart_configuration(wire, target.base_url)
        except Unreachable:
            smart = {}
    finally:
        wire.close()
    statement = _statement(metadata)
    shown = "a CapabilityStatement" if statement else "no CapabilityStatement"
    return Seen(
        statement=statement,
        said=f"{metadata.status} with {shown}",
        protected=read.status in {401, 403} or metadata.status in {401, 403},
        smart=smart,
    )


def fitting(seen: Seen) -> str:
    """The pack whose profiles the statement names, else the first that goes by statements of this FHIR version."""
    text = json.dumps(seen.statement)
    known = [packs.load(name) for name in packs.available()]
    for pack in known:
        if any(url in text for url in _profiles(pack)):
            return pack.name
    by_version = [pack for pack in known if seen.fhir.startswith(pack.fhir)]
    chosen = [pack for pack in by_version if pack.claims_from == "metadata"] or by_version
    return min((pack.name for pack in chosen), key=len, default="r4")


def written(base_url: str, pack: str, seen: Seen, answers: dict[str, str], *, ca: str = "") -> str:
    """The file. `answers` holds `kind`, the keys of the kind, and `allow_writes` as `true` or `false`."""
    return "\n".join(_lines(base_url, pack, seen, answers, ca)) + "\n"


def _lines(base_url: str, pack: str, seen: Seen, answers: dict[str, str], ca: str) -> Iterator[str]:
    yield "# A server under test. Secrets stay in the environment: this file names variables."
    yield f"base_url = {json.dumps(base_url)}"
    yield f"pack = {json.dumps(pack)}  # what it is held against; consent-conformance requirements --pack {pack}"
    yield f"allow_writes = {answers['allow_writes']}  # whether consents may be created, changed and removed there"
    yield ""
    read = "refused" if seen.protected else "answered"
    yield f"# GET /metadata gave {seen.said}; without credentials a read is {read}."
    yield from _auth(answers)
    yield from _tokens()
    if ca:
        yield from ("", "[tls]", f"ca = {json.dumps(ca)}")
    yield from ("", "[claims]")
    yield from _claims(pack, seen)
    yield from (
        "",
        "# How to talk to it where its sources leave a choice.",
        "[dialect]",
        '# patients = "given"      # it knows only its own patients; or "create", or "any" made-up reference',
        "# settle = 2             # seconds that a search or a history may lag behind a write",
        '# zone = "Europe/Stockholm"',
        "",
        "# What exists already: for runs that only read, and for dialect.patients = given.",
        "[given]",
        '# consents = ["123"]',
        '# patients = ["100", "101", "102"]',
    )


def _auth(answers: dict[str, str]) -> Iterator[str]:
    kind = answers["kind"]
    yield "[auth]"
    yield f"kind = {json.dumps(kind)}  # or {', '.join(other for other in NEEDS if other != kind)}"
    for key in NEEDS[kind]:
        value = json.dumps(answers[key].split() if key == "command" else answers[key])
        yield f"{key} = {value}{'  # the name of the variable, never the secret' if key.endswith('_env') else ''}"
    if kind in {"client-credentials", "backend-services"}:
        yield '# token_url = "https://…"  # without it .well-known/smart-configuration names the token endpoint'


def _tokens() -> Iterator[str]:
    yield from (
        "",
        "# Further tokens make more requirements testable.",
        "[tokens]",
        '# narrow-scope = { token_env = "CONSENT_READER_TOKEN" }   # may only read',
        '# expired = { token_env = "CONSENT_EXPIRED_TOKEN" }',
    )


def _claims(name: str, seen: Seen) -> Iterator[str]:
    pack = packs.load(name)
    if pack.claims_from == "metadata":
        yield f"# Its CapabilityStatement claims: {', '.join(seen.claims[1:]) or 'nothing about Consent'}."
        if not seen.claims:
            yield 'add = ["read", "search", "search:patient"]  # proposed, since it shows no statement; correct them'
        else:
            yield '# add = ["paging", "prefer", "strict-handling", "validation"]  # what a statement has no place for'
        return
    own = {row.claim for row in pack.claims}
    yield f"# The pack claims: {', '.join(sorted(own))}."
    missing = sorted(own & _STATABLE - set(seen.claims)) if seen.claims else []
    yield f"# remove = {json.dumps(missing)}" + ("  # not in its CapabilityStatement" if missing else "")


_STATABLE = {claim for claims in preflight.INTERACTIONS.values() for claim in claims}


def _profiles(pack: packs.Pack) -> Iterator[str]:
    for path in pack.definitions:
        if path.name.startswith("StructureDefinition-"):
            yield str(json.loads(path.read_text(encoding="utf-8")).get("url"))


def _statement(received: Received) -> dict[str, Any]:
    try:
        found = json.loads(received.body) if received.status == 200 else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and found.get("resourceType") == "CapabilityStatement" else {}
