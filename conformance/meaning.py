"""Whether two Consents mean the same: who, what state, which rules, from when until when.

A server may add elements, normalise an offset, write a reference absolutely, and put list entries in another order.
It may not lose or change what decides over access (http.html#create and #update: the resource is the new content).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance import period

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json = dict[str, Any]

RULE = (
    "type",
    "period",
    "actor",
    "action",
    "securityLabel",
    "purpose",
    "class",
    "code",
    "dataPeriod",
    "data",
    "provision",
)
"""The elements of a provision that decide what it allows (consent-definitions.html, Consent.provision)."""


def patient_element(resource: Mapping[str, Any]) -> str:
    """The element that says whom a consent is about: `patient`, and `subject` from the ballot of R5 on."""
    return "subject" if "subject" in resource and "patient" not in resource else "patient"


def patient_of(resource: Mapping[str, Any]) -> str:
    """The reference to whom a consent is about; empty when there is none."""
    named = resource.get(patient_element(resource))
    reference = named.get("reference") if isinstance(named, dict) else None
    return reference if isinstance(reference, str) else ""


def codings(concepts: Any) -> list[Json]:
    """The codings of these CodeableConcepts that have a code, whatever else stands in their place."""
    rows = [one.get("coding") for one in concepts if isinstance(one, dict)] if isinstance(concepts, list) else []
    found = [one for some in rows if isinstance(some, list) for one in some if isinstance(one, dict)]
    return [one for one in found if isinstance(one.get("code"), str) and isinstance(one.get("system", ""), str)]


def coded(concepts: Any) -> list[tuple[str, str]]:
    """System and code of each of their codings that has both."""
    return [(one["system"], one["code"]) for one in codings(concepts) if one.get("system")]


def lost(sent: Json, read: Json) -> list[str]:
    """What of the meaning of `sent` is missing or changed in `read`, a line each with the path."""
    read = with_contained_ids_of(sent, read)
    lines = list(_lost_value("Consent.status", sent.get("status"), read.get("status")))
    whom = patient_element(sent)
    lines += _lost_reference(f"Consent.{whom}", sent.get(whom), read.get(whom))
    lines += _lost_rule("Consent.provision", sent.get("provision"), read.get("provision"))
    return lines


def with_contained_ids_of(sent: Json, read: Json) -> Json:
    """`read`, whose contained resources have the ids that they were sent with, where they are the same otherwise.

    references.html#contained: such an id names nothing outside its resource, so that a server may give another one.
    """
    contained = _contained(read)
    ids = {
        f"#{one.get('id')}": f"#{was.get('id')}"
        for was, one in zip(_contained(sent), contained, strict=False)
        if {**was, "id": ""} == {**one, "id": ""}
    }
    if all(now == before for now, before in ids.items()):
        return read
    renamed: Json = _renamed(read, ids)
    renamed["contained"] = [{**one, "id": ids.get(f"#{one.get('id')}", f"#{one.get('id')}")[1:]} for one in contained]
    return renamed


def _contained(resource: Json) -> list[Json]:
    held = resource.get("contained")
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []


def _renamed(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            name: ids.get(inner, inner) if name == "reference" and isinstance(inner, str) else _renamed(inner, ids)
            for name, inner in value.items()
        }
    return [_renamed(inner, ids) for inner in value] if isinstance(value, list) else value


def lost_element(name: str, sent: Any, read: Any) -> list[str]:
    """What of one element of a Consent is missing or changed: a reference by what it names, a concept by its codes."""
    if isinstance(sent, dict) and "reference" in sent:
        return list(_lost_reference(f"Consent.{name}", sent, read))
    return list(_lost_element(f"Consent.{name}", name, sent, read))


def lost_period(path: str, sent: Any, read: Any) -> list[str]:
    """What differs between two periods: an end or start gone, invented, moved, or of another precision."""
    sent, read = (sent if isinstance(sent, dict) else {}), (read if isinstance(read, dict) else {})
    return [
        f"{path}.{bound}: {_shown(sent.get(bound))} became {_shown(read.get(bound))}"
        for bound in ("start", "end")
        if not same_moment(sent.get(bound), read.get(bound))
    ]


def same_moment(one: Any, other: Any) -> bool:
    """Two bounds cover the same time: the same instants in the same precision (datatypes.html#Period); None is open."""
    if one is None or other is None:
        return one is other
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    try:
        return bool(period.same({"end": one}, {"end": other}))
    except ValueError:
        return one == other


def _lost_rule(path: str, sent: Any, read: Any) -> Iterator[str]:
    if not isinstance(sent, dict):
        return
    if not isinstance(read, dict):
        yield f"{path}: gone"
        return
    for name in RULE:
        if name in sent:
            yield from _lost_element(f"{path}.{name}", name, sent[name], read.get(name))


def _lost_element(path: str, name: str, sent: Any, read: Any) -> Iterator[str]:
    if name in {"period", "dataPeriod"}:
        yield from lost_period(path, sent, read)
    elif isinstance(sent, list):
        rest = list(read) if isinstance(read, list) else []
        for index, one in enumerate(sent):
            kept = next((other for other in rest if not list(_lost_item(path, name, one, other))), None)
            if kept is None:
                yield f"{path}[{index}]: {_shown(one)} is gone"
            else:
                rest.remove(kept)
    else:
        yield from _lost_value(path, sent, read)


def _lost_item(path: str, name: str, sent: Any, read: Any) -> Iterator[str]:
    if name == "provision":
        yield from _lost_rule(path, sent, read)
    elif isinstance(sent, dict) and isinstance(read, dict):
        for key, value in sent.items():
            if key == "reference" and isinstance(value, dict):
                yield from _lost_reference(f"{path}.{key}", value, read.get(key))
            elif key in {"coding", "role"} or isinstance(value, dict | list):
                yield from _lost_codes(f"{path}.{key}", value, read.get(key))
            elif key not in {"display", "text", "id"}:
                yield from _lost_value(f"{path}.{key}", value, read.get(key))
    else:
        yield from _lost_value(path, sent, read)


def _lost_codes(path: str, sent: Any, read: Any) -> Iterator[str]:
    """Codes by system and code; displays and texts are for people."""
    gone = set(_codes(sent)) - set(_codes(read))
    if gone:
        yield f"{path}: {', '.join(sorted('|'.join(code) for code in gone))} is gone"


def _codes(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if isinstance(value.get("code"), str):
            yield str(value.get("system", "")), value["code"]
        for inner in value.values():
            yield from _codes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _codes(inner)


def _lost_reference(path: str, sent: Any, read: Any) -> Iterator[str]:
    """The same Type/id, whether the reference is relative or absolute."""
    wanted = sent.get("reference") if isinstance(sent, dict) else None
    found = read.get("reference") if isinstance(read, dict) else None
    if isinstance(wanted, str) and not (isinstance(found, str) and _tail(found) == _tail(wanted)):
        yield f"{path}: {_shown(wanted)} became {_shown(found)}"


def _tail(reference: str) -> str:
    return reference if reference.startswith("#") else "/".join(reference.partition("/_history")[0].split("/")[-2:])


def _lost_value(path: str, sent: Any, read: Any) -> Iterator[str]:
    if sent is not None and sent != read:
        yield f"{path}: {_shown(sent)} became {_shown(read)}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    return text if len(text) <= 100 else text[:97] + "…"
