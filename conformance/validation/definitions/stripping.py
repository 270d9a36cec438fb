"""What a machine needs of a StructureDefinition: the form in which definitions travel in a pack."""

from __future__ import annotations

from typing import Any

MAX_VALUE_SET = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
SIMPLE_QUANTITY = "http://hl7.org/fhir/StructureDefinition/SimpleQuantity"

Json = dict[str, Any]
_KEPT = ("id", "path", "sliceName", "min", "max", "contentReference", "isModifier", "slicing")
_VALUES = ("fixed", "pattern", "maxLength", "minValue", "maxValue")


def structure(definition: Json) -> Json:
    """A type by its snapshot: one row per element, see `row`."""
    stripped = {
        "type": definition["type"],
        "kind": definition["kind"],
        "base": definition.get("baseDefinition", "").rpartition("/")[2],
        "elements": [row(element) for element in definition["snapshot"]["element"]],
    }
    if definition.get("abstract"):
        stripped["abstract"] = True
    return stripped


def row(element: Json) -> Json:  # noqa: C901 - a list of what is kept
    """One element of a snapshot: path, min (if not 0), max (if not 1), types as [code, target…], like, binding."""
    kept: Json = {"path": element["path"]}
    if element["min"]:
        kept["min"] = element["min"]
    if element["max"] != "1":
        kept["max"] = element["max"]
    types = [
        [item["code"], *(target.rpartition("/")[2] for target in item.get("targetProfile", ()))]
        for item in element.get("type", ())
    ]
    if types:
        kept["types"] = types
    if "contentReference" in element:
        kept["like"] = element["contentReference"].rpartition("#")[2]
    if element.get("isModifier"):
        kept["modifier"] = True
    if "maxLength" in element:
        kept["maxLength"] = element["maxLength"]
    invariants = [
        f"{item['key']}{'' if item['severity'] == 'error' else '?'}"
        for item in element.get("constraint", ())
        if item["key"] not in {"ele-1", "ext-1"}
    ]
    if any(SIMPLE_QUANTITY in item.get("profile", ()) for item in element.get("type", ())):
        invariants.append("sqty-1")
    if invariants:
        kept["invariants"] = invariants
    binding = element.get("binding", {})
    if binding.get("strength") in {"required", "extensible"} and "valueSet" in binding:
        kept["binding"] = [binding["strength"], binding["valueSet"].partition("|")[0]]
    for item in [*binding.get("extension", ()), *binding.get("additional", ())]:
        if item.get("url") == MAX_VALUE_SET:
            kept["maxBinding"] = item["valueCanonical"].partition("|")[0]
        elif item.get("purpose") == "maximum":
            kept["maxBinding"] = item["valueSet"].partition("|")[0]
    return kept


def extension(definition: Json) -> Json:
    """An extension by its differential, with the places where it may stand."""
    return {
        "url": definition["url"],
        "type": "Extension",
        "derivation": "constraint",
        "baseDefinition": definition["baseDefinition"],
        "context": [[item["type"], item["expression"]] for item in definition.get("context", ())],
        "differential": {"element": [_differential(element) for element in definition["differential"]["element"]]},
    }


def _differential(element: Json) -> Json:
    kept = {key: element[key] for key in _KEPT if key in element}
    if "type" in element:
        kept["type"] = [
            {key: item[key] for key in ("code", "profile", "targetProfile") if key in item} for item in element["type"]
        ]
    binding = element.get("binding", {})
    if binding.get("strength") in {"required", "extensible"}:
        kept["binding"] = {key: binding[key] for key in ("strength", "valueSet") if key in binding}
    if "constraint" in element:
        kept["constraint"] = [
            {key: item[key] for key in ("key", "severity", "expression") if key in item}
            for item in element["constraint"]
        ]
    kept.update({key: value for key, value in element.items() if key.startswith(_VALUES)})
    return kept
