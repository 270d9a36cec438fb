"""What every returned resource looks like: one table, from the rules of the validator to requirements.

Each issue that the validator finds in an answer falls into the first row that takes its rule, its place and its words.
An error violates the row; a warning is a note, since whether a code fits, say, cannot be seen from outside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.examination import RELEASES
from conformance.model import NotTestable, Violation
from conformance.observed import observes
from conformance.observed.examined import returned
from conformance.validation.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.examination import Told
    from conformance.observed import Answers
    from conformance.observed.examined import Returned

FEW = 3
"""So many different messages stand in a note."""
Json = dict[str, Any]

ANY = ""
"""Resources of every type, the ones that came along included."""
SCOPE_SYSTEM = "http://terminology.hl7.org/CodeSystem/consentscope"
SCOPES = frozenset({"adr", "patient-privacy", "research", "treatment"})
PROVISION = r"Consent(\.provision)+"
"""A provision at any depth."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Issues of one rule: at a place (a pattern over the path without indices), with these words in the message."""

    rule: str
    at: str = ""
    says: str = ""

    def takes(self, issue: Told) -> bool:
        return (not self.at or re.fullmatch(self.at, issue.place) is not None) and self.says in issue.message


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement, what it expects, and the kinds of issues in resources of a type that violate it.

    Without a requirement the row says why an issue is nobody's here.
    """

    requirement: str
    expected: str
    kinds: tuple[Kind, ...]
    of: str = "Consent"
    about: str = ""
    """The element that the row is about, where whole runs may go by without it."""
    warns: bool = False
    """A warning of the validator violates it, too."""


def row(
    requirement: str, expected: str, *kinds: Kind | str, of: str = "Consent", about: str = "", warns: bool = False
) -> Row:
    """A row of the table. A kind that is a bare rule takes its issues wherever they are."""
    taken = tuple(Kind(kind) if isinstance(kind, str) else kind for kind in kinds)
    return Row(requirement, expected, taken, of, about, warns)


def elsewhere(why: str, *kinds: Kind | str, of: str = ANY) -> Row:
    """A row for what is judged by somebody else, or by nobody."""
    return row("", why, *kinds, of=of)


INVARIANTS = tuple(rule for rule, entry in RULES.items() if entry.code == "invariant" and entry.severity == "error")
"""Of data types, and of the resources that may be contained in a Consent."""
DATATYPES = (
    *("unknown-element", "cardinality", "choice", "json-type", "primitive-sibling", "abstract-type", "resource-type"),
    *(
        "integer-format",
        "string-format",
        "string-blank",
        "string-characters",
        "code-format",
        "id-format",
        "uri-format",
        "uri-characters",
    ),
    *("oid-format", "uuid-format", "canonical-absolute", "base64-format", "max-length", "system-absolute"),
    *("required-binding", "max-binding", "reference-format", "extension-url"),
    *("cpb-0", "cod-1"),
    *INVARIANTS,
)
"""What is left when every other row has taken its own."""

TABLE = (
    elsewhere(
        "a body that is no JSON object holds no resource; the checks that asked for one say so",
        "json-syntax",
        "top-level",
    ),
    elsewhere("a limit of the validator", "too-deep"),
    elsewhere("the validator says what it did not check", "not-checked"),
    elsewhere(
        "no profile is given to the validator",
        *(rule for rule in RULES if rule.startswith("profile-")),
    ),
    elsewhere("the rows on the order of periods judge it, in the zone of the dialect", "per-1"),
    row("r4.content.bodies-are-utf-eight", "whole characters in UTF-8", "json-encoding", of=ANY),
    # Bundles, beyond what bundles.py says of searchsets and the check of a history; OperationOutcomes
    elsewhere(
        "the rows on searchsets and on the history judge it",
        *(rule for rule in RULES if rule.startswith("bdl-")),
        "bundle-full-url",
        Kind("cardinality", r"Bundle\.(type|link\.(relation|url)|entry\.resource)"),
        Kind("required-binding", r"Bundle\.(type|entry\.search\.mode)"),
        Kind("resource-type", r"Bundle\.entry\.resource\.resourceType"),
        Kind("uri-format", r"Bundle\.(link\.url|entry\.fullUrl)"),
        of="Bundle",
    ),
    row("r4.search.bundle-is-well-formed", "a Bundle of R4", *RULES, of="Bundle"),
    elsewhere("nobody asks for a narrative of what went wrong", "dom-6", of="OperationOutcome"),
    row("r4.errors.outcome-is-well-formed", "an OperationOutcome of R4", *RULES, of="OperationOutcome"),
    # what is there
    row(
        "r4.consent.id-is-well-formed",
        "an id of 1 to 64 A-Z a-z 0-9 - .",
        Kind("id-format", r"Consent\.id"),
        Kind("json-type", r"Consent\.id"),
    ),
    row("r4.consent.status-is-present", "a status in every consent", Kind("cardinality", r"Consent\.status")),
    row(
        "r4.consent.status-code-is-known",
        "a status of consent-state-codes",
        Kind("required-binding", r"Consent\.status"),
    ),
    row(
        "r4.consent.scope-is-present",
        "one scope in every consent",
        Kind("cardinality", r"Consent\.scope"),
        Kind("array-form", r"Consent\.scope"),
    ),
    row("r4.consent.category-is-present", "a category in every consent", Kind("cardinality", r"Consent\.category")),
    row(
        "r4.consent.actor-has-a-role",
        "a role in every actor",
        Kind("cardinality", rf"{PROVISION}\.actor\.role"),
        about="actor",
    ),
    row(
        "r4.consent.actor-has-a-reference",
        "a reference in every actor",
        Kind("cardinality", rf"{PROVISION}\.actor\.reference"),
        about="actor",
    ),
    row(
        "r4.consent.data-has-a-meaning",
        "a meaning of R4 in every data entry",
        Kind("cardinality", rf"{PROVISION}\.data\.meaning"),
        Kind("required-binding", rf"{PROVISION}\.data\.meaning"),
        about="data",
    ),
    row(
        "r4.consent.data-has-a-reference",
        "a reference in every data entry",
        Kind("cardinality", rf"{PROVISION}\.data\.reference"),
        about="data",
    ),
    row(
        "r4.consent.verification-says-verified",
        "verified in every verification",
        Kind("cardinality", r"Consent\.verification\.verified"),
        about="verification",
    ),
    row("r4.consent.policy-or-policy-rule", "a policy or a policyRule in every consent", "ppc-1"),
    # narratives
    row(
        "r4.consent.narrative-is-safe-and-well-formed",
        "a narrative of R4 that is well-formed XHTML without active content",
        "narrative-xml",
        "txt-1",
        "txt-2",
        Kind("cardinality", r"Consent\.text\.(status|div)"),
        Kind("required-binding", r"Consent\.text\.status"),
        about="div",
    ),
    row(
        "r4.consent.narrative-is-present", "a narrative in every consent that was written with one", "dom-6", warns=True
    ),
    # how it is written
    row(
        "r4.consent.single-elements-are-not-arrays",
        "what occurs at most once as one property, not as an array",
        Kind("array-form", says="does not repeat"),
        "duplicate-key",
    ),
    row("r4.consent.repeating-elements-are-arrays", "an array wherever an element may repeat", "array-form"),
    row(
        "r4.consent.primitives-have-their-json-type",
        "strings, booleans and numbers as JSON has them",
        Kind("json-type", says="a JSON string"),
        Kind("json-type", says="true or false"),
        Kind("json-type", says="JSON number"),
        "json-number",
        of=ANY,
    ),
    row(
        "r4.consent.date-times-are-well-formed",
        "dates and times of the grammar and the calendar, with a zone beside a time",
        "date-format",
        "datetime-format",
        "instant-format",
        "time-format",
    ),
    row(
        "r4.consent.references-point-at-allowed-types",
        "references to the types that the element allows",
        "reference-target",
        "reference-type",
    ),
    row("r4.consent.source-is-one-choice", "one of sourceAttachment and sourceReference", Kind("choice", "Consent")),
    row(
        "r4.consent.provision-type-is-known",
        "deny or permit",
        Kind("required-binding", rf"{PROVISION}\.type"),
    ),
    row(
        "r4.consent.nested-provisions-follow-the-same-rules",
        "the elements of a provision in every provision inside it",
        Kind("unknown-element", r"Consent\.provision(\.provision)+\.[^.]+"),
        about="provision",
    ),
    row(
        "r4.consent.no-unknown-elements",
        "elements of R4 only",
        Kind("unknown-element", r"Consent\.[^.]+"),
        Kind("unknown-element", rf"{PROVISION}(\.actor|\.data)?\.[^.]+"),
        Kind("unknown-element", r"Consent\.(policy|verification)\.[^.]+"),
        Kind("choice", r"Consent\.source"),
        "extension-context",
        "extension-cardinality",
        "extension-modifier",
    ),
    row("r4.consent.no-empty-values", "no null and nothing empty", "null-value", "empty-value", "ele-1"),
    row(
        "r4.consent.contained-resources-are-used",
        "contained resources that are referred to, and a target for every '#' reference",
        "dom-2",
        "dom-3",
        "dom-4",
        "dom-5",
        "ref-1",
        "contained-id",
        about="contained",
    ),
    row(
        "r4.consent.element-ids-are-unique",
        "element ids without blanks, each once in its resource",
        "element-id",
        of=ANY,
    ),
    # codes
    row(
        "r4.consent.scope-code-is-from-the-value-set",
        "a code of the scope's system",
        Kind("unknown-code", r"Consent\.scope\..*"),
        Kind("unknown-code-other-version", r"Consent\.scope\..*"),
        Kind("extensible-binding", r"Consent\.scope(\..*)?"),
    ),
    row(
        "r4.consent.category-code-is-from-the-value-set",
        "a code of the category's system",
        Kind("unknown-code", r"Consent\.category\..*"),
        Kind("unknown-code-other-version", r"Consent\.category\..*"),
        Kind("extensible-binding", r"Consent\.category(\..*)?"),
    ),
    row(
        "r4.consent.other-extensible-codes",
        "codes of their systems",
        "unknown-code",
        "unknown-code-other-version",
        "extensible-binding",
    ),
    # data types, and all that is left
    row(
        "r4.consent.elements-have-their-datatype",
        "the data type that R4 gives the element",
        *DATATYPES,
    ),
)
"""The order counts: the first row that takes an issue has it."""


_BY_RULE: dict[str, list[tuple[Row, Kind]]] = {}
for _row in TABLE:
    for _kind in _row.kinds:
        _BY_RULE.setdefault(_kind.rule, []).append((_row, _kind))


def row_for(issue: Told) -> Row | None:
    """The row that an issue falls into; None for one in a resource of a type that nobody asks about.

    Raises:
        LookupError: no row takes it, although it is about a Consent, a Bundle or an OperationOutcome.

    """
    for one, kind in _BY_RULE.get(issue.rule, ()):
        if one.of in {issue.type, ANY} and kind.takes(issue):
            return one
    if issue.type in {"Consent", "Bundle", "OperationOutcome"}:
        raise LookupError(f"no row for the rule {issue.rule} at {issue.place}")
    return None


@observes("r4.consent.patient-for-its-scope")
def every_consent_of_a_known_scope_has_a_patient(answers: Answers) -> str | None:
    """Every Consent that an answer holds, and whose scope is of the four that R4 defines, names its patient."""
    consents = [(one, consent) for one in answers.once(returned) for consent in one.consents]
    _some(consents)
    for one, consent in consents:
        if _scopes(consent) & SCOPES and not ("patient" in consent or "_patient" in consent):
            said = f"Consent/{consent.get('id')} without patient ({one.exchange.method} {one.exchange.url})"
            raise Violation("a patient in every consent", said, (one.exchange.id,))
    return None


def _scopes(consent: Json) -> set[str]:
    scope = consent.get("scope")
    codings = scope.get("coding") if isinstance(scope, dict) else None
    listed = [coding for coding in codings if isinstance(coding, dict)] if isinstance(codings, list) else []
    return {str(coding.get("code")) for coding in listed if coding.get("system") == SCOPE_SYSTEM}


def _judged(answers: Answers) -> dict[str, list[tuple[Returned, Told]]]:
    """Requirement → what speaks against it, and where."""
    found: dict[str, list[tuple[Returned, Told]]] = {}
    for one in answers.once(returned):
        for issue in one.told:
            taken = row_for(issue)
            if taken is not None:
                found.setdefault(taken.requirement, []).append((one, issue))
    return found


def _held(row: Row) -> Callable[[Answers], str | None]:
    def hold(answers: Answers) -> str | None:
        """Every resource in every answer is held against R4, and what is found falls to the requirement it breaks."""
        if answers.release not in RELEASES:
            raise NotTestable(f"the validator has no definitions of FHIR {answers.release}")
        if row.of == "Consent":
            _some([consent for one in answers.once(returned) for consent in one.consents])
        elif not answers.once(returned):
            raise NotTestable("no resource was returned in this run")
        said = answers.once(_judged).get(row.requirement, [])
        wrong = [(one, issue) for one, issue in said if issue.severity == "error" or row.warns]
        if wrong:
            first, issue = wrong[0]
            places = len({(issue.named, issue.place) for _, issue in wrong})
            more = f", and {places - 1} more" if places > 1 else ""
            where = f"{first.exchange.method} {first.exchange.url}"
            actual = f"{issue.named}: {issue.place}: {issue.message}{more} ({where})"
            raise Violation(row.expected, actual, tuple(dict.fromkeys(one.exchange.id for one, _ in wrong))[:5])
        noted = [f"{issue.place}: {issue.message}" for _, issue in said]
        if row.about and not any(
            f'"{row.about}"' in (one.exchange.response_body or "") for one in answers.once(returned)
        ):
            noted.append(f"no returned consent has {row.about}")
        return "; ".join(dict.fromkeys(noted[:FEW])) or None

    hold.__name__ = row.requirement
    hold.__module__ = __name__
    return hold


def _some(consents: Sequence[object]) -> None:
    if not consents:
        raise NotTestable("no consent was returned in this run", remedy="name consents under given.consents")


for _row in TABLE:
    if _row.requirement:
        observes(_row.requirement)(_held(_row))
