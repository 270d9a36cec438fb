"""Checks of Coding, CodeableConcept and Quantity against code systems and value sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.validation.primitives import is_absolute
from conformance.validation.run import Run, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.validation.terminology import CodeSystem, ValueSet

    FindSystem = Callable[[str], CodeSystem | None]

Json = dict[str, Any]
REMEMBERED = 4096
_UNKNOWN: tuple[tuple[str, str, str, str], ...] = (("", "", "", ""),)


def coding(find: FindSystem) -> Callable[[Run, Json, str], None]:  # noqa: C901 - one closure, called for every coding
    """A code has to be one of its system's, where all codes of the system are known."""
    systems: dict[str, CodeSystem | None] = {}

    def check(run: Run, value: Json, path: str) -> None:
        system = value.get("system")
        if system.__class__ is not str or not system:
            return
        try:
            known = systems[system]
        except KeyError:
            known = find(system)
            if len(systems) < 4096:
                systems[system] = known
        code = value.get("code")
        if known is None:
            if not is_absolute(system):
                run.add("system-absolute", f"{path}.system", f"{shown(system)} is no absolute URI")
            elif code.__class__ is str:
                run.not_checked(
                    f"codes {system}",
                    f"{path}.code",
                    f"the codes of {system} are not known here; they were not checked",
                )
            return
        if code.__class__ is not str or code in known.codes or known.has(code):
            return
        if known.complete:
            version = value.get("version")
            if version is None or version == known.version:
                run.add("unknown-code", f"{path}.code", f"{shown(code)} is no code of {system}")
            else:
                message = f"{shown(code)} is no code of {system} in version {known.version}, the one known here"
                run.add("unknown-code-other-version", f"{path}.code", message)
        else:
            run.not_checked(
                f"codes {system}",
                f"{path}.code",
                f"not all codes of {system} are known here; {shown(code)} was not checked",
            )

    return check


def remembered(full: Callable[[Run, Any, str], None], *, concept: bool) -> Callable[[Run, Any, str], None]:
    """The check of a Coding (or of a concept of one Coding) that remembers what it found out about plain ones.

    Plain is what has system, code and at most a display: the answer depends on system and code alone, and a stream of
    resources repeats few of them.
    """
    outcomes: dict[tuple[str, str], tuple[tuple[str, str, str, str], ...]] = {}

    def check(run: Run, value: Any, path: str) -> None:
        try:
            item = value["coding"][0] if concept else value
            outcome = outcomes[item["system"], item["code"]]
            known = len(item) == 2 and (not concept or len(value) == len(value["coding"]) == 1)
        except (KeyError, TypeError, IndexError):
            known = False
        if not known:
            plain = _plain_coding(value, concept=concept)
            if plain is None:
                full(run, value, path)
                return
            outcome = outcomes.get(plain, _UNKNOWN)
            if outcome is _UNKNOWN:
                probe = Run(None)
                full(probe, value, "")
                outcome = probe.tellings()
                if len(outcomes) < REMEMBERED:
                    outcomes[plain] = outcome
        for rule, place, message, what in outcome:
            if what:
                run.not_checked(what, path + place, message)
            else:
                run.add(rule, path + place, message)

    return check


def _plain_coding(value: Any, *, concept: bool) -> tuple[str, str] | None:
    if concept:
        listed = value.get("coding") if value.__class__ is dict and len(value) == 1 else None
        if listed.__class__ is not list or len(listed) != 1:
            return None
        value = listed[0]
    if value.__class__ is not dict or not 2 <= len(value) <= 3:
        return None
    system, code = value.get("system"), value.get("code")
    if system.__class__ is not str or code.__class__ is not str:
        return None
    if len(value) == 3:
        display = value.get("display")
        if display.__class__ is not str or not display.isprintable() or not display.strip() or len(display) > 1000:
            return None
    return system, code


def in_set(value_set: ValueSet, value: Json) -> bool | None:
    """Whether a Coding (or Quantity) is in a value set; None when that cannot be known. Without code: not."""
    code, system = value.get("code"), value.get("system")
    if not isinstance(code, str):
        return False
    return value_set.has(system if isinstance(system, str) else None, code)


def bound_coding(value_set: ValueSet, strength: str) -> Callable[[Run, Json, str], None]:
    rule = "required-binding" if strength == "required" else "extensible-binding"

    def check(run: Run, value: Json, path: str) -> None:
        answer = in_set(value_set, value)
        if answer is True:
            return
        if answer is None:
            _unknown(run, value_set, path)
        elif strength == "required" or "code" in value:
            run.add(rule, path, _message(value_set, [value]))

    return check


def bound_concept(value_set: ValueSet, strength: str) -> Callable[[Run, Json, str], None]:
    """One of the codings is in the value set. Text alone satisfies an extensible binding only."""
    rule = "required-binding" if strength == "required" else "extensible-binding"

    def check(run: Run, value: Json, path: str) -> None:
        listed = value.get("coding")
        codings = [item for item in listed if item.__class__ is dict] if listed.__class__ is list else []
        unsure = False
        for item in codings:
            answer = in_set(value_set, item)
            if answer is True:
                return
            unsure = unsure or answer is None
        if unsure:
            _unknown(run, value_set, path)
        elif strength == "required" or any("code" in item for item in codings):
            run.add(rule, path, _message(value_set, codings))

    return check


def _unknown(run: Run, value_set: ValueSet, path: str) -> None:
    message = f"whether the code is in {value_set.url} cannot be known here: the value set is not enumerated"
    run.not_checked(f"set {value_set.url}", path, message)


def _message(value_set: ValueSet, codings: list[Json]) -> str:
    found = (
        ", ".join(f"{item.get('system', '(no system)')}|{item.get('code', '(no code)')}" for item in codings)
        or "no coding"
    )
    return f"found {found}, not in {value_set.url}; allowed: {value_set.allowed()}"
