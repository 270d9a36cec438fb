"""Holds data against a JSON Schema of conformance/schemas and says in sentences what does not fit.

The schemas are Draft 2020-12. A property that is `writeOnly` holds a secret: its value is never repeated in a message.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from conformance.reading.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import Draft202012Validator, ValidationError

Problem = tuple[tuple[str | int, ...], str]
"""Where something is wrong, and a sentence about it."""

_FOLDER = Path(__file__).parent.parent / "schemas"
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}


def schema(name: str) -> dict[str, Any]:
    """The schema `name`, with references to its neighbours in the folder replaced by their content."""
    content: dict[str, Any] = _inlined(json.loads((_FOLDER / f"{name}.schema.json").read_text("utf-8")))
    return content


def wrong(data: dict[str, Any], name: str) -> Iterator[Problem]:
    """Key and sentence for each thing in `data` that does not fit the schema `name`, in the order of the data."""
    found: dict[Problem, None] = {}
    for error in _validator(name).iter_errors(data):
        for key, sentence in _sentences(error):
            found[key, sentence + _elsewhere(error, str(key[-1]), schema(name)) if key else sentence] = None
    return iter(found)


@functools.cache
def _validator(name: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import, and --help needs none of it

    return Draft202012Validator(schema(name))


def _inlined(node: Any) -> Any:
    if isinstance(node, list):
        return [_inlined(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref", "")
    if isinstance(reference, str) and reference.endswith(".schema.json"):
        beside = {key: value for key, value in node.items() if key != "$ref"}
        inner = {key: value for key, value in schema(reference.removesuffix(".schema.json")).items() if key[0] != "$"}
        return inner | beside
    return {key: _inlined(value) for key, value in node.items()}


def _sentences(error: ValidationError) -> Iterator[Problem]:
    key, value, limit = tuple(error.absolute_path), cast("Any", error.instance), cast("Any", error.validator_value)
    rule = cast("dict[str, Any]", error.schema)
    if error.validator == "additionalProperties":
        known = rule.get("properties", {})
        yield from (((*key, name), f"unknown key; {nearest(name, known)}") for name in value if name not in known)
    elif error.validator == "required":
        missing = (name for name in limit if name not in value)
        yield from (((*key, name), f"missing; {_wanted(rule['properties'][name])}") for name in missing)
    else:
        said = "the value" if rule.get("writeOnly") else _said(value)
        yield key, _sentence(str(error.validator), said, value, limit, rule)


def _elsewhere(error: ValidationError, key: str, whole: dict[str, Any]) -> str:
    """The tables that have an unknown key, in words: it may have been written outside its own."""
    if error.validator != "additionalProperties":
        return ""
    tables = [name for name, table in whole.get("properties", {}).items() if key in table.get("properties", {})]
    return f"; it is a key of {' and of '.join(f'[{name}]' for name in tables)}" if tables else ""


def _sentence(keyword: str, said: str, value: Any, limit: Any, rule: dict[str, Any]) -> str:
    """What is wrong with a value that breaks the rule's `keyword`, which is set to `limit`."""
    sentence = f"{said} does not fit; {_wanted(rule)}"
    match keyword:
        case "type":
            wanted = " or ".join(_TYPES[kind] for kind in ([limit] if isinstance(limit, str) else limit))
            sentence = f"{said} is {_kind(value)}, not {wanted}; {_wanted(rule)}"
        case "enum":
            sentence = f"{said} is not known; {nearest(str(value), [str(each) for each in limit])}"
        case "minLength" | "minItems" | "minProperties":
            sentence = f"{'is too short' if value else 'is empty'}; {_wanted(rule)}"
        case "minimum":
            sentence = f"{said} is too small; give at least {limit}"
        case "exclusiveMinimum":
            sentence = f"{said} is too small; give more than {limit}"
        case "maximum":
            sentence = f"{said} is too large; give at most {limit}"
        case "uniqueItems":
            twice = next(item for place, item in enumerate(value) if item in value[:place])
            sentence = f"{_said(twice)} is listed twice; keep one of them"
    return sentence


def _wanted(rule: dict[str, Any]) -> str:
    """What to write, from the schema's own description and example."""
    if "enum" in rule:
        return f"one of: {', '.join(str(each) for each in rule['enum'])}"
    description = rule.get("description", "")
    words = f"expected: {description.rstrip('.')}" if description else "correct it"
    examples = rule.get("examples")
    return f"{words}, such as {_said(examples[0])}" if examples else words


def _kind(value: Any) -> str:
    names = {bool: "true or false", str: "text", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), type(value).__name__)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    words = f"'{value}'" if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return words if len(words) <= 80 else f"{words[:77]}…"
