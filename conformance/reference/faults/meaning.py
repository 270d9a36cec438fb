"""Lies about what a consent says after it was stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from conformance.reference.messages import Resource
    from conformance.reference.store import Stored


class WriteForgetsTheActors(
    Fault,
    name="write-forgets-the-actors",
    breaks=(
        "r4.write.meaning-survives",
        "r4.create.read-back-is-the-same",
        "r4.consent.accepts-published-examples",
    ),
    packs=("nll-2023",),
):
    """The actors of the root provision are not stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if "actor" in resource.get("provision", {}):
            provision = {name: value for name, value in resource["provision"].items() if name != "actor"}
            rest = {name: value for name, value in resource.items() if name != "provision"}
            resource = {**rest, "provision": provision} if provision else rest
        return super().kept(resource, previous)


class WriteDropsFurtherActors(
    Fault,
    name="write-drops-further-actors",
    breaks=(
        "r4.write.meaning-survives",
        "r4.create.read-back-is-the-same",
        "r4.search.by-actor",
        "r4.search.include-actor",
        "r4.consent.accepts-published-examples",
    ),
    packs=("r4",),
):
    """Of the actors of the root provision the first is stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        provision = resource.get("provision", {})
        if "actor" in provision:
            resource = {**resource, "provision": {**provision, "actor": provision["actor"][:1]}}
        return super().kept(resource, previous)


class WriteTurnsPermitIntoDeny(
    Fault,
    name="write-turns-permit-into-deny",
    breaks=(
        "r4.write.meaning-survives",
        "r4.create.read-back-is-the-same",
        "r4.consent.accepts-published-examples",
    ),
    packs=("r4",),
):
    """A provision that permits is stored as one that denies, at every depth."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if "provision" in resource:
            resource = {**resource, "provision": _turned(resource["provision"])}
        return super().kept(resource, previous)


def _turned(provision: Resource) -> Resource:
    turned = dict(provision)
    if turned.get("type") == "permit":
        turned["type"] = "deny"
    if "provision" in turned:
        turned["provision"] = [_turned(nested) for nested in turned["provision"]]
    return turned


class WriteForgetsNestedProvisions(
    Fault,
    name="write-forgets-nested-provisions",
    breaks=(
        "r4.write.meaning-survives",
        "r4.create.read-back-is-the-same",
        "r4.consent.accepts-published-examples",
        "r4.consent.nested-provisions-follow-the-same-rules",
    ),
    packs=("r4",),
):
    """The provisions inside the root provision are not stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        provision = {name: value for name, value in resource.get("provision", {}).items() if name != "provision"}
        if provision:
            resource = {**resource, "provision": provision}
        return super().kept(resource, previous)


class WriteReplacesActorByPatient(
    Fault,
    name="write-replaces-the-actor-by-the-patient",
    breaks=(
        "r4.write.meaning-survives",
        "r4.create.read-back-is-the-same",
        "r4.consent.accepts-published-examples",
    ),
    packs=("nll-2023",),
):
    """The first actor of a provision is stored with a reference to the patient."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        provision = resource.get("provision", {})
        if "patient" in resource and "actor" in provision:
            first = {**provision["actor"][0], "reference": resource["patient"]}
            resource = {**resource, "provision": {**provision, "actor": [first, *provision["actor"][1:]]}}
        return super().kept(resource, previous)


class UpdateForgetsTheActors(
    Fault, name="update-forgets-the-actors", breaks=("r4.write.meaning-survives",), packs=("nll-2023",)
):
    """An update stores a provision without its actors."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if previous is not None and "provision" in resource:
            provision = {name: value for name, value in resource["provision"].items() if name != "actor"}
            resource = {**resource, "provision": provision}
        return super().kept(resource, previous)


class UpdateTurnsDenyIntoPermit(
    Fault, name="update-turns-deny-into-permit", breaks=("r4.write.meaning-survives",), packs=("r4",)
):
    """An update stores a provision that denies as one that permits."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        provision = resource.get("provision", {})
        if previous is not None and provision.get("type") == "deny":
            resource = {**resource, "provision": {**provision, "type": "permit"}}
        return super().kept(resource, previous)


class WriteKeepsOneOfEach(
    Fault,
    name="write-keeps-one-of-each",
    breaks=("r4.write.meaning-survives", "r4.create.read-back-is-the-same", "r4.consent.accepts-published-examples"),
    packs=("r4",),
):
    """Of the actions, purposes, labels, classes, codes and data of a rule the first is stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if "provision" in resource:
            listed = ("action", "purpose", "securityLabel", "class", "code", "data")
            provision = {name: it[:1] if name in listed else it for name, it in resource["provision"].items()}
            resource = {**resource, "provision": provision}
        return super().kept(resource, previous)


class WriteEmptiesInnerRules(
    Fault,
    name="write-empties-inner-rules",
    breaks=("r4.write.meaning-survives", "r4.create.read-back-is-the-same", "r4.consent.accepts-published-examples"),
    packs=("r4",),
):
    """Of the rules inside the root provision the class, code, data and their period are not stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if "provision" in resource.get("provision", {}):
            lost = {"class", "code", "data", "dataPeriod"}
            inner = [
                {name: it for name, it in rule.items() if name not in lost} or {"type": "permit"}
                for rule in resource["provision"]["provision"]
            ]
            resource = {**resource, "provision": {**resource["provision"], "provision": inner}}
        return super().kept(resource, previous)
