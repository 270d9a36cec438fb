"""The seam to the FHIRPath engine: whether a profile's constraint holds for a value.

The engine is `fhirpathpy`, loaded when the first constraint is met. What it lacks or gets wrong is put right through
its own table of functions: hasValue, htmlChecks and conversions of traces; and comparisons, since it compares dates
that come from JSON as text, so that zones and unequal precision go wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from conformance.validation.narrative import flaws
from conformance.validation.primitives import date_time, time

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
MODELS = {"4.0": "r4", "5.0": "r5", "5.0-ballot": "r5"}
_UNSUPPORTED = re.compile(
    r"\b(resolve|memberOf|subsumes|subsumedBy|conformsTo|elementDefinition|slice|checkModifiers)\s*\("
)
_CORE_KEYS = frozenset({"ele-1", "ext-1"})
_ORDERS = re.compile("<|>")


@dataclass(frozen=True, slots=True)
class Answer:
    """`problem` says why there is no answer."""

    holds: bool = True
    problem: str | None = None


def is_core(key: str, constraint: Json) -> bool:
    """Whether a constraint is one of the specification's own, which snapshots repeat and which is checked natively."""
    return (
        key in _CORE_KEYS
        or constraint.get("source", "").startswith("http://hl7.org/fhir/StructureDefinition/")
        or key == "dom-6"
    )


def holds(expression: str, value: Any, *, resource: Json, root: Json, path: str, fhir: str) -> Answer:
    """Whether an expression is true for a value. Everything that keeps the engine from an answer becomes a problem."""
    unsupported = _UNSUPPORTED.search(expression)
    if unsupported:
        return Answer(problem=f"{unsupported[1]}() is not supported")
    try:
        evaluate = _compiled(expression, MODELS[fhir])
        found = evaluate(_plain(value), {"resource": _plain(resource), "rootResource": _plain(root)}, path)
    except RecursionError:
        raise
    except Exception as error:  # noqa: BLE001 - the engine raises bare Exceptions for what it cannot do
        return Answer(problem=f"the FHIRPath engine gave up on {expression!r}: {error}")
    if found == []:
        if _ORDERS.search(expression):
            return Answer(problem=f"{expression!r} compares values that cannot be ordered")
        return Answer(holds=False)
    if len(found) == 1 and isinstance(found[0], bool):
        return Answer(holds=found[0])
    return Answer(holds=True)  # a single value that is there counts as true (FHIRPath §5.1.4)


@lru_cache(maxsize=512)
def _compiled(expression: str, model: str) -> Callable[[Any, Json, str], list[Any]]:
    from fhirpathpy import evaluate  # noqa: PLC0415 - a parser of its own: not before a constraint needs it
    from fhirpathpy.models import models  # noqa: PLC0415 - likewise

    def run(value: Any, context: Json, path: str) -> list[Any]:
        wrapped = expression if "$this" not in expression else f"select({expression})"
        base = re.sub(":[^.]*", "", path)
        options = {"userInvocationTable": _FUNCTIONS}
        return list(evaluate(value, {"base": base, "expression": wrapped}, context, models[model], options))

    return run


def _plain(value: Any) -> Any:
    """The engine writes into what it is given, and knows decimals as Decimal only."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def compared(one: Any, other: Any) -> int | None:
    """-1, 0, 1, or None where FHIRPath has no answer (http://hl7.org/fhirpath/N1/#comparison)."""
    if isinstance(one, str) and isinstance(other, str) and date_time(one) is True and date_time(other) is True:
        return _dates(one, other)
    if isinstance(one, str) and isinstance(other, str) and time(one) is True and time(other) is True:
        one, other = (
            one.rstrip("0").rstrip(".") if "." in one else one,
            other.rstrip("0").rstrip(".") if "." in other else other,
        )
    if isinstance(one, bool) or isinstance(other, bool) or isinstance(one, str) != isinstance(other, str):
        raise TypeError(f"{one!r} and {other!r} have no order")
    return int(one > other) - int(one < other)


def _dates(one: str, other: str) -> int | None:
    if "T" in one and "T" in other:
        first, second = _instant(one), _instant(other)
        return int(first > second) - int(first < second)
    one, other = one.partition("T")[0], other.partition("T")[0] if "T" in other else other
    size = min(len(one), len(other))
    if one[:size] != other[:size]:
        return 1 if one[:size] > other[:size] else -1
    return 0 if len(one) == len(other) else None


def _instant(text: str) -> tuple[datetime, str]:
    match = re.fullmatch(r"(.{17})(..)(?:\.([0-9]+))?(Z|.{6})", text)
    if match is None:
        raise ValueError(text)
    second = "59" if match[2] == "60" else match[2]
    moment = datetime.fromisoformat(f"{match[1]}{second}{'+00:00' if match[4] == 'Z' else match[4]}")
    return moment.astimezone(UTC), (match[3] or "").rstrip("0")


def _comparison(accepts: Callable[[int], bool]) -> Json:
    def compare(left: list[Any], right: Any) -> list[bool]:
        rights = right if isinstance(right, list) else [right]
        if not left or not rights:
            return []
        if len(left) > 1 or len(rights) > 1:
            raise ValueError("a comparison takes one value on each side")
        one, other = _bare(left[0]), _bare(rights[0])
        if one is None or other is None:
            return []
        was_timed = isinstance(one, str) and isinstance(other, str) and ("T" in one) != ("T" in other)
        answer = compared(one, other)
        if was_timed and answer == 0:
            return []
        return [] if answer is None else [accepts(answer)]

    return {"fn": compare, "arity": {2: ["Any", "Any"]}, "nullable": True}


def _bare(value: Any) -> Any:
    """The plain value of one of the engine's own objects; dates as their text."""
    value = getattr(value, "data", value)
    text = getattr(value, "asStr", None)
    if isinstance(text, str):
        return text.removeprefix("@").removeprefix("T")
    if isinstance(value, dict) and "value" in value:
        return value["value"]
    return getattr(value, "value", value)


def _has_value(found: list[Any]) -> list[bool]:
    return [len(found) == 1 and found[0] is not None and not isinstance(found[0], (dict, list))]


def _html_checks(found: list[Any]) -> list[bool]:
    return [all(isinstance(div, str) and not list(flaws(div)) for div in found)]


def _trace(found: list[Any], *_label: Any) -> list[Any]:
    return found


_FUNCTIONS: dict[str, Json] = {
    "hasValue": {"fn": _has_value, "arity": {0: []}},
    "htmlChecks": {"fn": _html_checks, "arity": {0: []}},
    "htmlChecks2": {"fn": _html_checks, "arity": {0: []}},
    "trace": {"fn": _trace, "arity": {1: ["String"], 2: ["String", "AnyAtRoot"]}},
    "<": _comparison(lambda sign: sign < 0),
    "<=": _comparison(lambda sign: sign <= 0),
    ">": _comparison(lambda sign: sign > 0),
    ">=": _comparison(lambda sign: sign >= 0),
}
