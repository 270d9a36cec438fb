"""Lies that no hand-written body meets: what is lost only of long lists, rare characters, and unusual company."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.rules import walked

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.messages import Resource
    from conformance.reference.store import Stored

MEANING = ("generated.write.meaning-survives", "generated.write.content-survives")
CONTENT = ("generated.write.content-survives",)
ON_PAPER = ("r4.create.read-back-is-the-same",)
"""Breaks besides where the richest of our own examples shows the lie as well."""
MEANT_ON_PAPER = ("r4.write.meaning-survives", *ON_PAPER)
AT_HOME = ("r4",)


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """The same JSON with each text changed."""
    if isinstance(value, dict):
        return {name: mapped(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [mapped(inner, change) for inner in value]
    return change(value) if isinstance(value, str) else value


def without_primitive_extensions(value: Any) -> Any:
    """The same JSON without the names with an underscore, at any depth, but where nothing else is."""
    if isinstance(value, dict):
        rest = {name: inner for name, inner in value.items() if not name.startswith("_")} or value
        return {name: without_primitive_extensions(inner) for name, inner in rest.items()}
    return [without_primitive_extensions(inner) for inner in value] if isinstance(value, list) else value


def in_rules(resource: Resource, change: Callable[[Resource, int], Resource]) -> Resource:
    """The same consent with each rule changed; the depth of the root rule is 1."""

    def changed(rule: Resource, depth: int) -> Resource:
        rule = change(rule, depth)
        if "provision" in rule:
            rule = {**rule, "provision": [changed(inner, depth + 1) for inner in rule["provision"]]}
        return rule

    return {**resource, "provision": changed(resource["provision"], 1)} if "provision" in resource else resource


class ThirdActorIsLost(Fault, name="third-actor-is-lost", breaks=MEANING, packs=AT_HOME):
    """A rule keeps two actors, and of the others those that are contained in the consent."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def two(rule: Resource, _: int) -> Resource:
            if "actor" not in rule:
                return rule
            contained = [one for one in rule["actor"][2:] if str(one["reference"].get("reference")).startswith("#")]
            return {**rule, "actor": [*rule["actor"][:2], *contained]}

        return in_rules(super().kept(resource, previous), two)


class SecondInnermostRuleIsLost(Fault, name="second-rule-of-the-third-level-is-lost", breaks=MEANING, packs=AT_HOME):
    """A rule within a rule keeps one rule of its own, and of the others those that name something contained."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def one(rule: Resource, depth: int) -> Resource:
            if "provision" not in rule or depth < 2:
                return rule
            first, *others = rule["provision"]
            return {**rule, "provision": [first, *(one for one in others if _names_contained(one))]}

        return in_rules(super().kept(resource, previous), one)


def in_periods(resource: Resource, change: Callable[[str], str]) -> Resource:
    """The same consent with the bounds of every rule's periods changed."""

    def bounds(rule: Resource, _: int) -> Resource:
        periods: Resource = {name: mapped(rule[name], change) for name in ("period", "dataPeriod") if name in rule}
        return {**rule, **periods}

    return in_rules(resource, bounds)


def _names_contained(rule: Resource) -> bool:
    return any(path.endswith("reference") and str(value).startswith("#") for path, value in walked(rule))


class NegativeOffsetIsLost(Fault, name="negative-offset-of-data-is-lost", breaks=MEANING, packs=AT_HOME):
    """The bounds of the period of data keep no offset west of Greenwich: they end in Z."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def west(rule: Resource, _: int) -> Resource:
            if "dataPeriod" not in rule:
                return rule
            return {
                **rule,
                "dataPeriod": mapped(rule["dataPeriod"], lambda text: re.sub(r"(T[\d:.]+)-\d\d:\d\d$", r"\1Z", text)),
            }

        return in_rules(super().kept(resource, previous), west)


class DecimalsOfASecondAreLost(
    Fault, name="decimals-of-a-second-are-lost", breaks=(*MEANING, *MEANT_ON_PAPER), packs=AT_HOME
):
    """The bounds of a rule's period are kept to the second."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        kept = super().kept(resource, previous)
        return in_periods(kept, lambda text: re.sub(r"(T[\d:]+)\.\d+", r"\1", text))


class SecondLabelIsLost(Fault, name="second-security-label-is-lost", breaks=(*MEANING, *MEANT_ON_PAPER), packs=AT_HOME):
    """A rule keeps one security label."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def one(rule: Resource, _: int) -> Resource:
            return {**rule, "securityLabel": rule["securityLabel"][:1]} if "securityLabel" in rule else rule

        return in_rules(super().kept(resource, previous), one)


class ActionIsLostBesidePurposes(
    Fault, name="action-is-lost-where-two-purposes-are", breaks=(*MEANING, *MEANT_ON_PAPER), packs=AT_HOME
):
    """A rule with more than one purpose keeps no action."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def alone(rule: Resource, _: int) -> Resource:
            if len(rule.get("purpose", ())) < 2:
                return rule
            return {name: value for name, value in rule.items() if name != "action"}

        return in_rules(super().kept(resource, previous), alone)


class EndOfTimeIsMoved(Fault, name="end-of-time-is-moved", breaks=MEANING, packs=AT_HOME):
    """A period of the year 9999 is moved to 2199, as the date type of a spreadsheet asks for."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        return in_periods(super().kept(resource, previous), lambda text: re.sub(r"^9999", "2199", text))


class TextIsCutAt255(Fault, name="text-is-cut-at-255-characters", breaks=(*CONTENT, *ON_PAPER), packs=AT_HOME):
    """Displays, texts, titles and values are kept to 255 characters."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def short(text: str) -> str:
            return text[:255] if "/" not in text else text

        kept: Resource = mapped(super().kept(resource, previous), short)
        return kept


class AstralCharactersAreReplaced(
    Fault,
    name="astral-characters-are-replaced",
    breaks=(*CONTENT, *ON_PAPER, "r4.content.bodies-are-utf-eight"),
    packs=AT_HOME,
):
    """Characters beyond the first plane of Unicode become question marks."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def plain(text: str) -> str:
            return re.sub(r"[\U00010000-\U0010ffff]", "?", text)

        kept: Resource = mapped(super().kept(resource, previous), plain)
        return kept


class ExtensionsOnPrimitivesAreLost(
    Fault, name="extensions-on-primitives-are-lost", breaks=(*CONTENT, *ON_PAPER), packs=AT_HOME
):
    """What stands under a name with an underscore is not kept, where anything else is."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        kept: Resource = without_primitive_extensions(super().kept(resource, previous))
        return kept


class FalseIsTakenForNothing(Fault, name="false-is-taken-for-nothing", breaks=CONTENT, packs=AT_HOME):
    """A concept does not say of a coding that no user has chosen it: false is taken for nothing."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def chosen(value: Any) -> Any:
            if isinstance(value, dict):
                made = {name: chosen(inner) for name, inner in value.items()}
                return {**made, "coding": [_without_false(one) for one in made["coding"]]} if "coding" in made else made
            return [chosen(one) for one in value] if isinstance(value, list) else value

        kept: Resource = chosen(super().kept(resource, previous))
        return kept


def _without_false(coding: Resource) -> Resource:
    """The coding without userSelected where that is false, unless it says nothing else."""
    return {name: value for name, value in coding.items() if name != "userSelected" or value} or coding


class NestedExtensionsAreLost(Fault, name="nested-extensions-are-lost", breaks=CONTENT, packs=AT_HOME):
    """An extension that consists of extensions is not kept where anything else is."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def simple(value: Any) -> Any:
            if isinstance(value, dict):
                made = {name: simple(inner) for name, inner in value.items()}
                if isinstance(made.get("extension"), list) and len(made) > 1:
                    made["extension"] = [one for one in made["extension"] if "extension" not in one]
                return {name: inner for name, inner in made.items() if inner not in ([], {})}
            return [simple(inner) for inner in value] if isinstance(value, list) else value

        kept: Resource = simple(super().kept(resource, previous))
        return kept


class AmpersandsAreEscaped(Fault, name="ampersands-are-escaped", breaks=(*CONTENT, *ON_PAPER), packs=AT_HOME):
    """Texts come back with their ampersands and angle brackets written as HTML."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def escaped(text: str) -> str:
            return text.replace("&", "&amp;").replace("<", "&lt;") if "/" not in text else text

        kept: Resource = mapped(super().kept(resource, previous), escaped)
        return kept


class VerificationIsLostBesideASource(
    Fault, name="verification-is-lost-beside-a-source-reference", breaks=CONTENT, packs=AT_HOME
):
    """A consent whose source is a reference keeps no verification."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        kept = super().kept(resource, previous)
        if "sourceReference" not in kept:
            return kept
        return {name: value for name, value in kept.items() if name != "verification"}


class IdentifierHasNoPeriod(Fault, name="identifiers-have-no-period", breaks=(*CONTENT, *ON_PAPER), packs=AT_HOME):
    """The period of an identifier is not kept."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        kept = super().kept(resource, previous)
        if "identifier" not in kept:
            return kept
        bare = [{name: value for name, value in one.items() if name != "period"} or one for one in kept["identifier"]]
        return {**kept, "identifier": bare}


class DeepActorsBreakTheServer(
    Fault,
    name="deep-actors-break-the-server",
    breaks=["generated.write.is-answered-without-a-server-error"],
    packs=AT_HOME,
):
    """A consent whose rules have an actor on the third level ends in an internal error."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if any(re.fullmatch(r"provision(\.provision\[\d+\]){2,}\.actor", path) for path, _ in walked(resource)):
            raise IndexError("no column for an actor of the third level")
        return super().kept(resource, previous)


class EarlyYearsBreakTheServer(
    Fault,
    name="years-before-1910-break-the-server",
    breaks=["generated.write.is-answered-without-a-server-error"],
    packs=AT_HOME,
):
    """A date of the years before 1910 ends in an internal error."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if any(re.match(r"190\d(-|$)", str(value)) for _, value in walked(resource)):
            raise OverflowError("timestamp out of range")
        return super().kept(resource, previous)
