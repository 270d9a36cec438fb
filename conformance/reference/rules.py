"""What a body must be to be stored: the R4B models of fhir.resources, and the rules of R4 that those leave out.

Each rule is a function that yields what it minds as sentences.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from conformance.reference import dates
from conformance.reference.matching import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.reference.messages import Resource

STATUSES = frozenset({"draft", "proposed", "active", "rejected", "inactive", "entered-in-error"})
MEANINGS = frozenset({"instance", "related", "dependents", "authoredby"})
TARGETS = {
    "patient": frozenset({"Patient"}),
    "performer": frozenset({"Organization", "Patient", "Practitioner", "PractitionerRole", "RelatedPerson"}),
    "organization": frozenset({"Organization"}),
    "sourceReference": frozenset({"Consent", "DocumentReference", "Contract", "QuestionnaireResponse"}),
}
ACTORS = frozenset(
    {
        "CareTeam",
        "Device",
        "Group",
        "Organization",
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "RelatedPerson",
    }
)
NESTED_TARGETS = {
    "actor": ("reference", ACTORS),
    "verification": ("verifiedWith", frozenset({"Patient", "RelatedPerson"})),
}
"""Backbone element → its reference and the types that this may refer to."""
BOOLEANS = frozenset({"verified", "userSelected", "valueBoolean"})
PERIODS = frozenset({"period", "dataPeriod", "valuePeriod"})
DATE_TIMES = frozenset({"dateTime", "verificationDate", "valueDateTime"})
ACTIVE = re.compile(r"<\s*(script|i?frame|object|embed|form)\b|\son\w+\s*=|javascript:", re.IGNORECASE)
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)


def modelled(resource: Resource) -> Iterator[str]:
    """Unknown elements, wrong types, missing elements: as the model of fhir.resources says."""
    yield from modelled_as(resource["resourceType"], resource)


def modelled_as(kind: str, value: Any) -> Iterator[str]:
    """The same of a value of this type, such as Coding."""
    model = _model(kind)
    if model is None:
        return
    from pydantic import ValidationError  # noqa: PLC0415 - loaded with the first write, not with the server

    try:
        model.model_validate(value)
    except ValidationError as wrong:
        for error in wrong.errors(include_url=False, include_context=False, include_input=False):
            yield f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"


@cache
def _model(kind: str) -> Any:
    from importlib import import_module  # noqa: PLC0415 - as above

    try:
        return getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    except ModuleNotFoundError:
        return None


def without_empty_values(resource: Resource) -> Iterator[str]:
    """No empty string, list or object, and null only among the values of a list (json.html)."""
    for path, value in walked(resource):
        in_list = path.endswith("]")
        if value in ("", [], {}) or (value is None and not in_list):
            yield f"{path}: is empty"


def with_a_status_of_r4(resource: Resource) -> Iterator[str]:
    if "status" in resource and resource["status"] not in STATUSES:
        yield f"status: {resource['status']!r} is not one of {', '.join(sorted(STATUSES))}"


def with_a_category(resource: Resource) -> Iterator[str]:
    if not resource.get("category"):
        yield "category: at least one is needed"


def with_a_policy(resource: Resource) -> Iterator[str]:
    """ppc-1."""
    if not resource.get("policy") and not resource.get("policyRule"):
        yield "ppc-1: a policy or a policyRule is needed"


def with_periods_in_order(resource: Resource) -> Iterator[str]:
    """per-1, where both bounds are dates or times at all."""
    for path, value in walked(resource):
        if _name(path) not in PERIODS or not isinstance(value, dict):
            continue
        bounds = [value[bound] for bound in ("start", "end") if bound in value]
        unreadable = [bound for bound in bounds if not dates.is_date_time(bound)]
        if unreadable:
            yield f"{path}: {unreadable[0]!r} is not a dateTime"
        elif dates.inverted(value):
            yield f"per-1: {path} ends before it starts"


def with_real_dates(resource: Resource) -> Iterator[str]:
    for path, value in walked(resource):
        if _name(path) in DATE_TIMES and not dates.is_date_time(value):
            yield f"{path}: {value!r} is not a dateTime"


def with_relative_or_absolute_references(resource: Resource) -> Iterator[str]:
    """A literal reference is Type/id, a fragment, or an absolute URI (references.html#literal)."""
    for path, value in walked(resource):
        if _name(path) == "reference" and isinstance(value, str) and not _is_reference(value):
            yield f"{path}: {value!r} is not a reference"


def _is_reference(value: str) -> bool:
    if value.startswith("#") or re.match(r"[a-z][a-z0-9+.\-]*:\S+$", value, re.IGNORECASE):
        return " " not in value
    return re.fullmatch(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}(/_history/[A-Za-z0-9\-.]{1,64})?", value) is not None


def with_a_well_formed_id(resource: Resource) -> Iterator[str]:
    if "id" in resource and not (isinstance(resource["id"], str) and ID.fullmatch(resource["id"])):
        yield f"id: {resource['id']!r} is not 1 to 64 letters, digits, hyphens and full stops"


def without_active_narrative(resource: Resource) -> Iterator[str]:
    """Narrative holds no script, no event attribute, no frame and no form (narrative.html)."""
    text = resource.get("text")
    div = text.get("div") if isinstance(text, dict) else None
    if isinstance(div, str) and ACTIVE.search(div):
        yield "text.div: active content"


def with_provision_types_of_r4(resource: Resource) -> Iterator[str]:
    """The codes of Consent.provision.type and Consent.provision.data.meaning, at every depth."""
    for path, value in walked(resource):
        if re.fullmatch(r"provision(\.provision\[\d+\])*\.type", path) and value not in {"deny", "permit"}:
            yield f"{path}: {value!r} is neither deny nor permit"
        if _name(path) == "meaning" and value not in MEANINGS:
            yield f"{path}: {value!r} is not one of {', '.join(sorted(MEANINGS))}"


def with_references_to_the_right_types(resource: Resource) -> Iterator[str]:
    """A reference of the form Type/id names a type that the element may refer to (consent.html)."""
    for name, types in TARGETS.items():
        for value in listed(resource.get(name)):
            yield from _to_another_type(name, value, types)
    for path, value in walked(resource):
        name, types = NESTED_TARGETS.get(_name(path).partition("[")[0], ("", frozenset()))
        if isinstance(value, dict) and name in value:
            yield from _to_another_type(f"{path}.{name}", value[name], types)


def _to_another_type(path: str, reference: Any, types: frozenset[str]) -> Iterator[str]:
    kind, slash, _ = str(reference.get("reference", "")).partition("/")
    if slash and kind[:1].isupper() and kind not in types:
        yield f"{path}: a reference to {kind}, not to {' or '.join(sorted(types))}"


def with_booleans_as_json_has_them(resource: Resource) -> Iterator[str]:
    """Booleans are written without quotes (json.html#primitive); the models take words for them."""
    for path, value in walked(resource):
        if _name(path) in BOOLEANS and not isinstance(value, bool):
            yield f"{path}: {value!r} is neither true nor false"


EVERY_RESOURCE: tuple[Callable[[Resource], Iterator[str]], ...] = (
    modelled,
    without_empty_values,
    with_booleans_as_json_has_them,
    with_a_well_formed_id,
    with_relative_or_absolute_references,
    without_active_narrative,
)
"""In this order: what is modelled well may be looked into without care."""
CONSENT_OF_R4: tuple[Callable[[Resource], Iterator[str]], ...] = (
    with_a_status_of_r4,
    with_provision_types_of_r4,
    with_references_to_the_right_types,
    with_a_category,
    with_a_policy,
    with_periods_in_order,
    with_real_dates,
)


def walked(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Return every value below with its path, such as `provision.actor[0].role`, parents before children."""
    found: list[tuple[str, Any]] = []
    _walk(value, path, found)
    return found


def _walk(value: Any, path: str, found: list[tuple[str, Any]]) -> None:
    if isinstance(value, dict):
        for key, child in value.items():
            where = f"{path}.{key}" if path else key
            found.append((where, child))
            if isinstance(child, dict | list):
                _walk(child, where, found)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            where = f"{path}[{index}]"
            found.append((where, child))
            if isinstance(child, dict | list):
                _walk(child, where, found)


def _name(path: str) -> str:
    return path.rpartition(".")[2]
