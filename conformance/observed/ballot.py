"""The shape of every Consent of the R5 ballot: each error of the validator falls to one requirement."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.model import NotTestable, Violation
from conformance.observed import observes
from conformance.observed.returned import consents, errors

if TYPE_CHECKING:
    from conformance.observed import Answers
    from conformance.validation.issue import Issue

OF_R4 = frozenset({"scope", "patient", "performer", "organization", "policy", "policyRule"})
OF_THE_FINAL = frozenset({"date", "period", "decision"})
OF_FINAL_RULES = frozenset({"documentType", "resourceType"})
MODEL, PROVISION = "r5-ballot.model", "r5-ballot.provision"
ELSEWHERE = frozenset({"per-1", "txt-1", "not-checked"})
"""Rules that other requirements judge: the order of periods, active content; and what nobody could check."""
WITHIN = re.compile(r"\[\d+\]")


def requirement_of(issue: Issue) -> str | None:
    """The requirement that an error breaks; None where the rows of another set judge it."""
    place = WITHIN.sub("", issue.expression)
    parent, _, name = place.rpartition(".")
    while ".provision.provision" in parent:
        parent = parent.replace(".provision.provision", ".provision")
    if issue.rule in ELSEWHERE:
        return None
    if issue.rule == "unknown-element":
        return _of_a_name(parent, name)
    if issue.rule == "cardinality":
        return {
            "Consent.status": f"{MODEL}.status-is-present",
            "Consent.verification.verified": f"{MODEL}.verification-says-verified",
            "Consent.provision.data.meaning": f"{PROVISION}.data-parts-are-needed",
            "Consent.provision.data.reference": f"{PROVISION}.data-parts-are-needed",
        }.get(f"{parent}.{name}", f"{MODEL}.no-unknown-elements")
    if issue.rule == "required-binding":
        return {
            "Consent.status": f"{MODEL}.status-code-is-known",
            "Consent.provision.type": f"{PROVISION}.type-is-known",
            "Consent.provision.data.meaning": f"{PROVISION}.data-parts-are-needed",
        }.get(f"{parent}.{name}", f"{MODEL}.values-have-their-datatype")
    return {
        "array-form": f"{MODEL}.lists-are-lists",
        "reference-target": f"{MODEL}.reference-targets",
        "datetime-format": f"{MODEL}.date-time-form",
        "unknown-code": f"{MODEL}.codings",
    }.get(issue.rule, f"{MODEL}.values-have-their-datatype")


def _of_a_name(parent: str, name: str) -> str:
    if parent == "Consent" and name in OF_R4:
        return f"{MODEL}.uses-ballot-names"
    if (parent == "Consent" and name in OF_THE_FINAL) or (parent == "Consent.provision" and name in OF_FINAL_RULES):
        return f"{MODEL}.not-yet-final"
    return f"{MODEL}.no-unknown-elements"


@observes("r5-ballot.model.uses-ballot-names")
def every_consent_has_the_names_of_the_ballot(answers: Answers) -> str | None:
    """No Consent has scope, patient, performer, organization, policy or policyRule; one with a subject was seen."""
    _none_breaks("r5-ballot.model.uses-ballot-names", answers, expected="none of the names of R4")
    return None if any("subject" in consent for _, consent in consents(answers)) else "no consent had a subject"


@observes("r5-ballot.model.not-yet-final")
def no_consent_has_names_of_the_final_release(answers: Answers) -> str | None:
    """No Consent has date, period or decision, and no rule in it has documentType or resourceType."""
    return _none_breaks("r5-ballot.model.not-yet-final", answers, expected="none of the names of R5 final")


@observes("r5-ballot.model.no-unknown-elements")
def no_consent_has_unknown_elements(answers: Answers) -> str | None:
    """Every Consent has elements of the ballot's table only, and those that others need."""
    return _none_breaks("r5-ballot.model.no-unknown-elements", answers, expected="only elements of the table")


@observes("r5-ballot.model.lists-are-lists")
def every_list_is_a_list(answers: Answers) -> str | None:
    """In every Consent what may repeat is an array, and what may not is none."""
    return _none_breaks("r5-ballot.model.lists-are-lists", answers, expected="arrays where elements repeat")


@observes("r5-ballot.model.status-is-present")
def every_consent_has_a_status(answers: Answers) -> str | None:
    """Every Consent has a status."""
    return _none_breaks("r5-ballot.model.status-is-present", answers, expected="a status")


@observes("r5-ballot.model.status-code-is-known")
def every_status_is_known(answers: Answers) -> str | None:
    """The status of every Consent is one of the ballot's."""
    return _none_breaks("r5-ballot.model.status-code-is-known", answers, expected="a status of the ballot")


@observes("r5-ballot.model.reference-targets")
def every_reference_points_where_it_may(answers: Answers) -> str | None:
    """Every reference in a Consent points at a type that the ballot's table names."""
    return _none_breaks("r5-ballot.model.reference-targets", answers, expected="references to the types of the table")


@observes("r5-ballot.model.date-time-form")
def every_date_time_is_well_formed(answers: Answers) -> str | None:
    """Every dateTime in a Consent is a date of the calendar, and one with a time has an offset."""
    return _none_breaks("r5-ballot.model.date-time-form", answers, expected="a dateTime")


@observes("r5-ballot.model.values-have-their-datatype")
def every_value_has_its_datatype(answers: Answers) -> str | None:
    """Every other value in a Consent has the JSON form of its datatype."""
    return _none_breaks("r5-ballot.model.values-have-their-datatype", answers, expected="values of their datatypes")


@observes("r5-ballot.model.verification-says-verified")
def every_verification_says_whether(answers: Answers) -> str | None:
    """Every verification in a Consent has verified."""
    return _none_breaks("r5-ballot.model.verification-says-verified", answers, expected="verified, true or false")


@observes("r5-ballot.model.codings")
def every_code_is_in_its_system(answers: Answers) -> str | None:
    """No Consent has a code that its own code system, where that is known here, does not have."""
    return _none_breaks("r5-ballot.model.codings", answers, expected="codes of their code systems")


@observes("r5-ballot.provision.type-is-known")
def every_rule_denies_or_permits(answers: Answers) -> str | None:
    """The type of every rule, at every depth, is deny or permit, or is left out."""
    return _none_breaks("r5-ballot.provision.type-is-known", answers, expected="deny or permit")


@observes("r5-ballot.provision.data-parts-are-needed")
def every_data_entry_is_whole(answers: Answers) -> str | None:
    """Every entry of data in a rule has a known meaning and a reference."""
    return _none_breaks("r5-ballot.provision.data-parts-are-needed", answers, expected="meaning and reference")


def _none_breaks(requirement: str, answers: Answers, *, expected: str) -> str | None:
    """Hold every Consent against one requirement.

    Raises:
        Violation: an error of a Consent falls to it; the first is told.
        NotTestable: no Consent was returned.

    """
    if not any(consents(answers)):
        raise NotTestable("no consent was returned in this run")
    broken = [found for found in errors(answers) if requirement_of(found[2]) == requirement]
    if broken:
        answer, consent, issue = broken[0]
        shown = f"Consent/{consent.get('id')}: {issue.expression}: {issue.message}"
        ids = tuple(dict.fromkeys(exchange.id for exchange, _, _ in broken))
        raise Violation(expected, f"{shown} ({answer.method} {answer.url})", ids[:5])
    return None
