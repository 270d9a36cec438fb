"""From the definitions to something fast: a plan per type, with one ready-made check per property.

A plan is built when its type is first met. Choices are spread out (source[x] → sourceAttachment, sourceReference),
recursion (contentReference) leads back to the plan of the element it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.validation import codings, values
from conformance.validation.invariants import ELSEWHERE, INVARIANTS, NEVER_FIRE, invariant
from conformance.validation.rules import RULES
from conformance.validation.run import Run, shown
from conformance.validation.terminology import ValueSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.validation.definitions import Definitions

    Check = Callable[[Run, Any, str, str], None]
    ObjectCheck = Callable[[Run, Any, str], None]

Json = dict[str, Any]
SYSTEM_STRING = "http://hl7.org/fhirpath/System."
ANY_TYPE = "Resource"
SHORT_FORMATS = frozenset({"CapabilityStatement.format", "CapabilityStatement.patchFormat"})
"""Bound to the media types, and explained as "xml | json | ttl | mime type" in the same breath."""


class Plan:
    """How objects of one type, or of one backbone element, look."""

    __slots__ = (
        "afterwards",
        "checks",
        "choices",
        "invariants",
        "name",
        "path",
        "primitives",
        "required",
        "sibling",
        "type",
        "unknown_invariants",
    )

    def __init__(self, path: str, type_name: str) -> None:
        self.path = path
        """As in the definition: Consent.provision."""
        self.type = type_name
        """Period, BackboneElement, Consent."""
        self.checks: dict[str, Check] = {}
        """Property → check of its value."""
        self.primitives: dict[str, tuple[str, bool]] = {}
        """Property with a primitive type → its type, and whether it repeats."""
        self.required: tuple[str, ...] = ()
        self.choices: tuple[tuple[str, frozenset[str], bool], ...] = ()
        """Name of the choice, its properties with and without underscore, whether one is required."""
        self.invariants: tuple[tuple[str, str, Callable[[Json], bool | None]], ...] = ()
        """Key, severity, rule."""
        self.unknown_invariants: tuple[str, ...] = ()
        self.afterwards: tuple[ObjectCheck, ...] = ()
        """Checks of the object as a whole that need the run."""
        self.sibling: ObjectCheck = _no_sibling
        """The check of _name beside a primitive."""


class Plans:
    """The plans of one release."""

    def __init__(
        self,
        definitions: Definitions,
        after: dict[str, ObjectCheck],
        resource: ObjectCheck,
        reference: Callable[[frozenset[str]], ObjectCheck],
    ) -> None:
        self.definitions = definitions
        self._plans: dict[str, Plan] = {}
        self._rows: dict[str, dict[str, list[Json]]] = {}
        self._after = after
        self._resource = resource
        self._reference = reference
        self._extensions = _repeated(self.object_check("Extension"))
        self._sibling = self.object_check("Element")

    def of(self, path: str) -> Plan:
        """The plan of a type (`Period`) or backbone element (`Consent.provision`)."""
        plan = self._plans.get(path)
        if plan is None:
            plan = self._build(path)
        return plan

    def object_check(self, path: str, more: tuple[ObjectCheck, ...] = ()) -> ObjectCheck:
        """The check of a value that is an object of the plan at a path. The plan is looked up when first used."""
        plan: Plan | None = None

        def check(run: Run, value: Any, expression: str) -> None:
            nonlocal plan
            if value.__class__ is not dict:
                values.wrong_kind(run, value, expression, f"a JSON object ({path})")
                return
            if plan is None:
                plan = self.of(path)
            walk(run, plan, value, expression)
            for extra in more:
                extra(run, value, expression)

        return check

    def _children(self, path: str) -> list[Json]:
        type_name = path.partition(".")[0]
        if type_name not in self._rows:
            stripped = self.definitions.structure(type_name)
            if stripped is None:
                raise KeyError(type_name)
            children: dict[str, list[Json]] = {}
            for row in stripped["elements"]:
                children.setdefault(row["path"].rpartition(".")[0], []).append(row)
            self._rows[type_name] = children
        return self._rows[type_name].get(path, [])

    def _build(self, path: str) -> Plan:
        children = self._children(path)
        type_name = path.partition(".")[0]
        own = next(row for rows in self._rows[type_name].values() for row in rows if row["path"] == path)
        kind = self.definitions.kinds.get(path)
        plan = self._plans[path] = Plan(path, path if kind else own["types"][0][0])
        required: list[str] = []
        choices: list[tuple[str, frozenset[str], bool]] = []
        for row in children:
            name = row["path"].rpartition(".")[2]
            if name.endswith("[x]"):
                names = [self._add(plan, row, f"{name[:-3]}{_capital(item[0])}", item) for item in row["types"]]
                choices.append((name, frozenset(names) | {f"_{one}" for one in names}, bool(row.get("min"))))
                continue
            self._add(plan, row, name, row["types"][0] if "types" in row else ["", row.get("like", "")])
            if row.get("min"):
                required.append(name)
        plan.required, plan.choices = tuple(required), tuple(choices)
        if kind == "resource":
            plan.checks["resourceType"] = _nothing
        invariants = [key for key in own.get("invariants", ()) if key.rstrip("?") not in ELSEWHERE | NEVER_FIRE]
        known = [
            (key.rstrip("?"), "warning" if key.endswith("?") else "error", invariant(path, key.rstrip("?")))
            for key in invariants
        ]
        plan.invariants = tuple((key, severity, rule) for key, severity, rule in known if rule is not None)
        plan.unknown_invariants = tuple(key for key, _, rule in known if rule is None)
        plan.sibling = self._sibling
        plan.afterwards = tuple(self._after[name] for name in (path,) if name in self._after)
        return plan

    def _add(self, plan: Plan, row: Json, name: str, item: list[str]) -> str:
        """Adds the property of an element, or of one type of a choice; returns its name."""
        many = row.get("max", "1") not in {"0", "1"}
        if row.get("max") == "0":
            plan.checks[name] = _prohibited
            return name
        if name in {"extension", "modifierExtension"}:
            plan.checks[name] = self._extensions
            return name
        primitive = self._primitive_check(plan, row, name, item)
        if primitive is not None:
            plan.checks[name] = _repeated_primitive(primitive) if many else primitive
            if self.definitions.kinds.get(item[0]) == "primitive-type" and item[0] != "xhtml":
                plan.primitives[name] = (item[0], many)
        else:
            at = self._object_check(plan, row, name, item)
            plan.checks[name] = _repeated(at) if many else _single(at)
        return name

    def _primitive_check(self, plan: Plan, row: Json, name: str, item: list[str]) -> Check | None:
        code = item[0]
        if code.startswith(SYSTEM_STRING):
            if plan.path == "Extension" and name == "url":
                return values.plain("uri")
            return values.plain("id") if self.definitions.kinds.get(plan.path) == "resource" else values.element_id
        return self._primitive(row, code) if self.definitions.kinds.get(code) == "primitive-type" else None

    def _object_check(self, plan: Plan, row: Json, name: str, item: list[str]) -> ObjectCheck:
        code = item[0]
        if not code:
            return self.object_check(item[1])
        if code in {"BackboneElement", "Element"} and f"{plan.path}.{name}" in self._rows[plan.path.partition(".")[0]]:
            return self.object_check(f"{plan.path}.{name}")
        if code == ANY_TYPE or self.definitions.kinds.get(code) == "resource":
            return self._resource
        if code == "Reference":
            return self._reference(frozenset(item[1:]) - {ANY_TYPE})
        check = self.object_check(code, (*self._bound(row, code), *self._own_invariants(row)))
        if code in {"Coding", "CodeableConcept"}:
            return codings.remembered(check, concept=code == "CodeableConcept")
        return check

    def _own_invariants(self, row: Json) -> tuple[ObjectCheck, ...]:
        """Constraints that an element puts on a value of a data type, such as org-2 on Organization.address."""
        return tuple(_invariant(key.rstrip("?")) for key in row.get("invariants", ()) if key.rstrip("?") in INVARIANTS)

    def _primitive(self, row: Json, code: str) -> Check:
        form = values.plain(code, longest=row.get("maxLength"))
        if row["path"] in SHORT_FORMATS:
            return values.media_type_or_short(form)
        if "maxBinding" in row:
            return values.bound_code(self._value_set(row["maxBinding"]), "maximum", form)
        if "binding" in row:
            strength, url = row["binding"]
            return values.bound_code(self._value_set(url), strength, form)
        return form

    def _bound(self, row: Json, code: str) -> tuple[ObjectCheck, ...]:
        if "binding" not in row:
            return ()
        strength, url = row["binding"]
        if code == "CodeableConcept":
            return (codings.bound_concept(self._value_set(url), strength),)
        return (codings.bound_coding(self._value_set(url), strength),) if code in {"Coding", "Quantity"} else ()

    def _value_set(self, url: str) -> ValueSet:
        found = self.definitions.value_set(url)
        return ValueSet(url, {}, complete=False) if found is None else found


def walk(run: Run, plan: Plan, value: Json, path: str) -> None:  # noqa: C901, PLR0912 - one pass, the hottest of all
    """Holds an object against its plan, and everything in it."""
    checks = plan.checks
    for key, item in value.items():
        try:
            check = checks[key]
        except KeyError:
            _odd_property(run, plan, value, path, key)
        else:
            check(run, item, path, key)
    for name in plan.required:
        if name not in value and f"_{name}" not in value:
            run.add("cardinality", f"{path}.{name}", f"{name} is missing; at least 1 is required")
    for choice, keys, needed in plan.choices:
        given = [key for key in value if key in keys]
        if len(given) != 1:
            _choice(run, choice, given, path, needed=needed)
    if run.lone_nulls and run.lone_nulls[-1][0] == path:
        _nulls(run, value, path)
    if len(value) < 2 and "resourceType" not in checks:
        _bare(run, plan, value, path)
    for invariant_key, severity, holds in plan.invariants:
        answer = holds(value)
        if answer is not True:
            broken(run, invariant_key, path, value, answer, severity)
    for check_object in plan.afterwards:
        check_object(run, value, path)
    if plan.unknown_invariants:
        unknown = ", ".join(plan.unknown_invariants)
        run.not_checked(
            f"invariants {plan.path}", path, f"the invariants {unknown} of {plan.path} are not known to this validator"
        )


def broken(run: Run, key: str, path: str, value: Json, answer: bool | None, severity: str = "error") -> None:  # noqa: FBT001 - three answers
    """Adds the issue of an invariant that does not hold, or of which that cannot be said."""
    says = RULES[key].says
    found = (
        f"found start {shown(value.get('start'))} and end {shown(value.get('end'))}"
        if key == "per-1"
        else f"found {keys_of(value)}"
    )
    if answer is None:
        run.add(key, path, f"{key}: whether {says} cannot be decided from what is written; {found}", "warning")
    else:
        run.add(key, path, f"{key} is violated: {says}; {found}", severity)


def keys_of(value: Json) -> str:
    """The properties of an object, for messages."""
    return ", ".join(list(value)[:20]) or "nothing"


def _choice(run: Run, name: str, found: list[str], path: str, *, needed: bool) -> None:
    if not found:
        if needed:
            run.add("cardinality", f"{path}.{name}", f"{name} is missing; one of its types is required")
    elif len({key.lstrip("_") for key in found}) > 1:
        both = " and ".join(sorted(found))
        run.add("choice", path, f"found {both}; of the choice {name} only one may be there")


def _odd_property(run: Run, plan: Plan, value: Json, path: str, key: str) -> None:
    """A property without check: the sibling of a primitive, or unknown."""
    name = key[1:]
    if key.startswith("_"):
        if name in plan.primitives:
            _sibling(run, plan, value, path, name)
            return
        if name in plan.checks:
            message = f"{key} is for id and extension of a primitive; {name} is none"
            run.add("primitive-sibling", f"{path}.{key}", message)
            return
    choice = next((one for one, keys, _ in plan.choices if key == one[:-3]), None)
    if choice is not None:
        types = ", ".join(
            sorted(one for one in next(keys for one, keys, _ in plan.choices if one == choice) if one[0] != "_")[:6]
        )
        run.add("choice", f"{path}.{key}", f"{key} is a choice and needs its type in the name: {types} …")
        return
    hint = next((one for one in plan.checks if one.lower() == key.lower()), None)
    allowed = f"did you mean {hint}?" if hint else f"allowed: {', '.join(one for one in list(plan.checks)[:40])}"
    run.add("unknown-element", f"{path}.{key}", f"{plan.path} has no element {shown(key)}; {allowed}")


def _sibling(run: Run, plan: Plan, value: Json, path: str, name: str) -> None:
    """_name beside name (https://hl7.org/fhir/R4/json.html#primitive)."""
    key, expression = f"_{name}", f"{path}._{name}"
    extra, (primitive, many) = value[key], plan.primitives[name]
    if not many:
        plan.sibling(run, extra, expression)
        _value_or_extension(run, name in value, extra, expression)
        return
    if extra.__class__ is not list:
        run.add("array-form", expression, f"found {shown(extra)}; {name} repeats, so {key} is an array too")
        return
    if not extra:
        run.add("empty-value", expression, "the array is empty; leave the element out")
        return
    plain: Any = value.get(name)
    paired = isinstance(plain, list)
    if paired and len(plain) != len(extra):
        run.add(
            "primitive-sibling",
            expression,
            f"{key} has {len(extra)} entries, {name} has {len(plain)}; they go in pairs",
        )
    for index, item in enumerate(extra):
        has_value = paired and index < len(plain) and plain[index] is not None
        if item is not None:
            plan.sibling(run, item, f"{expression}[{index}]")
            _value_or_extension(run, has_value, item, f"{expression}[{index}]")
        elif not paired:
            run.add(
                "null-value",
                f"{expression}[{index}]",
                f"null without a {primitive} in {name} beside it stands for nothing",
            )


def _value_or_extension(run: Run, has_value: bool, extra: Any, expression: str) -> None:  # noqa: FBT001 - a fact, not a switch
    if not has_value and extra.__class__ is dict and extra and "extension" not in extra:
        run.add("ele-1", expression, "there is neither a value nor an extension")


def _nulls(run: Run, value: Json, path: str) -> None:
    """A null in an array of primitives needs an object at the same place of the sibling array."""
    while run.lone_nulls and run.lone_nulls[-1][0] == path:
        _, key, index = run.lone_nulls.pop()
        extra = value.get(f"_{key}")
        if extra.__class__ is not list or index >= len(extra) or extra[index] is None:
            run.add(
                "null-value",
                f"{path}.{key}[{index}]",
                f"null stands for nothing without an extension in _{key} beside it",
            )


def _bare(run: Run, plan: Plan, value: Json, path: str) -> None:
    if not value:
        run.add("empty-value", path, "the object is empty; leave the element out")
    elif "id" in value and plan.path != "Element":
        run.add("ele-1", path, "the element has an id only; an element has a value or children")


def _no_sibling(_run: Run, _value: Any, _path: str) -> None:
    """Replaced when the plan is built."""


def _nothing(_run: Run, _value: Any, _path: str, _key: str) -> None:
    """The property resourceType has been looked at before."""


def _prohibited(run: Run, _value: Any, path: str, key: str) -> None:
    run.add("cardinality", f"{path}.{key}", f"{key} is not allowed here (max 0)")


def _invariant(key: str) -> ObjectCheck:
    holds = INVARIANTS[key]

    def check(run: Run, value: Any, path: str) -> None:
        answer = holds(value)
        if answer is not True:
            broken(run, key, path, value, answer)

    return check


def _single(at: ObjectCheck) -> Check:
    def check(run: Run, value: Any, path: str, key: str) -> None:
        at(run, value, f"{path}.{key}")

    return check


def _repeated(at: ObjectCheck) -> Check:
    def check(run: Run, value: Any, path: str, key: str) -> None:
        if value.__class__ is not list:
            _no_array(run, value, path, key)
        elif not value:
            run.add("empty-value", f"{path}.{key}", "the array is empty; leave the element out")
        else:
            for index, item in enumerate(value):
                at(run, item, f"{path}.{key}[{index}]")

    return check


def _repeated_primitive(check_one: Check) -> Check:
    """As `_repeated`; null may stand for a value that has extensions only, which is looked at when all is read."""

    def check(run: Run, value: Any, path: str, key: str) -> None:
        if value.__class__ is not list:
            _no_array(run, value, path, key)
        elif not value:
            run.add("empty-value", f"{path}.{key}", "the array is empty; leave the element out")
        else:
            for index, item in enumerate(value):
                if item is None:
                    run.lone_nulls.append((path, key, index))
                else:
                    check_one(run, item, path, f"{key}[{index}]")

    return check


def _no_array(run: Run, value: Any, path: str, key: str) -> None:
    if value is None:
        run.add("null-value", f"{path}.{key}", "null stands for nothing here; leave the element out, or give an array")
    else:
        run.add(
            "array-form",
            f"{path}.{key}",
            f"found {shown(value)}; {key} may repeat, so it is a JSON array even with one value",
        )


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
