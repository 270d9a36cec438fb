"""Named mutations: each takes any document and gives copies of it with one fault, the place, and the rules that see it.

They know FHIR's JSON by property names only, and nothing of the validator.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]
Place = tuple[Any, ...]  # keys and indices from the root

DATE_TIMES = frozenset({"dateTime", "start", "end", "verificationDate", "creation", "valueDateTime"})
INSTANTS = frozenset({"lastUpdated", "recorded", "when"})
URIS = frozenset({"system", "uri", "authority", "implicitRules"})
CODES = frozenset({"status", "type", "meaning", "use", "severity", "mode", "gender"})
PLAIN_STRINGS = frozenset({"display", "title", "text", "value", "family"})
REQUIRED = frozenset(
    {
        "status",
        "scope",
        "category",
        "verified",
        "role",
        "meaning",
        "issue",
        "severity",
        "target",
        "recorded",
        "agent",
        "who",
        "when",
        "url",
    }
)
REPEATING = frozenset(
    {
        "identifier",
        "category",
        "performer",
        "organization",
        "policy",
        "verification",
        "actor",
        "action",
        "coding",
        "purpose",
        "data",
        "contained",
        "entry",
        "issue",
        "name",
        "telecom",
        "given",
        "tag",
    }
)


@dataclass(frozen=True, slots=True)
class Case:
    """One document with one fault. `rules`: any of them counts as seen for its own reason."""

    mutation: str
    base: str
    text: bytes
    place: str
    rules: frozenset[str]

    def __str__(self) -> str:
        return f"{self.mutation} @ {self.base}:{self.place}"


def places(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every value of a document, with its place."""
    yield place, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*place, index))


def at(document: Any, place: Place) -> Any:
    for step in place:
        document = document[step]
    return document


def expression(document: Json, place: Place) -> str:
    text = str(document.get("resourceType", "Resource"))
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text


def is_free(place: Place) -> bool:
    """Below an unknown extension, or in text that only people read."""
    return any(step in {"extension", "modifierExtension", "div", "_given", "_birthDate"} for step in place)


def objects(document: Json) -> Iterator[tuple[Place, Json]]:
    for place, value in places(document):
        if isinstance(value, dict) and not is_free(place):
            yield place, value


def is_code(place: Place) -> bool:
    """ContactPoint.system is a code, all other systems are URIs."""
    return place[-1] == "system" and "telecom" in place


def named(document: Json, names: frozenset[str], kind: type = str) -> Iterator[tuple[Place, Any]]:
    for place, value in places(document):
        if place and place[-1] in names and isinstance(value, kind) and not is_free(place):
            yield place, value


Change = "Callable[[Json], Iterator[tuple[Json, Place]]]"
MUTATIONS: dict[str, tuple[Callable[[Json], Iterator[tuple[Json, Place]]], frozenset[str]]] = {}


def mutation(name: str, *rules: str) -> Callable[[Any], Any]:
    def register(change: Any) -> Any:
        MUTATIONS[name] = (change, frozenset(rules))
        return change

    return register


def replaced(document: Json, place: Place, value: Any) -> tuple[Json, Place]:
    changed = copy.deepcopy(document)
    at(changed, place[:-1])[place[-1]] = value
    return changed, place


def texts(name: str, names: frozenset[str], values: dict[str, str], *rules: str) -> None:
    """A mutation per wrong text, at every property of these names."""
    for label, wrong in values.items():

        def change(document: Json, wrong: str = wrong) -> Iterator[tuple[Json, Place]]:
            for place, value in named(document, names):
                if is_code(place):
                    continue
                yield replaced(document, place, wrong.replace("{}", value))

        MUTATIONS[f"{name}: {label}"] = (change, frozenset(rules))


# structure


@mutation("unknown property", "unknown-element")
def unknown(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, _ in objects(document):
        changed = copy.deepcopy(document)
        at(changed, place)["madeUp"] = "x"
        yield changed, (*place, "madeUp")


@mutation("property in another case", "unknown-element", "cardinality", "primitive-sibling")
def case(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in objects(document):
        for key in value:
            if key != "resourceType" and not is_free((key,)):
                changed = copy.deepcopy(document)
                holder = at(changed, place)
                holder[key[0].upper() + key[1:]] = holder.pop(key)
                yield changed, place
                break


@mutation("null", "null-value")
def null(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in places(document):
        if (
            place
            and isinstance(place[-1], str)
            and place[-1] != "resourceType"
            and not is_free(place)
            and not isinstance(value, list)
        ):
            yield replaced(document, place, None)


@mutation("empty object", "empty-value")
def empty_object(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, _ in objects(document):
        if place and place[-1] != "resource" and "contained" not in place[-2:]:
            yield replaced(document, place, {})


@mutation("empty array", "empty-value")
def empty_array(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in places(document):
        if isinstance(value, list) and not is_free(place):
            yield replaced(document, place, [])


@mutation("empty string", "empty-value")
def empty_string(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in places(document):
        if isinstance(value, str) and place[-1] != "resourceType" and not is_free(place):
            yield replaced(document, place, "")


@mutation("object with id only", "ele-1")
def id_only(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in objects(document):
        if place and "resourceType" not in value:
            yield replaced(document, place, {"id": "only"})


@mutation("list without array", "array-form")
def no_array(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in named(document, REPEATING, list):
        yield replaced(document, place, value[0])


@mutation("array where none belongs", "array-form")
def array(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in places(document):
        if (
            place
            and isinstance(place[-1], str)
            and not isinstance(value, list)
            and place[-1] != "resourceType"
            and not is_free(place)
        ):
            yield replaced(document, place, [value])


@mutation("array in an array", "array-form", "json-type")
def nested_array(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in places(document):
        if isinstance(value, list) and not is_free(place):
            yield replaced(document, place, [value])


@mutation("text for an object", "json-type")
def text_for_object(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, _ in objects(document):
        if place:
            yield replaced(document, place, "text")


@mutation("object for a text", "json-type")
def object_for_text(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in places(document):
        if isinstance(value, str) and place[-1] != "resourceType" and not is_free(place):
            yield replaced(document, place, {"value": "x"})


@mutation("number for a text", "json-type")
def number_for_text(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in places(document):
        if isinstance(value, str) and place[-1] != "resourceType" and not is_free(place):
            yield replaced(document, place, 7)


@mutation("boolean for a text", "json-type")
def boolean_for_text(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in places(document):
        if isinstance(value, str) and place[-1] != "resourceType" and not is_free(place):
            yield replaced(document, place, True)


@mutation("text for a boolean", "json-type")
def text_for_boolean(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in places(document):
        if isinstance(value, bool) and not is_free(place):
            yield replaced(document, place, str(value).lower())


@mutation("number for a boolean", "json-type")
def number_for_boolean(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in places(document):
        if isinstance(value, bool) and not is_free(place):
            yield replaced(document, place, int(value))


@mutation("text for a number", "json-type")
def text_for_number(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in places(document):
        if isinstance(value, int) and not isinstance(value, bool) and not is_free(place):
            yield replaced(document, place, str(value))


@mutation("negative number", "integer-format")
def negative(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, _ in named(document, frozenset({"size", "total", "rank"}), int):
        yield replaced(document, place, -1)


@mutation("decimals in a whole number", "integer-format")
def decimals(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, _ in named(document, frozenset({"size", "total", "rank", "multipleBirthInteger"}), int):
        yield replaced(document, place, 1.5)


@mutation("number beyond 31 bits", "integer-format")
def too_large(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, _ in named(document, frozenset({"size", "total", "rank", "multipleBirthInteger"}), int):
        yield replaced(document, place, 2**31)


@mutation("required element left out", "cardinality")
def left_out(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in places(document):
        if (
            not place
            or is_free(place[:-1])
            or place[-1] not in REQUIRED
            or not isinstance(at(document, place[:-1]), dict)
        ):
            continue
        holder = place[-2] if len(place) > 1 else ""
        if place[-1] == "status" and holder == "resource" and at(document, place[:-1])["resourceType"] == "Patient":
            continue
        if (place[-1], holder) in {("url", "sourceAttachment"), ("category", "resource")} and not isinstance(
            value, list
        ):
            continue
        changed = copy.deepcopy(document)
        del at(changed, place[:-1])[place[-1]]
        yield changed, place


@mutation("resourceType left out", "resource-type")
def no_type(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, _ in named(document, frozenset({"resourceType"})):
        changed = copy.deepcopy(document)
        del at(changed, place[:-1])["resourceType"]
        yield changed, place


texts(
    "resourceType",
    frozenset({"resourceType"}),
    {"lower case": "consent", "made up": "Konsent", "padded": "{} "},
    "resource-type",
)


@mutation("sibling of an object", "primitive-sibling")
def sibling_of_object(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in objects(document):
        if place and isinstance(place[-1], str) and "resourceType" not in value:
            changed = copy.deepcopy(document)
            at(changed, place[:-1])[f"_{place[-1]}"] = {"id": "x"}
            yield changed, (*place[:-1], f"_{place[-1]}")


def siblings(name: str, extra: Any, *rules: str) -> None:
    def change(document: Json) -> Iterator[tuple[Json, Place]]:
        for place, _ in named(document, DATE_TIMES | INSTANTS | PLAIN_STRINGS):
            changed = copy.deepcopy(document)
            at(changed, place[:-1])[f"_{place[-1]}"] = extra
            yield changed, (*place[:-1], f"_{place[-1]}")

    MUTATIONS[f"sibling {name}"] = (change, frozenset(rules))


siblings("with a value", {"value": "x"}, "unknown-element", "primitive-sibling")
siblings("as text", "x", "json-type")
siblings("empty", {}, "empty-value")
siblings("as array", [{"id": "a"}], "array-form")
siblings("null", None, "null-value")
siblings("with a bare extension", {"extension": [{"url": "http://example.org/x"}]}, "ext-1")


@mutation("null without sibling in an array", "null-value")
def null_in_array(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in named(document, frozenset({"given", "expression", "performer", "coding"}), list):
        yield replaced(document, place, [*value, None])


@mutation("two of a choice", "choice")
def two_choices(document: Json) -> Iterator[tuple[Json, Place]]:
    others = {
        "sourceReference": ("sourceAttachment", {"title": "x"}),
        "sourceAttachment": ("sourceReference", {"display": "x"}),
        "deceasedBoolean": ("deceasedDateTime", "2020"),
        "multipleBirthInteger": ("multipleBirthBoolean", True),
        "valueString": ("valueCode", "x"),
    }
    for place, value in places(document):
        for key, (other, content) in others.items():
            if isinstance(value, dict) and key in value:
                changed = copy.deepcopy(document)
                at(changed, place)[other] = content
                yield changed, place


@mutation("choice without type", "choice", "unknown-element")
def untyped_choice(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in objects(document):
        for key, stem in (
            ("sourceReference", "source"),
            ("sourceAttachment", "source"),
            ("deceasedBoolean", "deceased"),
        ):
            if key in value:
                changed = copy.deepcopy(document)
                at(changed, place)[stem] = at(changed, place).pop(key)
                yield changed, (*place, stem)


@mutation("element id twice", "element-id")
def id_twice(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in objects(document):
        inner = [
            key for key, item in value.items() if isinstance(item, dict) and key != "resource" and not is_free((key,))
        ]
        if len(inner) > 1:
            changed = copy.deepcopy(document)
            at(changed, place)[inner[0]]["id"] = at(changed, place)[inner[1]]["id"] = "same"
            yield changed, (*place, inner[1], "id")


# formats

BAD_DATE_TIMES = {
    "no zone": "2020-01-01T10:00:00",
    "no seconds": "2020-01-01T10:00Z",
    "30 February": "2020-02-30",
    "29 February 1900": "1900-02-29",
    "31 April": "2020-04-31T10:00:00Z",
    "month 13": "2020-13-01",
    "month 0": "2020-00",
    "day 0": "2020-01-00",
    "hour 24": "2020-01-01T24:00:00Z",
    "minute 60": "2020-01-01T10:60:00Z",
    "zone 25": "2020-01-01T10:00:00+25:00",
    "zone 14:30": "2020-01-01T10:00:00+14:30",
    "zone without colon": "2020-01-01T10:00:00+0100",
    "lower-case t": "2020-01-01t10:00:00Z",
    "lower-case z": "2020-01-01T10:00:00z",
    "blank for T": "2020-01-01 10:00:00Z",
    "nothing after T": "2020-01-01T",
    "slashes": "01/02/2020",
    "two digits": "20-01-01",
    "year 0000": "0000-01-01",
    "one digit": "2020-1-1",
    "newline at the end": "2020-01-01\n",
    "Arabic digits": "\u0662\u0660\u0662\u0660-\u0660\u0661-\u0660\u0661",
    "words": "yesterday",
    "padded": " 2020-01-01",
}
texts("dateTime", DATE_TIMES, BAD_DATE_TIMES, "datetime-format")
texts(
    "instant",
    INSTANTS,
    {
        "date only": "2020-01-01",
        "no zone": "2020-01-01T10:00:00",
        "no seconds": "2020-01-01T10:00Z",
        "30 February": "2020-02-30T10:00:00Z",
    },
    "instant-format",
)
texts(
    "date",
    frozenset({"birthDate"}),
    {"time": "1980-01-01T10:00:00Z", "30 February": "1980-02-30", "month 13": "1980-13"},
    "date-format",
)
texts(
    "uri",
    URIS,
    {
        "blank": "http://exa mple.org",
        "newline": "{}\n",
        "bad OID": "urn:oid:1.02.x",
        "bad UUID": "urn:uuid:123",
        "control": "urn:x:\u0001",
    },
    "uri-format",
)
texts(
    "code",
    CODES,
    {"leading blank": " {}", "trailing blank": "{} ", "double blank": "a  b", "tab": "a\tb", "bell": "a\u0007"},
    "code-format",
    "required-binding",
    "uri-format",
    "reference-type",
)
texts(
    "bound code",
    frozenset({"status", "meaning", "severity", "gender", "mode"}),
    {"made up": "bogus", "capital": "ACTIVE", "display": "Opt Out"},
    "required-binding",
)
texts("provision type", frozenset({"type"}), {"made up": "optin"}, "required-binding", "reference-type")
texts(
    "language",
    frozenset({"language"}),
    {"word": "english", "no language": "qq", "underscore": "sv_SE", "digits": "12"},
    "max-binding",
)
texts(
    "base64",
    frozenset({"data", "hash"}),
    {"length": "AAA", "letters": "ÅÄÖ=", "url alphabet": "a-_b", "padding inside": "A=AA"},
    "base64-format",
)
texts("media type", frozenset({"contentType", "sigFormat"}), {"word": "pdf", "no subtype": "text/"}, "required-binding")
texts(
    "version id",
    frozenset({"versionId"}),
    {"blank": "1 2", "underscore": "v_1", "long": "x" * 65, "quotes": '"1"'},
    "id-format",
)
texts(
    "resource id",
    frozenset({"id"}),
    {"blank": "a b", "underscore": "a_b", "slash": "a/b", "long": "x" * 65, "letters": "ä", "newline": "{}\n"},
    "id-format",
    "element-id",
    "ref-1",
)

# references

BAD_REFERENCES = {
    "leading slash": "/Patient/1",
    "no id": "Patient/",
    "id only": "p-1",
    "underscore": "Patient/p_1",
    "long id": f"Patient/{'x' * 65}",
    "blank": "Patient/ 1",
    "empty version": "Patient/1/_history/",
}
texts("reference", frozenset({"reference"}), BAD_REFERENCES, "reference-format")
texts(
    "reference type",
    frozenset({"reference"}),
    {"made up": "Person2/1", "lower case": "patient/1"},
    "reference-target",
    "reference-format",
)
texts("dangling reference", frozenset({"reference"}), {"contained": "#nobody"}, "ref-1")


@mutation("target of a wrong type", "reference-target")
def wrong_target(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, _ in named(document, frozenset({"reference"})):
        if "data" not in place and "target" not in place and place[-2] != "assigner":
            yield replaced(document, place, "Location/1")


@mutation("Reference.type of a wrong type", "reference-target", "reference-type")
def wrong_said_type(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, _ in named(document, frozenset({"reference"})):
        changed = copy.deepcopy(document)
        at(changed, place[:-1])["type"] = "Medication"
        yield changed, (*place[:-1], "type")


# periods, invariants, terminology


def inverted(name: str, start: str, end: str) -> None:
    def change(document: Json) -> Iterator[tuple[Json, Place]]:
        for place, _ in named(document, frozenset({"period", "dataPeriod"}), dict):
            yield replaced(document, place, {"start": start, "end": end})

    MUTATIONS[f"inverted period: {name}"] = (change, frozenset({"per-1"}))


inverted("by years", "2021", "2020")
inverted("by a day", "2020-03-01", "2020-02-29")
inverted("by a second", "2020-01-01T10:00:01Z", "2020-01-01T10:00:00Z")
inverted("by a millisecond", "2020-01-01T10:00:00.002Z", "2020-01-01T10:00:00.001Z")
inverted("by zones", "2020-06-15T23:00:00-05:00", "2020-06-16T01:00:00+02:00")
inverted("date after time", "2020-06-20", "2020-06-15T10:00:00Z")
inverted("year after month", "2022", "2020-06")


def whole(name: str, rule: str, base: str, change: Callable[[Json], object], place: Place) -> None:
    def mutate(document: Json) -> Iterator[tuple[Json, Place]]:
        if document.get("resourceType") == base and (
            base != "Consent" or ("contained" in document) is (name[:1] != "~")
        ):
            changed = copy.deepcopy(document)
            change(changed)
            yield changed, place

    MUTATIONS[name.lstrip("~")] = (mutate, frozenset({rule}))


whole("no policy", "ppc-1", "Consent", lambda doc: (doc.pop("policy"), doc.pop("policyRule")), ())
whole(
    "contained in contained",
    "dom-2",
    "Consent",
    lambda doc: doc["contained"][0].update(contained=[{"resourceType": "Patient", "id": "x"}]),
    ("contained", 0, "contained"),
)
whole(
    "contained unused",
    "dom-3",
    "Consent",
    lambda doc: doc["contained"].append({"resourceType": "Patient", "id": "alone"}),
    ("contained", 2),
)
whole(
    "contained without id",
    "dom-3",
    "Consent",
    lambda doc: doc["contained"].append({"resourceType": "Patient", "active": True}),
    ("contained", 2),
)
whole(
    "contained with version",
    "dom-4",
    "Consent",
    lambda doc: doc["contained"][0].update(meta={"versionId": "1"}),
    ("contained", 0, "meta", "versionId"),
)
whole(
    "contained with time",
    "dom-4",
    "Consent",
    lambda doc: doc["contained"][0].update(meta={"lastUpdated": "2020-01-01T00:00:00Z"}),
    ("contained", 0, "meta", "lastUpdated"),
)
whole(
    "contained with label",
    "dom-5",
    "Consent",
    lambda doc: doc["contained"][0].update(meta={"security": [{"code": "x"}]}),
    ("contained", 0, "meta", "security"),
)
whole(
    "contained id twice",
    "contained-id",
    "Consent",
    lambda doc: doc["contained"].append({"resourceType": "Patient", "id": "clinic"}),
    ("contained", 2, "id"),
)
whole(
    "contained organization of nothing",
    "org-1",
    "Consent",
    lambda doc: doc["contained"][0].pop("name"),
    ("contained", 0),
)
whole(
    "contained document without content",
    "cardinality",
    "Consent",
    lambda doc: doc["contained"][1].pop("content"),
    ("contained", 1, "content"),
)
whole(
    "reference to a contained resource of a wrong type",
    "reference-target",
    "Consent",
    lambda doc: doc.update(patient={"reference": "#clinic"}),
    ("patient", "reference"),
)
whole(
    "~data without content type",
    "att-1",
    "Consent",
    lambda doc: doc["sourceAttachment"].pop("contentType"),
    ("sourceAttachment",),
)
whole(
    "extension with both",
    "ext-1",
    "Consent",
    lambda doc: doc["extension"][0].update(extension=[{"url": "a", "valueCode": "b"}]),
    ("extension", 0),
)
whole(
    "extension with neither", "ext-1", "Consent", lambda doc: doc["extension"][0].pop("valueString"), ("extension", 0)
)
whole(
    "extension without url",
    "cardinality",
    "Consent",
    lambda doc: doc["extension"][0].pop("url"),
    ("extension", 0, "url"),
)
whole(
    "extension with a relative url",
    "extension-url",
    "Consent",
    lambda doc: doc["extension"][0].update(url="colour"),
    ("extension", 0, "url"),
)
whole(
    "extension twice",
    "extension-cardinality",
    "Consent",
    lambda doc: doc.update(
        _dateTime={
            "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
            * 2
        }
    ),
    ("_dateTime", "extension", 1),
)
whole(
    "extension in a wrong place",
    "extension-context",
    "Consent",
    lambda doc: doc["extension"].append(
        {
            "url": "http://hl7.org/fhir/StructureDefinition/consent-location",
            "valueReference": {"reference": "Location/1"},
        }
    ),
    ("extension", 1),
)
whole(
    "extension with a wrong value type",
    "profile-type",
    "Consent",
    lambda doc: doc.update(
        _dateTime={
            "extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueString": "unknown"}
            ]
        }
    ),
    ("_dateTime", "extension", 0, "valueString"),
)
whole(
    "extension with a wrong code",
    "required-binding",
    "Consent",
    lambda doc: doc.update(
        _dateTime={
            "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "lost"}]
        }
    ),
    ("_dateTime", "extension", 0, "valueCode"),
)
whole(
    "element of R5",
    "unknown-element",
    "Consent",
    lambda doc: doc.update(grantor=[{"reference": "Patient/1"}]),
    ("grantor",),
)
whole(
    "contact without content", "pat-1", "Patient", lambda doc: doc.update(contact=[{"gender": "male"}]), ("contact", 0)
)
whole("contact point without system", "cpt-2", "Patient", lambda doc: doc["telecom"][0].pop("system"), ("telecom", 0))
whole("total of a collection", "bdl-1", "Bundle", lambda doc: doc.update(type="collection"), ("total",))
whole(
    "search in a collection",
    "bdl-2",
    "Bundle",
    lambda doc: (doc.update(type="collection"), doc.pop("total")),
    ("entry", 0, "search"),
)
whole(
    "request in a searchset",
    "bdl-3",
    "Bundle",
    lambda doc: doc["entry"][0].update(request={"method": "GET", "url": "x"}),
    ("entry", 0),
)
whole(
    "response in a searchset",
    "bdl-4",
    "Bundle",
    lambda doc: doc["entry"][0].update(response={"status": "200"}),
    ("entry", 0),
)
whole(
    "entry with search only",
    "bdl-5",
    "Bundle",
    lambda doc: doc["entry"].append({"search": {"mode": "match"}}),
    ("entry", 3),
)
whole("fullUrl twice", "bdl-7", "Bundle", lambda doc: doc["entry"].append(doc["entry"][1]), ("entry", 3, "fullUrl"))
whole(
    "fullUrl with version",
    "bdl-8",
    "Bundle",
    lambda doc: doc["entry"][0].update(fullUrl="http://example.org/fhir/Consent/own-rich/_history/3"),
    ("entry", 0, "fullUrl"),
)
whole(
    "fullUrl of another id",
    "bundle-full-url",
    "Bundle",
    lambda doc: doc["entry"][0].update(fullUrl="http://example.org/fhir/Consent/other"),
    ("entry", 0, "fullUrl"),
)
whole(
    "relative fullUrl",
    "bundle-full-url",
    "Bundle",
    lambda doc: doc["entry"][0].update(fullUrl="Consent/own-rich"),
    ("entry", 0, "fullUrl"),
)
whole("document without identifier", "bdl-9", "Bundle", lambda doc: (doc.update(type="document"), doc.pop("total")), ())
whole("document without timestamp", "bdl-10", "Bundle", lambda doc: (doc.update(type="document"), doc.pop("total")), ())
whole(
    "document without composition",
    "bdl-11",
    "Bundle",
    lambda doc: (doc.update(type="document"), doc.pop("total")),
    ("entry", 0),
)
whole(
    "message without header",
    "bdl-12",
    "Bundle",
    lambda doc: (doc.update(type="message"), doc.pop("total")),
    ("entry", 0),
)


@mutation("code that its system does not have", "unknown-code")
def unknown_code(document: Json) -> Iterator[tuple[Json, Place]]:
    for place, value in places(document):
        known = isinstance(value, dict) and str(value.get("system", "")).startswith(
            ("http://terminology.hl7.org/", "http://hl7.org/fhir/resource-types")
        )
        if known and "code" in value:
            yield replaced(document, (*place, "code"), "no-such-code")


def narrative(name: str, div: str, *rules: str) -> None:
    def change(document: Json) -> Iterator[tuple[Json, Place]]:
        for place, _ in named(document, frozenset({"text"}), dict):
            if "div" in at(document, place):
                yield replaced(document, (*place, "div"), div)

    MUTATIONS[f"narrative: {name}"] = (change, frozenset(rules))


def xhtml(inner: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'


narrative("no content", xhtml(" \n "), "txt-2")
narrative("empty elements", xhtml("<p></p><br/>"), "txt-2")
narrative("no namespace", "<div><p>x</p></div>", "narrative-xml")
narrative("other namespace", '<div xmlns="http://example.org"><p>x</p></div>', "narrative-xml")
narrative("other root", '<p xmlns="http://www.w3.org/1999/xhtml">x</p>', "narrative-xml")
narrative("not closed", '<div xmlns="http://www.w3.org/1999/xhtml"><p>x</div>', "narrative-xml")
narrative("plain text", "some text", "narrative-xml")
narrative("two roots", xhtml("a") + xhtml("b"), "narrative-xml")
narrative("named entity", xhtml("a&nbsp;b"), "narrative-xml")
narrative("bare ampersand", xhtml("a & b"), "narrative-xml")
narrative("attribute without quotes", xhtml("<p class=x>a</p>"), "narrative-xml")
narrative("document type", '<!DOCTYPE div [<!ENTITY a "b">]>' + xhtml("&a;"), "narrative-xml")
narrative("script", xhtml("<script>1</script>x"), "txt-1")
narrative("iframe", xhtml('<iframe src="http://example.org"/>x'), "txt-1")
narrative("form", xhtml("<form><input/></form>x"), "txt-1")
narrative("object", xhtml("<object>x</object>"), "txt-1")
narrative("head", xhtml("<head><title>x</title></head>x"), "txt-1")
narrative("event", xhtml('<p onclick="alert(1)">x</p>'), "txt-1")
narrative("link to script", xhtml('<a href="javascript:alert(1)">x</a>'), "txt-1")
narrative("hidden link to script", xhtml('<a href="&#106;avascript:alert(1)">x</a>'), "txt-1")
narrative("style that acts", xhtml('<p style="width: expression(alert(1))">x</p>'), "txt-1")
narrative("script in another case", xhtml("<SCRIPT>1</SCRIPT>x"), "txt-1")


MOST_PER_BASE = 40
MOST_PER_BUNDLE = 6


def cases(documents: Iterator[tuple[str, Json]]) -> Iterator[Case]:
    """Single-fault documents of all mutations; of those that fit in very many places, an even choice."""
    for base, document in documents:
        most = MOST_PER_BUNDLE if document["resourceType"] == "Bundle" else MOST_PER_BASE
        for name, (change, rules) in MUTATIONS.items():
            changes = list(change(document))
            for changed, place in changes[:: max(1, -(-len(changes) // most))]:
                text = json.dumps(changed, ensure_ascii=False).encode("utf-8", "surrogatepass")
                yield Case(name, base, text, expression(document, place), rules)


TEXTS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "json-syntax"),
    "blank": (b"  \n", "json-syntax"),
    "truncated": (b'{"resourceType": "Consent", "status": "act', "json-syntax"),
    "two documents": (b'{"resourceType": "Consent"} {}', "json-syntax"),
    "comma at the end": (b'{"resourceType": "Consent",}', "json-syntax"),
    "comment": (b'{"resourceType": "Consent" /* x */}', "json-syntax"),
    "single quotes": (b"{'resourceType': 'Consent'}", "json-syntax"),
    "bare key": (b'{resourceType: "Consent"}', "json-syntax"),
    "leading zero": (b'{"resourceType": "Consent", "x": 01}', "json-syntax"),
    "plus sign": (b'{"resourceType": "Consent", "x": +1}', "json-syntax"),
    "hexadecimal": (b'{"resourceType": "Consent", "x": 0x1}', "json-syntax"),
    "control character": (b'{"resourceType": "Con\nsent"}', "json-syntax"),
    "bad escape": (b'{"resourceType": "Con\\xsent"}', "json-syntax"),
    "True": (b'{"resourceType": "Consent", "x": True}', "json-syntax"),
    "XML": (b'<Consent xmlns="http://hl7.org/fhir"/>', "json-syntax"),
    "NaN": (b'{"resourceType": "Consent", "x": NaN}', "json-number"),
    "Infinity": (b'{"resourceType": "Consent", "x": -Infinity}', "json-number"),
    "ten thousand digits": (b'{"resourceType": "Consent", "x": ' + b"1" * 10000 + b"}", "json-number"),
    "byte order mark": (b'\xef\xbb\xbf{"resourceType": "Consent"}', "json-encoding"),
    "UTF-16": ('{"resourceType": "Consent"}'.encode("utf-16"), "json-encoding"),
    "Latin-1": ('{"resourceType": "Consent", "x": "å"}'.encode("latin-1"), "json-encoding"),
    "half a character": (b'{"resourceType": "Consent", "id": "\\ud800"}', "json-encoding"),
    "key twice": (b'{"resourceType": "Consent", "status": "active", "status": "active"}', "duplicate-key"),
    "key twice, once escaped": (
        b'{"resourceType": "Consent", "status": "active", "st\\u0061tus": "draft"}',
        "duplicate-key",
    ),
    "key twice, deep": (b'{"resourceType": "Consent", "scope": {"text": "a", "text": "b"}}', "duplicate-key"),
    "array": (b"[]", "top-level"),
    "text": (b'"Consent"', "top-level"),
    "null": (b"null", "top-level"),
    "number": (b"1", "top-level"),
    "objects without end": (b'{"a":' * 100000, "too-deep"),
    "arrays without end": (b"[" * 100000, "too-deep"),
}
"""Texts that are wrong before any element is looked at, with their rule."""
