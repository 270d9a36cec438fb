"""The headers of a request: what HTTP and FHIR need, what the pack documents, and what a check changes on purpose."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jsonpatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.packs import Dialect, HeaderCell, HeaderValue, Pack
    from conformance.wire import Headers

FHIR_JSON = "application/fhir+json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """How a request differs from the ordinary one. Header names in any case.

    `without` leaves headers out, `setting` replaces them (a name given twice is sent twice), `renamed` sends a header
    under another spelling, `repeated` sends it twice as it is, `patches` changes the JSON behind a header of the pack
    before it is encoded (RFC 6902), `encoding` encodes that JSON in another way. `Authorization` stands for the header
    that carries the target's credentials, whatever its name. `flaw` says what is wrong with the request, if anything.
    """

    without: tuple[str, ...] = ()
    setting: tuple[tuple[str, str], ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    repeated: tuple[str, ...] = ()
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


def change_of(cell: HeaderCell, *, fill: Callable[[str], str] = str) -> Change:
    """What a cell of the header matrix changes. `fill` puts values of the run in the place of `{names}`."""
    right = cell.expect in {"done", "accepted", "optional"}
    wrong = None if right else f"{cell.header}: {cell.note or cell.name}"
    if cell.absent:
        return Change(without=(cell.header,), flaw=wrong)
    if cell.repeated:
        return Change(repeated=(cell.header,), flaw=wrong)
    if cell.case:
        renamed = cell.header.upper() if cell.case == "upper" else cell.header.lower()
        return Change(renamed=((cell.header, renamed),), flaw=wrong)
    if cell.patch or cell.encoding:
        patch = tuple(_filled(operation, fill) for operation in cell.patch)
        return Change(patches=((cell.header, patch),), encoding=cell.encoding, flaw=wrong)
    values = cell.values or (cell.value or "",)
    return Change(setting=tuple((cell.header, fill(value)) for value in values), flaw=wrong)


def _filled(value: Any, fill: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(inner, fill) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, fill) for inner in value]
    return fill(value) if isinstance(value, str) else value


def build(
    *,
    pack: Pack,
    dialect: Dialect,
    action: str,
    kind: str,
    credentials: tuple[str, str] | None,
    extra: Headers,
    change: Change = PLAIN,
) -> Headers:
    """The header lines of a request.

    `action` is create, update, close, read, search or delete; `kind` the kind of consent written, such as `dose`, which
    decides what a provenance says; `credentials` name and value of the header that says who is asking.
    """
    writing = action in {"create", "update", "close"}
    lines: dict[str, tuple[str, str]] = {}
    _put(lines, "Accept", FHIR_JSON)
    if writing:
        _put(lines, "Content-Type", FHIR_JSON)
    if credentials is not None:
        _put(lines, *credentials)
    patches = {name.lower(): operations for name, operations in change.patches}
    for group in ("all", "write" if writing else "read"):
        for name, documented in pack.headers.get(group, {}).items():
            patch = patches.get(name.lower())
            encoding = change.encoding if patch is not None else None
            _put(lines, name, value_of(documented, pack, dialect, action, kind, patch=patch or (), encoding=encoding))
    for name, value in extra:
        _put(lines, name, value)

    def called(name: str) -> str:
        return credentials[0] if credentials is not None and name.lower() == "authorization" else name

    for name in change.without:
        lines.pop(called(name).lower(), None)
    for old, new in change.renamed:
        old_name = called(old)
        if old_name.lower() in lines:
            lines[old_name.lower()] = (_spelt_like(new, old_name), lines[old_name.lower()][1])
    twice = [lines[called(name).lower()] for name in change.repeated if called(name).lower() in lines]
    setting = [(called(name), value) for name, value in change.setting]
    replaced = {name.lower() for name, _ in setting}
    kept = [line for key, line in lines.items() if key not in replaced]
    return (*kept, *twice, *setting)


def _spelt_like(new: str, name: str) -> str:
    """The name in the case of `new`, which may be the case of another name."""
    if new.lower() == name.lower():
        return new
    return name.upper() if new.isupper() else name.lower()


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
    chosen = encoding or documented.encoding
    if chosen.startswith("dialect:"):
        chosen = str(getattr(dialect, chosen.partition(":")[2]))
    document = pack.fixture(documented.fixture)
    operations = [*documented.patch_for(action, kind or ""), *patch]
    if operations:
        document = jsonpatch.apply_patch(document, operations)
    return encoded(document, chosen)
