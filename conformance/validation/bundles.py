"""Bundles as wholes: bdl-1 to bdl-12, fullUrl against id, references that another entry answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.validation.invariants import exists, objects
from conformance.validation.primitives import is_absolute
from conformance.validation.references import understood
from conformance.validation.run import shown

if TYPE_CHECKING:
    from conformance.validation.run import Run

Json = dict[str, Any]
REQUESTS = frozenset({"batch", "transaction", "history"})
RESPONSES = frozenset({"batch-response", "transaction-response", "history"})


def check_bundle_r5(run: Run, bundle: Json, path: str) -> None:
    """https://hl7.org/fhir/R5/bundle.html; bdl-3a to bdl-3d, in bundle_r5.py, took the place of bdl-3 and bdl-4."""
    check_bundle(run, bundle, path, r4=False)


def check_bundle(run: Run, bundle: Json, path: str, *, r4: bool = True) -> None:
    """https://hl7.org/fhir/R4/bundle.html; bdl-3 and bdl-4 are looked at per entry."""
    kind = bundle.get("type") if isinstance(bundle.get("type"), str) else None
    entries = objects(bundle, "entry")
    if exists(bundle, "total") and kind not in {"searchset", "history"}:
        run.add("bdl-1", f"{path}.total", f"total is for searchset and history, this is a {kind}")
    if kind == "document":
        identifier = bundle.get("identifier")
        if not (isinstance(identifier, dict) and exists(identifier, "system") and exists(identifier, "value")):
            run.add("bdl-9", path, "a document has an identifier with system and value")
        if "timestamp" not in bundle:
            run.add("bdl-10", path, "a document has a timestamp")
    for wanted, rule, first in (("document", "bdl-11", "Composition"), ("message", "bdl-12", "MessageHeader")):
        if kind == wanted and not (entries and _type_of(entries[0]) == first):
            run.add(rule, f"{path}.entry[0]", f"the first entry of a {kind} is a {first}")
    seen: set[tuple[str, Any]] = set()
    for index, entry in enumerate(bundle["entry"] if isinstance(bundle.get("entry"), list) else ()):
        if isinstance(entry, dict):
            if r4:
                _exchange(run, entry, f"{path}.entry[{index}]", kind)
            _entry(run, entry, f"{path}.entry[{index}]", kind, seen)
    _links(run, bundle, path)


def _exchange(run: Run, entry: Json, path: str, kind: Any) -> None:
    if ("request" in entry) != (kind in REQUESTS):
        word = "has no request" if "request" in entry else "needs a request"
        run.add("bdl-3", path, f"an entry of a {kind} {word}")
    if ("response" in entry) != (kind in RESPONSES):
        word = "has no response" if "response" in entry else "needs a response"
        run.add("bdl-4", path, f"an entry of a {kind} {word}")


def _entry(run: Run, entry: Json, path: str, kind: Any, seen: set[tuple[str, Any]]) -> None:
    if "search" in entry and kind != "searchset":
        run.add("bdl-2", f"{path}.search", f"search is for entries of a searchset, this is a {kind}")
    if not ("resource" in entry or "request" in entry or "response" in entry):
        run.add("bdl-5", path, "an entry has a resource, a request or a response")
    full_url = entry.get("fullUrl")
    if not isinstance(full_url, str):
        return
    resource = entry.get("resource")
    meta = resource.get("meta") if isinstance(resource, dict) else None
    version = meta.get("versionId") if isinstance(meta, dict) else None
    if "/_history/" in full_url:
        run.add("bdl-8", f"{path}.fullUrl", f"{shown(full_url)} names a version; a fullUrl does not")
    if kind != "history":
        key = (full_url, version if isinstance(version, str) else None)
        if key in seen:
            run.add("bdl-7", f"{path}.fullUrl", f"{shown(full_url)} stands twice in the same version")
        seen.add(key)
    _agrees(run, full_url, resource, path)


def _agrees(run: Run, full_url: str, resource: Any, path: str) -> None:
    if not is_absolute(full_url):
        run.add(
            "bundle-full-url",
            f"{path}.fullUrl",
            f"{shown(full_url)} is relative; a fullUrl is an absolute URL or a urn",
        )
        return
    if not isinstance(resource, dict) or not full_url.startswith(("http:", "https:")):
        return
    name, identity = resource.get("resourceType"), resource.get("id")
    meant = understood(full_url)
    if meant.type is None or not isinstance(name, str) or not isinstance(identity, str):
        return
    tail = full_url.split("/_history/", maxsplit=1)[0].rpartition("/")[2]
    if meant.type == name and tail != identity:
        run.add("bundle-full-url", f"{path}.fullUrl", f"{shown(full_url)} disagrees with the id {shown(identity)}")
    elif meant.type != name and tail == identity:
        run.add("bundle-full-url", f"{path}.fullUrl", f"{shown(full_url)} disagrees with the type {name}")


def _links(run: Run, bundle: Json, path: str) -> None:
    """References to another entry of the bundle have the type of what they find there."""
    by_url = {
        entry["fullUrl"]: _type_of(entry) for entry in objects(bundle, "entry") if isinstance(entry.get("fullUrl"), str)
    }
    for literal, place, targets in run.references:
        found = by_url.get(literal) if place.startswith(path) else None
        if isinstance(found, str) and targets and found not in targets and understood(literal).type is None:
            message = f"{shown(literal)} is a {found} in this bundle; allowed: {', '.join(sorted(targets))}"
            run.add("reference-target", f"{place}.reference", message)


def _type_of(entry: Json) -> Any:
    resource = entry.get("resource")
    return resource.get("resourceType") if isinstance(resource, dict) else None
