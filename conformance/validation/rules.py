"""Every rule of the validator by its stable key: what it says, how grave a violation is, and where it is written.

This is the one place where the traps of the specification are settled:

* ppc-2 to ppc-5 are published with the literal system 'something' and can never fail; they never fire here.
* per-1 on bounds of unequal precision that agree as far as both go has no answer in FHIRPath; it warns.
* per-1's prose says "lower", its expression "lower or equal"; the expression counts.
* Consent.provision.type "not permitted in root rule, required in nested" is prose without an invariant and broken by
  published examples; it is not a rule here.
* CapabilityStatement.format is bound to the media types and explained as "xml | json | ttl | mime type"; both pass.
* The context "Element" of an extension means resources too, as HL7's own resources show.
* dom-6 (a narrative should be there) is a best practice and warns.
"""

from __future__ import annotations

from dataclasses import dataclass

R4 = "https://hl7.org/fhir/R4/"
JSON = f"{R4}json.html"
TYPES = f"{R4}datatypes.html"


@dataclass(frozen=True, slots=True)
class Rule:
    """`code` is from http://hl7.org/fhir/issue-type."""

    severity: str
    code: str
    says: str
    source: str


def _error(code: str, says: str, source: str) -> Rule:
    return Rule("error", code, says, source)


def _warning(code: str, says: str, source: str) -> Rule:
    return Rule("warning", code, says, source)


RULES: dict[str, Rule] = {
    # the text
    "json-syntax": _error("structure", "the text is JSON", "RFC 8259"),
    "json-encoding": _error("structure", "the text is UTF-8 without byte order mark or half characters", JSON),
    "json-number": _error("value", "numbers are JSON numbers: no NaN, no Infinity", "RFC 8259 §6"),
    "duplicate-key": _error("structure", "a property stands once in its object", f"{JSON}, RFC 8259 §4"),
    "too-deep": _error("too-long", "nesting stays within what this program reads", "a limit of this program"),
    "top-level": _error("structure", "a resource is a JSON object", JSON),
    "resource-type": _error("structure", "resourceType names a resource of the release", f"{JSON}#resources"),
    # structure
    "unknown-element": _error("structure", "only elements of the definition are there", f"{JSON}, {R4}validation.html"),
    "cardinality": _error(
        "required", "an element is there as often as min and max say", f"{R4}conformance-rules.html#cardinality"
    ),
    "array-form": _error("structure", "what may repeat is an array, what may not is none", f"{JSON}#primitive"),
    "json-type": _error("structure", "a value has the JSON type of its datatype", f"{JSON}#primitive"),
    "choice": _error("structure", "of a choice of types one is there", f"{R4}formats.html#choice"),
    "null-value": _error("structure", "null stands only in arrays of primitives, beside an extension", f"{JSON}#null"),
    "empty-value": _error("value", "objects, arrays and strings are never empty", JSON),
    "ele-1": _error("invariant", "an element has a value or children besides its id", f"{R4}element.html"),
    "primitive-sibling": _error(
        "structure", "_name holds id and extension of a primitive and matches its array", f"{JSON}#primitive"
    ),
    "element-id": _error(
        "invariant", "the id of an element holds no blank and is unique in its resource", f"{R4}element.html#id"
    ),
    "abstract-type": _error("structure", "an abstract type has no instances", f"{R4}resource.html"),
    # primitive formats
    "integer-format": _error("value", "a whole number in the range of its type", f"{TYPES}#integer"),
    "string-format": _error("value", "at most 1 MB; markdown and code without control characters", f"{TYPES}#string"),
    "string-characters": _warning("value", "text has no control characters", f"{TYPES}#string"),
    "string-blank": _warning("value", "text is more than white space", f"{TYPES}#string"),
    "code-format": _error("value", "no blank at the ends, single blanks inside", f"{TYPES}#code"),
    "id-format": _error("value", "1 to 64 of A-Z a-z 0-9 - .", f"{TYPES}#id"),
    "uri-format": _error("value", "a URI without blanks; urn:oid: and urn:uuid: are followed by one", f"{TYPES}#uri"),
    "uri-characters": _warning("value", "a URI holds no characters that RFC 3986 leaves out", f"{TYPES}#uri"),
    "oid-format": _error("value", "urn:oid: and an OID", f"{TYPES}#oid"),
    "uuid-format": _error("value", "urn:uuid: and a UUID in lower case", f"{TYPES}#uuid"),
    "canonical-absolute": _warning(
        "value", "a canonical is an absolute URL, or # and a fragment", f"{R4}references.html#canonical"
    ),
    "base64-format": _error("value", "base64 of RFC 4648, blanks allowed", f"{TYPES}#base64Binary"),
    "date-format": _error("value", "YYYY, YYYY-MM or YYYY-MM-DD, a date of the calendar", f"{TYPES}#date"),
    "datetime-format": _error("value", "a date, or a date and time with seconds and zone", f"{TYPES}#dateTime"),
    "instant-format": _error("value", "date, time with seconds, zone", f"{TYPES}#instant"),
    "time-format": _error("value", "hh:mm:ss", f"{TYPES}#time"),
    "max-length": _error("too-long", "text is no longer than the definition says", f"{R4}elementdefinition.html"),
    # terminology
    "required-binding": _error("code-invalid", "a code is from the value set", f"{R4}terminologies.html#required"),
    "extensible-binding": _warning(
        "code-invalid", "a code is from the value set where one fits", f"{R4}terminologies.html#extensible"
    ),
    "max-binding": _error(
        "code-invalid",
        "a code is from the largest value set that is allowed",
        f"{R4}extension-elementdefinition-maxvalueset.html",
    ),
    "unknown-code": _error("code-invalid", "a code is one of its code system", f"{R4}codesystem.html#content"),
    "unknown-code-other-version": _warning(
        "code-invalid", "a code is one of its code system, of which another version is known here", f"{TYPES}#Coding"
    ),
    "system-absolute": _warning("value", "a code system is named by an absolute URI", f"{TYPES}#Coding"),
    # references
    "reference-format": _error(
        "value", "[type]/[id], an absolute URL, a urn, or # and an id", f"{R4}references.html#literal"
    ),
    "reference-type": _error(
        "value", "Reference.type names a resource type and agrees with the reference", f"{R4}references.html#type"
    ),
    "reference-target": _error(
        "structure", "a reference points at a type that the element allows", f"{R4}references.html"
    ),
    # narrative
    "narrative-xml": _error(
        "structure", "text.div is well-formed XML, one div in the XHTML namespace", f"{R4}narrative.html#rules"
    ),
    "txt-1": _error(
        "invariant",
        "the narrative has formatting, links and images only, nothing active",
        f"{R4}narrative.html#Narrative.div",
    ),
    "txt-2": _error("invariant", "the narrative has some content", f"{R4}narrative.html#Narrative.div"),
    # extensions
    "extension-url": _error("value", "the url of an extension is absolute", f"{R4}extensibility.html#Extension.url"),
    "extension-context": _error(
        "extension", "an extension stands where its definition allows", f"{R4}extensibility.html#context"
    ),
    "extension-cardinality": _error(
        "extension", "an extension stands as often as its definition allows", f"{R4}extensibility.html"
    ),
    "extension-modifier": _error(
        "extension",
        "modifier extensions stand under modifierExtension, others do not",
        f"{R4}extensibility.html#modifierExtension",
    ),
    # bundles
    "bundle-full-url": _error(
        "invariant", "fullUrl is absolute and does not disagree with the id", f"{R4}bundle.html#Bundle.entry.fullUrl"
    ),
    "contained-id": _error("invariant", "ids of contained resources are unique", f"{R4}references.html#contained"),
    # profiles
    "profile-cardinality": _error(
        "required", "an element is there as often as the profile says", f"{R4}profiling.html"
    ),
    "profile-type": _error("structure", "a value has a type that the profile allows", f"{R4}profiling.html"),
    "profile-fixed": _error(
        "value", "a value is exactly the one that the profile fixes", f"{R4}elementdefinition.html#fixed"
    ),
    "profile-pattern": _error(
        "value", "a value has everything that the profile's pattern has", f"{R4}elementdefinition.html#pattern"
    ),
    "profile-slicing": _error("structure", "closed and ordered slicing is kept", f"{R4}profiling.html#slicing"),
    "profile-invariant": _error(
        "invariant", "a constraint of the profile holds", f"{R4}elementdefinition.html#constraint"
    ),
    "profile-advice": _warning(
        "invariant", "a constraint of the profile that advises holds", f"{R4}elementdefinition.html#constraint"
    ),
    # what is not judged
    "not-checked": Rule(
        "information", "not-supported", "names what was not checked, and why", "design of this validator"
    ),
}


def _invariants(severity: str, page: str, **keys: str) -> None:
    for key, says in keys.items():
        RULES[key.replace("_", "-")] = Rule(severity, "invariant", says, f"{R4}{page}")


_invariants(
    "error",
    "domainresource.html",
    dom_2="a contained resource contains no other",
    dom_3="a contained resource is referred to, or refers to its container",
    dom_4="a contained resource has no meta.versionId and no meta.lastUpdated",
    dom_5="a contained resource has no security label",
)
_invariants("warning", "domainresource.html", dom_6="a resource should have a narrative")
_invariants("error", "references.html#Reference", ref_1="a reference to # and an id has its contained resource")
_invariants("error", "extensibility.html#Extension", ext_1="an extension has a value or extensions, not both")
_invariants("error", "consent.html", ppc_1="there is a policy or a policyRule")
_invariants(
    "error",
    "datatypes.html",
    per_1="start is not after end",
    att_1="an attachment with data has a contentType",
    age_1="an age has a UCUM code and is positive",
    cnt_3="a count is a whole number of unit 1",
    cpt_2="a contact value has its system",
    dis_1="a distance has a UCUM code",
    drt_1="a duration has a UCUM code and a value",
    qty_3="a quantity's code has its system",
    sqty_1="a simple quantity has no comparator",
    rat_1="numerator and denominator are both there, or both left out beside an extension",
    rng_2="low is not above high",
    tim_1="a duration has its unit",
    tim_2="a period has its unit",
    tim_4="a duration is not negative",
    tim_5="a period is not negative",
    tim_6="periodMax goes with period",
    tim_7="durationMax goes with duration",
    tim_8="countMax goes with count",
    tim_9="offset goes with when, and not with meals in general",
    tim_10="timeOfDay or when, not both",
)
_invariants(
    "error",
    "metadatatypes.html",
    drq_1="a code filter has a path or a searchParam",
    drq_2="a date filter has a path or a searchParam",
    exp_1="an expression has its text or a reference",
    trd_1="a trigger has data or timing, not both",
    trd_2="a condition goes with data",
    trd_3="a named event has a name, a periodic one a timing, a data event data",
)
_invariants(
    "error",
    "bundle.html",
    bdl_1="total is for searchset and history",
    bdl_2="entry.search is for searchset",
    bdl_3="entry.request is there for batch, transaction and history, and only there",
    bdl_4="entry.response is there for batch-response, transaction-response and history, and only there",
    bdl_5="an entry has a resource, a request or a response",
    bdl_7="fullUrl and version stand once",
    bdl_8="fullUrl names no version",
    bdl_9="a document has an identifier with system and value",
    bdl_10="a document has a timestamp",
    bdl_11="a document begins with a Composition",
    bdl_12="a message begins with a MessageHeader",
)
_invariants(
    "error",
    "capabilitystatement.html",
    cpb_1="there is rest, messaging or document",
    cpb_2="there is a description, software or implementation",
    cpb_3="endpoints are for instances",
    cpb_7="documents are distinct by profile and mode",
    cpb_9="a resource type stands once per rest",
    cpb_12="a search parameter stands once per resource",
    cpb_14="an instance has an implementation",
    cpb_15="a capability has software and no implementation",
    cpb_16="requirements have neither software nor implementation",
)
_invariants("warning", "capabilitystatement.html", cpb_0="the name works for code generation")
_invariants(
    "error",
    "organization.html",
    org_1="an organization has an identifier or a name",
    org_2="an organization's address is not a home",
    org_3="an organization's contact point is not a home",
)
_invariants("error", "patient.html", pat_1="a contact has name, telecom, address or organization")
_invariants("error", "questionnaireresponse.html", qrs_1="an item has answers or items, not both")
_invariants(
    "error",
    "testreport.html",
    inv_1="a set-up action is an operation or an assert",
    inv_2="a test action is an operation or an assert",
)
_invariants("error", "group.html", grp_1="a group with members is actual")
_invariants("warning", "../R5/datatypes.html#Coding", cod_1="a display goes with a code")
_invariants(
    "error", "../R5/references.html#Reference", ref_2="a reference has reference, identifier, display or an extension"
)
_invariants(
    "error",
    "../R5/bundle.html",
    bdl_3a="entries of documents, messages, searchsets and collections have a resource, no request and no response",
    bdl_3b="entries of a history have request and response, and a resource where one was sent",
    bdl_3c="entries of a transaction or batch have a request, and a resource where one is sent",
    bdl_3d="entries of a response have a response",
    bdl_13="a notification begins with a SubscriptionStatus",
    bdl_14="a history has no PATCH",
    bdl_15="an entry has a fullUrl, or creates",
    bdl_16="issues inform or warn",
    bdl_17="a document has no issues",
    bdl_18="a searchset has a self link",
)
