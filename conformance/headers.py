"""The headers of a request: what HTTP and FHIR need, what the pack documents, and what a check changes on purpose."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jsonpatch

if TYPE_CHECKING:
    from conformance.credentials import Auth
    from conformance.packs import Dialect, HeaderCell, HeaderValue, Pack
    from conformance.wire import Headers

FHIR_JSON = "application/fhir+json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """How a request differs from the ordinary one. Header names in any case.

    `without` leaves headers out, `setting` replaces them (a name given twice is sent twice), `renamed` sends a header
    under another spelling, `patches` changes the JSON behind a header of the pack before it is encoded (RFC 6902),
    `encoding` encodes that JSON in another way. `flaw` says what is wrong with the request, if anything.
    """

    without: tuple[str, ...] = ()
    setting: tuple[tuple[str, str], ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    patches: tuple[tuple[str, tuple[dict[str, Any], ...]], ...] = ()
    encoding: str | None = None
    flaw: str | None = None


PLAIN = Change()


def without(*names: str, flaw: str | None = None) -> Change:
    """The request without these headers."""
    return Change(without=names, flaw=flaw)


def setting(name: str, *values: str, flaw: str | None = None) -> Change:
    """The request with this header instead; several values are sent as several header lines."""
    return Change(setting=tuple((name, value) for value in values), flaw=flaw)


def change_of(cell: HeaderCell, *, plain: bool = False) -> Change:
    """What a cell of the header matrix changes; nothing when the request is the positive control."""
    if plain:
        return PLAIN
    wrong = f"{cell.header}: {cell.note or cell.name}" if cell.expect != "done" else None
    if cell.absent:
        return Change(without=(cell.header,), flaw=wrong)
    if cell.case:
        renamed = cell.header.upper() if cell.case == "upper" else cell.header.lower()
        return Change(renamed=((cell.header, renamed),), flaw=wrong)
    if cell.patch or cell.encoding:
        return Change(patches=((cell.header, cell.patch),), encoding=cell.encoding, flaw=wrong)
    values = cell.values or (cell.value or "",)
    return Change(setting=tuple((cell.header, value) for value in values), flaw=wrong)


def build(
    *, pack: Pack, dialect: Dialect, action: str, kind: str, token: str | None, extra: Headers, change: Change = PLAIN
) -> Headers:
    """The header lines of a request.

    `action` is create, update, close, read, search or delete; `kind` the kind of consent written, such as `dose`, which
    decides what a provenance says; `token` the Authorization header's value.
    """
    writing = action in {"create", "update", "close"}
    lines: dict[str, tuple[str, str]] = {}
    _put(lines, "Accept", FHIR_JSON)
    if writing:
        _put(lines, "Content-Type", FHIR_JSON)
    if token is not None:
        _put(lines, "Authorization", token)
    patches = {name.lower(): operations for name, operations in change.patches}
    for group in ("all", "write" if writing else "read"):
        for name, documented in pack.headers.get(group, {}).items():
            patch = patches.get(name.lower())
            encoding = change.encoding if patch is not None else None
            _put(lines, name, value_of(documented, pack, dialect, action, kind, patch=patch or (), encoding=encoding))
    for name, value in extra:
        _put(lines, name, value)
    for name in change.without:
        lines.pop(name.lower(), None)
    for old, new in change.renamed:
        if old.lower() in lines:
            lines[old.lower()] = (new, lines[old.lower()][1])
    replaced = {name.lower() for name, _ in change.setting}
    kept = [line for key, line in lines.items() if key not in replaced]
    return (*kept, *change.setting)


def authorization(auth: Auth) -> str | None:
    """The value of Authorization for these credentials; None where another header or none carries them."""
    if auth.kind == "bearer":
        return f"Bearer {auth.token}"
    if auth.kind == "basic":
        return "Basic " + base64.b64encode(f"{auth.username}:{auth.password}".encode()).decode("ascii")
    return None


def encoded(document: Any, encoding: str) -> str:
    """JSON for a header: `base64` (RFC 4648 §4), `base64url` without padding, or `raw` on one line."""
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    if encoding == "base64":
        return base64.b64encode(text.encode()).decode("ascii")
    if encoding == "base64url":
        return base64.urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")
    return text


def _put(lines: dict[str, tuple[str, str]], name: str, value: str) -> None:
    lines[name.lower()] = (name, value)


def value_of(
    documented: HeaderValue,
    pack: Pack,
    dialect: Dialect,
    action: str,
    kind: str | None,
    *,
    patch: tuple[dict[str, Any], ...] = (),
    encoding: str | None = None,
) -> str:
    """The value that the pack documents for this action, with a change to the JSON behind it if there is one."""
    if documented.fixture is None:
        return (documented.value or "").replace("{uuid}", str(uuid.uuid4()))
    document = pack.fixture(documented.fixture)
    operations = [*documented.patch_for(action, kind or ""), *patch]
    if operations:
        document = jsonpatch.apply_patch(document, operations)
    chosen = encoding or documented.encoding
    if chosen.startswith("dialect:"):
        chosen = str(getattr(dialect, chosen.partition(":")[2]))
    return encoded(document, chosen)
