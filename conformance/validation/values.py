"""Checks of single values: one function per primitive type, built once and then called for every value.

A check takes the run, the value, the place of the object that holds it, and the name under which it stands there.
It returns nothing and adds issues. Texts that passed are remembered, up to a limit, since systems, codes and dates
come again and again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.validation.languages import is_language_tag
from conformance.validation.narrative import flaws
from conformance.validation.primitives import (
    INTEGER_RANGES,
    TEXT_FORMATS,
    URI_LIKE,
    Format,
    control_character,
    is_absolute,
    is_media_type,
    is_number,
    odd_in_uri,
)
from conformance.validation.run import Run, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.validation.terminology import ValueSet

    Check = Callable[[Run, Any, str, str], None]

REMEMBERED = 2048
"""Values per type."""
LONGEST_REMEMBERED = 200
MEDIA_TYPES = "http://hl7.org/fhir/ValueSet/mimetypes"
LANGUAGES = "http://hl7.org/fhir/ValueSet/all-languages"


def wrong_kind(run: Run, value: Any, expression: str, wanted: str) -> None:
    """A value of another JSON type than its datatype has."""
    if value is None:
        run.add("null-value", expression, f"null stands for nothing here; leave the element out, or give {wanted}")
    elif isinstance(value, list):
        run.add("array-form", expression, f"found an array; the element does not repeat: give {wanted}")
    else:
        run.add("json-type", expression, f"found {shown(value)}; expected {wanted}")


def text(name: str, *, longest: int | None = None) -> Check:  # noqa: C901 - one closure, called for every value
    """A primitive that JSON writes as a string."""
    form: Format = TEXT_FORMATS[name]
    holds, rule = form.holds, form.rule
    uri_like = name in URI_LIKE
    good: set[str] = set()

    def check(run: Run, value: Any, path: str, key: str) -> None:  # noqa: C901, PLR0912 - one rule after the other
        if value.__class__ is not str:
            wrong_kind(run, value, f"{path}.{key}", f"a JSON string ({name})")
            return
        if value in good:
            return
        expression = f"{path}.{key}"
        if not value:
            run.add("empty-value", expression, f"the text is empty; leave the element out, or give a {name}")
            return
        verdict = holds(value)
        if verdict is not True:
            run.add(rule, expression, f"{shown(value)} is no {name}: {verdict}")
            return
        if longest is not None and len(value) > longest:
            run.add("max-length", expression, f"the text has {len(value)} characters; allowed are {longest}")
            return
        if uri_like:
            if value[0] == "#":
                if run.scope is not None:
                    run.scope.local.add(value)
                return
            if name == "canonical" and not is_absolute(value):
                run.add("canonical-absolute", expression, f"{shown(value)} is relative; a canonical is an absolute URL")
                return
            odd = odd_in_uri(value)
            if odd is not None:
                run.add(
                    "uri-characters",
                    expression,
                    f"{shown(value)} holds {odd!r}; in a URI it is written %{ord(odd):02X}",
                )
                return
        elif not value.strip():
            run.add("string-blank", expression, "the text is white space only")
            return
        elif name == "string" and (odd := control_character(value)) is not None:
            run.add("string-characters", expression, f"{shown(value)} holds the control character U+{ord(odd):04X}")
            return
        if len(value) <= LONGEST_REMEMBERED and len(good) < REMEMBERED:
            good.add(value)

    return check


def _mostly_printable(check: Check) -> Check:
    """A string or markdown: nearly always printable, so that one test of Python's own decides."""

    def quick(run: Run, value: Any, path: str, key: str) -> None:
        if value.__class__ is str and value.isprintable() and value and len(value) < 1000 and value[0] != " ":
            return
        check(run, value, path, key)

    return quick


plain_string = _mostly_printable(text("string"))
plain_markdown = _mostly_printable(text("markdown"))


def boolean(run: Run, value: Any, path: str, key: str) -> None:
    if value is True or value is False:
        return
    if value.__class__ is str or is_number(value):
        run.add("json-type", f"{path}.{key}", f"found {shown(value)}; a boolean is true or false, without quotes")
        return
    wrong_kind(run, value, f"{path}.{key}", "true or false")


def whole_number(name: str) -> Check:
    lowest, highest = INTEGER_RANGES[name]

    def check(run: Run, value: Any, path: str, key: str) -> None:
        if value.__class__ is int and lowest <= value <= highest:
            return
        expression = f"{path}.{key}"
        if is_number(value):
            run.add(
                "integer-format", expression, f"{shown(value)} is no {name}: a whole number from {lowest} to {highest}"
            )
        else:
            wrong_kind(run, value, expression, f"a whole JSON number ({name})")

    return check


def decimal(run: Run, value: Any, path: str, key: str) -> None:
    if not is_number(value):
        wrong_kind(run, value, f"{path}.{key}", "a JSON number (decimal), without quotes")


def xhtml(run: Run, value: Any, path: str, key: str) -> None:
    if value.__class__ is not str:
        wrong_kind(run, value, f"{path}.{key}", "XHTML as a JSON string")
    elif not value:
        run.add("empty-value", f"{path}.{key}", "the text is empty; a narrative has a div with content")
    else:
        for rule, sentence in flaws(value):
            run.add(rule, f"{path}.{key}", sentence)


def element_id(run: Run, value: Any, path: str, key: str) -> None:
    """Element.id: a string without blanks, unique in its resource (https://hl7.org/fhir/R4/element.html#id)."""
    plain_string(run, value, path, key)
    if value.__class__ is not str or not value:
        return
    if any(character.isspace() for character in value):
        run.add("element-id", f"{path}.{key}", f"{shown(value)} holds white space; the id of an element does not")
    if run.element_ids is not None and ".element[" not in path:  # those of ElementDefinitions name elements
        if value in run.element_ids:
            run.add("element-id", f"{path}.{key}", f"the element id {shown(value)} stands twice in this resource")
        run.element_ids.add(value)


def bound_code(value_set: ValueSet, strength: str, form: Check) -> Check:
    """A code, uri or string that is bound to a value set."""
    codes = value_set.plain_codes()
    if codes is None:
        return _judged_one_by_one(value_set, strength, form)
    known = codes
    rule = "required-binding" if strength == "required" else "extensible-binding"

    def check(run: Run, value: Any, path: str, key: str) -> None:
        if value.__class__ is str and value in known:
            return
        before = run.told
        form(run, value, path, key)
        if run.told == before:
            message = f"{shown(value)} is not in {value_set.url}; allowed: {value_set.allowed()}"
            run.add(rule, f"{path}.{key}", message)

    return check


def _judged_one_by_one(value_set: ValueSet, strength: str, form: Check) -> Check:
    def check(run: Run, value: Any, path: str, key: str) -> None:
        before = run.told
        form(run, value, path, key)
        if run.told > before or value.__class__ is not str:
            return
        if value_set.url == MEDIA_TYPES:
            answer: bool | None = is_media_type(value)
        elif value_set.url == LANGUAGES:
            answer = is_language_tag(value)
        else:
            answer = value_set.has(None, value)
        if answer is False:
            rule = {"required": "required-binding", "maximum": "max-binding"}.get(strength, "extensible-binding")
            allowed = {MEDIA_TYPES: "a media type such as text/plain", LANGUAGES: "a language tag such as sv-SE"}
            wanted = allowed.get(value_set.url) or value_set.allowed()
            run.add(rule, f"{path}.{key}", f"{shown(value)} is not in {value_set.url}; allowed: {wanted}")
        elif answer is None:
            message = (
                f"whether {shown(value)} is in {value_set.url} cannot be known here: the value set is not enumerated"
            )
            run.not_checked(f"{value_set.url} {value}", f"{path}.{key}", message)

    return check


def media_type_or_short(form: Check) -> Check:
    """CapabilityStatement.format: a media type, or xml, json or ttl."""

    def check(run: Run, value: Any, path: str, key: str) -> None:
        before = run.told
        form(run, value, path, key)
        if run.told == before and value not in {"xml", "json", "ttl"} and not is_media_type(value):
            message = (
                f"{shown(value)} is no format; allowed: xml, json, ttl, or a media type such as application/fhir+json"
            )
            run.add("required-binding", f"{path}.{key}", message)

    return check


def plain(name: str, *, longest: int | None = None) -> Check:
    """The check of a primitive type without binding."""
    if name in {"string", "markdown"} and longest is None:
        return plain_string if name == "string" else plain_markdown
    if name == "boolean":
        return boolean
    if name in INTEGER_RANGES:
        return whole_number(name)
    if name == "decimal":
        return decimal
    if name == "xhtml":
        return xhtml
    return text(name, longest=longest)
