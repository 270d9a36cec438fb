"""The invariants of the data types, and of the resources around Consent, natively and keyed by constraint key.

A rule takes the object that carries the constraint and answers True, False, or None for "cannot be decided". `exists`
follows FHIRPath: an element whose value is missing but which has extensions exists. Values of a wrong JSON type are
somebody else's finding; a rule that meets one answers True.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.validation.bundle_r5 import BUNDLE_R5
from conformance.validation.period_order import order

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
Invariant = "Callable[[Json], bool | None]"

UCUM = "http://unitsofmeasure.org"


def exists(value: Json, name: str) -> bool:
    return name in value or f"_{name}" in value


def either(value: Json, *names: str) -> bool:
    return any(exists(value, name) for name in names)


def choice_exists(value: Json, name: str) -> bool:
    return any(key.lstrip("_").startswith(name) for key in value)


def objects(value: Json, name: str) -> list[Json]:
    """The objects of a repeating element, whatever else stands there."""
    items = value.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def distinct(values: list[Any]) -> bool:
    seen: list[Any] = []
    for value in values:
        if value in seen:
            return False
        seen.append(value)
    return True


def number(value: Any) -> Any:
    """The value as a number, or None when it is none."""
    return None if isinstance(value, (bool, str, list, dict)) else value


def per_1(period: Json) -> bool | None:
    start, end = period.get("start"), period.get("end")
    if not (isinstance(start, str) and isinstance(end, str)):
        return True
    return {"ok": True, "violation": False, "undetermined": None}[order(start, end)]


def unit_goes_with_value(quantity: Json) -> bool:
    system = quantity.get("system")
    return (exists(quantity, "code") or not exists(quantity, "value")) and system in (None, UCUM)


def age_1(age: Json) -> bool:
    value = number(age.get("value"))
    return unit_goes_with_value(age) and (value is None or value > 0)


def cnt_3(count: Json) -> bool:
    value = count.get("value")
    return unit_goes_with_value(count) and count.get("code") in (None, "1") and "." not in str(value)


def drt_1(duration: Json) -> bool:
    return not exists(duration, "code") or (duration.get("system") == UCUM and exists(duration, "value"))


def rat_1(ratio: Json) -> bool:
    numerator, denominator = "numerator" in ratio, "denominator" in ratio
    return numerator == denominator and (numerator or "extension" in ratio)


def rng_2(value: Json) -> bool | None:
    low, high = value.get("low"), value.get("high")
    if not (isinstance(low, dict) and isinstance(high, dict)):
        return True
    lower, upper = number(low.get("value")), number(high.get("value"))
    if lower is None or upper is None:
        return True
    if (low.get("system"), low.get("code", low.get("unit"))) != (
        high.get("system"),
        high.get("code", high.get("unit")),
    ):
        return True if lower <= upper else None
    return bool(lower <= upper)


def not_negative(name: str) -> Callable[[Json], bool]:
    def holds(value: Json) -> bool:
        found = number(value.get(name))
        return found is None or bool(found >= 0)

    return holds


def needs(name: str, *others: str) -> Callable[[Json], bool]:
    """Where `name` is, one of the others is."""
    return lambda value: not exists(value, name) or either(value, *others)


def not_both(one: str, other: str) -> Callable[[Json], bool]:
    return lambda value: not (exists(value, one) and exists(value, other))


def exactly_one(one: str, other: str) -> Callable[[Json], bool]:
    return lambda value: exists(value, one) != exists(value, other)


def tim_9(repeat: Json) -> bool:
    when = repeat.get("when")
    general = isinstance(when, list) and any(code in {"C", "CM", "CD", "CV"} for code in when if isinstance(code, str))
    return not exists(repeat, "offset") or (exists(repeat, "when") and not general)


def trd_1(trigger: Json) -> bool:
    return not (exists(trigger, "data") and choice_exists(trigger, "timing"))


def trd_3(trigger: Json) -> bool:
    kind = trigger.get("type")
    if kind == "named-event":
        return exists(trigger, "name")
    if kind == "periodic":
        return choice_exists(trigger, "timing")
    return not (isinstance(kind, str) and kind.startswith("data-")) or exists(trigger, "data")


def cpb_7(statement: Json) -> bool:
    return distinct([(item.get("profile"), item.get("mode")) for item in objects(statement, "document")])


def cpb_9(rest: Json) -> bool:
    return distinct([item["type"] for item in objects(rest, "resource") if "type" in item])


def cpb_12(resource: Json) -> bool:
    return distinct([item["name"] for item in objects(resource, "searchParam") if "name" in item])


def cpb_3(statement: Json) -> bool:
    return statement.get("kind") == "instance" or not any(
        "endpoint" in item for item in objects(statement, "messaging")
    )


def cpb_15(statement: Json) -> bool:
    return statement.get("kind") != "capability" or (
        not exists(statement, "implementation") and exists(statement, "software")
    )


def cpb_16(statement: Json) -> bool:
    return statement.get("kind") != "requirements" or not either(statement, "implementation", "software")


def computer_name(value: Json) -> bool:
    name = value.get("name")
    if not isinstance(name, str):
        return True
    return (
        name[:1].isascii()
        and name[:1].isupper()
        and name.replace("_", "a").isalnum()
        and name.isascii()
        and len(name) <= 255
    )


def not_home(value: Json) -> bool:
    return value.get("use") != "home"


def grp_1(group: Json) -> bool:
    return not exists(group, "member") or group.get("actual") is True


def ctm_1(participant: Json) -> bool:
    if not exists(participant, "onBehalfOf"):
        return True
    member = participant.get("member")
    reference = member.get("reference") if isinstance(member, dict) else None
    return (isinstance(reference, str) and "Practitioner/" in reference) or None  # type: ignore[return-value]


def one_content(parameter: Json) -> bool:
    """Parameters.parameter: parts, or exactly one of value and resource."""
    contents = [choice_exists(parameter, "value"), "resource" in parameter, "part" in parameter]
    return sum(contents) == 1


INVARIANTS: dict[str, Callable[[Json], bool | None]] = {
    "per-1": per_1,
    "att-1": needs("data", "contentType"),
    "age-1": age_1,
    "cnt-3": cnt_3,
    "cpt-2": needs("value", "system"),
    "dis-1": unit_goes_with_value,
    "drt-1": drt_1,
    "qty-3": needs("code", "system"),
    "sqty-1": lambda value: not exists(value, "comparator"),
    "rat-1": rat_1,
    "rng-2": rng_2,
    "tim-1": needs("duration", "durationUnit"),
    "tim-2": needs("period", "periodUnit"),
    "tim-4": not_negative("duration"),
    "tim-5": not_negative("period"),
    "tim-6": needs("periodMax", "period"),
    "tim-7": needs("durationMax", "duration"),
    "tim-8": needs("countMax", "count"),
    "tim-9": tim_9,
    "tim-10": not_both("timeOfDay", "when"),
    "drq-1": exactly_one("path", "searchParam"),
    "drq-2": exactly_one("path", "searchParam"),
    "exp-1": lambda value: either(value, "expression", "reference"),
    "trd-1": trd_1,
    "trd-2": needs("condition", "data"),
    "trd-3": trd_3,
    "ppc-1": lambda consent: either(consent, "policy", "policyRule"),
    "cpb-0": computer_name,
    "cpb-1": lambda statement: either(statement, "rest", "messaging", "document"),
    "cpb-2": lambda statement: either(statement, "description", "software", "implementation"),
    "cpb-3": cpb_3,
    "cpb-7": cpb_7,
    "cpb-9": cpb_9,
    "cpb-12": cpb_12,
    "cpb-14": lambda statement: statement.get("kind") != "instance" or exists(statement, "implementation"),
    "cpb-15": cpb_15,
    "cpb-16": cpb_16,
    "org-1": lambda organization: either(organization, "identifier", "name"),
    "org-2": not_home,
    "org-3": not_home,
    "pat-1": lambda contact: either(contact, "name", "telecom", "address", "organization"),
    "qrs-1": not_both("answer", "item"),
    "grp-1": grp_1,
    **BUNDLE_R5,
    "cod-1": needs("display", "code"),
    "ref-2": lambda reference: either(reference, "reference", "identifier", "display", "extension"),
}

SHARED_KEYS: dict[tuple[str, str], Callable[[Json], bool | None]] = {
    ("TestReport.setup.action", "inv-1"): exactly_one("operation", "assert"),
    ("TestReport.test.action", "inv-2"): exactly_one("operation", "assert"),
    ("Parameters.parameter", "inv-1"): one_content,
}
"""Keys that the specification gave to several constraints, by the element that carries them."""


def invariant(path: str, key: str) -> Callable[[Json], bool | None] | None:
    """The rule of a key on an element; None for one that is not known here."""
    return SHARED_KEYS.get((path, key)) or INVARIANTS.get(key)


NEVER_FIRE = frozenset({"ppc-2", "ppc-3", "ppc-4", "ppc-5"})
"""Published with an expression that is always true."""

ELSEWHERE = frozenset({"dom-2", "dom-3", "dom-4", "dom-5", "dom-6", "ref-1", "txt-1", "txt-2", "ele-1", "ext-1"}) | {
    f"bdl-{number}" for number in range(1, 13)
}
"""Checked where the structure is read: they look beyond one object."""
