"""An OpenAPI description of Consent, as tight as OpenAPI can say it, derived from the FHIR definitions.

Every element with its type, cardinality, required codes and a pattern for its primitives; every interaction with its
answers; links from a create to what can be done with its consent. What OpenAPI cannot say is left out: invariants, what
an element means, that a read shows what was written.
"""

from __future__ import annotations

from typing import Any

from conformance import packs
from conformance.validation.definitions import definitions

Json = dict[str, Any]

DAY = "(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,3})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])"
REFERENCE = "^(Patient|Practitioner|Organization)/[A-Za-z0-9.-]{1,64}$"
PRIMITIVES: dict[str, Json] = {
    "boolean": {"type": "boolean"},
    "string": {"type": "string", "minLength": 1, "pattern": r"^[^\s](.*[^\s])?$"},
    "code": {"type": "string", "pattern": r"^[^\s]+( [^\s]+)*$"},
    "uri": {"type": "string", "pattern": r"^\S+$"},
    "url": {"type": "string", "pattern": r"^\S+$"},
    "base64Binary": {"type": "string", "pattern": "^([A-Za-z0-9+/]{4})+$"},
    "unsignedInt": {"type": "integer", "minimum": 0, "maximum": 2147483647},
    "dateTime": {"type": "string", "pattern": f"^((19|20)[0-9]{{2}}(-(0[1-9]|1[0-2]))?|{DAY}|{DAY}T{TIME})$"},
    "id": {"type": "string", "pattern": "^[A-Za-z0-9.-]{1,64}$"},
}
LOCATION = {"type": "string", "pattern": "Consent/[A-Za-z0-9.-]{1,64}"}
LEFT_OUT = {"id", "meta", "text", "contained", "extension", "modifierExtension", "implicitRules", "language"}
"""The server's own, and what is open to anybody's content."""
TYPES = ("CodeableConcept", "Coding", "Reference", "Identifier", "Period", "Attachment")


def description(base_url: str) -> Json:
    """The document, for a server at that address."""
    refused = {"4XX": _answer("OperationOutcome")}
    consent, gone = _answer("Consent"), {"description": "gone"}
    here = [{"name": "id", "in": "path", "required": True, "schema": PRIMITIVES["id"]}]
    linked = {**consent, "links": _links()}
    created = {**linked, "headers": {"Location": {"required": True, "schema": LOCATION}}}
    body = {"schema": _ref("NewConsent"), "examples": {"active": {"value": packs.load("r4").fixture("active.json")}}}
    sent = {"required": True, "content": {"application/fhir+json": body}}

    def operation(name: str, answers: Json, **more: Any) -> Json:
        return {"operationId": name, "responses": {**answers, **refused}, **more}

    return {
        "openapi": "3.1.0",
        "info": {"title": "Consent", "version": "4.0.1"},
        "servers": [{"url": base_url}],
        "paths": {
            "/Consent": {
                "post": operation("create", {"201": created}, requestBody=sent),
                "get": operation("search", {"200": _answer("SearchSet")}, parameters=_searches()),
            },
            "/Consent/{id}": {
                "parameters": here,
                "get": operation("read", {"200": consent}),
                "put": operation("update", {"200": linked, "201": created}, requestBody=sent),
                "delete": operation("delete", {"200": gone, "204": gone}),
            },
            "/Consent/{id}/_history": {"parameters": here, "get": operation("history", {"200": _answer("History")})},
        },
        "components": {"schemas": _schemas()},
    }


def _links() -> Json:
    """What can be done with a consent that was written; an update sends it back as it was answered."""
    by_id = {"parameters": {"id": "$response.body#/id"}}
    links = {name: {"operationId": name, **by_id} for name in ("read", "update", "delete", "history")}
    links["update"]["requestBody"] = "$response.body"
    patient = {"patient": "$response.body#/patient/reference"}
    return {**links, "search": {"operationId": "search", "parameters": patient}}


def _searches() -> list[Json]:
    date = {"type": "string", "pattern": f"^(eq|ne|gt|lt|ge|le|sa|eb)?{DAY}$"}
    token = {"type": "string", "pattern": "^[A-Za-z0-9-]{1,20}$"}
    reference = {"type": "string", "pattern": "^Patient/[A-Za-z0-9-]{1,64}$"}
    status = {"enum": ["draft", "proposed", "active", "rejected", "inactive", "entered-in-error"]}
    kinds: Json = {"patient": reference, "status": status, "period": date, "date": date}
    kinds |= dict.fromkeys(("category", "action", "purpose", "identifier"), token)
    return [{"name": name, "in": "query", "required": name == "patient", "schema": kinds[name]} for name in kinds]


def _answer(name: str) -> Json:
    return {"description": name, "content": {"application/fhir+json": {"schema": _ref(name)}}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


# -- schemas -------------------------------------------------------------------------------------------------------


def _schemas() -> Json:
    """A schema for each type, for each part of a Consent that has children, and for what answers hold."""
    made: Json = {}
    for name in ("Consent", *TYPES):
        rows = (definitions("4.0").structure(name) or {})["elements"]
        for part in (name, *(row["path"] for row in rows if row.get("types") == [["BackboneElement"]])):
            made[part] = _object([row for row in rows if row["path"].rpartition(".")[0] == part])
    made["Reference"]["properties"]["reference"] = {"type": "string", "pattern": REFERENCE}
    new = made["Consent"]
    new["properties"] |= {"resourceType": {"const": "Consent"}, "id": PRIMITIVES["id"]}
    new["required"] = [*new["required"], "resourceType", "patient"]
    shown = {**new["properties"], "meta": {"type": "object"}, "text": {"type": "object"}}
    return {
        **made,
        "NewConsent": new,
        "Consent": {**new, "properties": shown, "required": [*new["required"], "id"]},
        "SearchSet": _bundle("searchset", search={"type": "object"}),
        "History": _bundle("history", request={"type": "object"}, response={"type": "object"}),
        "OperationOutcome": _resource("OperationOutcome", issue={"type": "array", "minItems": 1}),
    }


def _resource(name: str, **properties: Json) -> Json:
    known = {"resourceType": {"const": name}, **properties}
    return {"type": "object", "required": ["resourceType"], "properties": known}


def _bundle(kind: str, **beside: Json) -> Json:
    """A Bundle of that type; its entries have a resource, and what else an entry of that type may have."""
    text = {"type": "string", "minLength": 1}
    known = {"fullUrl": text, "link": {"type": "array"}, "resource": _resource_of_any_type(), **beside}
    entry = {"type": "object", "properties": known, "additionalProperties": False}
    link = {"type": "object", "required": ["relation", "url"], "properties": {"relation": text, "url": text}}
    lists = {"entry": {"type": "array", "minItems": 1, "items": entry}, "link": {"type": "array", "items": link}}
    bundle = _resource("Bundle", type={"const": kind}, total=PRIMITIVES["unsignedInt"], **lists)
    return {**bundle, "required": ["resourceType", "type"]}


def _resource_of_any_type() -> Json:
    other = {
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"not": {"const": "Consent"}}},
    }
    return {"anyOf": [_ref("Consent"), other]}


def _object(rows: list[Json]) -> Json:
    properties: Json = {}
    for row in rows:
        name = row["path"].rpartition(".")[2]
        kinds = [] if name in LEFT_OUT else row.get("types", ())
        if row.get("like"):
            properties[name] = _listed(_ref(row["like"]), row)
        for kind in kinds:
            key = f"{name[:-3]}{kind[0][0].upper()}{kind[0][1:]}" if name.endswith("[x]") else name
            schema = _schema(row, kind[0])
            properties |= {key: _listed(schema, row)} if schema else {}
    required = [row["path"].rpartition(".")[2] for row in rows if row.get("min")]
    closed = {"additionalProperties": False, "minProperties": 1}
    return {"type": "object", "properties": properties, "required": required, **closed}


def _listed(schema: Json, row: Json) -> Json:
    return {"type": "array", "minItems": 1, "items": schema} if row.get("max") == "*" else schema


def _schema(row: Json, kind: str) -> Json:
    if kind == "BackboneElement":
        return _ref(row["path"])
    if kind in TYPES:
        return _ref(kind)
    strength, value_set = row.get("binding") or ("", "")
    known = definitions("4.0").value_set(value_set) if strength == "required" else None
    if known is None:
        return PRIMITIVES.get(kind, {})
    groups = (group if isinstance(group, frozenset) else group.codes for group in known.codes_of.values())
    return {"enum": sorted(code for group in groups for code in group)}
