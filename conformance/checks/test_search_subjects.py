"""Searching for whom a consent is about, where that need not be a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect

if TYPE_CHECKING:
    from conformance.client import Consents, Kept
    from conformance.found import Found
    from conformance.recorder import Verifying


def test_searching_by_subject(consents: Consents, verifying: Verifying) -> None:
    """Two patients have a consent each. Either is found by its subject; so is that of a group, if it is stored."""
    mine, other = consents.given("active"), consents.given("active")
    for one, not_that in ((mine, other), (other, mine)):
        with verifying("r5-ballot.search.by-subject"):
            found = consents.find(("subject", consents.typed(one.patient)), include=[one.id])
            expect.matches(found, include=[one.id], exclude=[not_that.id])

    group = _of_a_group(consents, mine)
    if group is not None:
        with verifying("r5-ballot.search.by-subject"):
            found = consents.find(("subject", group.patient), include=[group.id])
            expect.matches(found, include=[group.id], exclude=[mine.id])


def test_a_group_with_the_id_of_a_patient(consents: Consents, verifying: Verifying) -> None:
    """A patient has a consent, and so has a group of the same id. A search by patient finds the patient's only."""
    known = consents.given("active")
    consents.findable(known)
    group = _of_a_group(consents, known)

    with verifying("r5-ballot.search.patient-means-patient-subjects"):
        found = consents.find(consents.of_patient(known.patient), include=[known.id])
        expect.matches(found, include=[known.id], exclude=[group.id] if group else [])
        if group is None:
            found.first.note("this server holds no consent about a group")


def test_the_compartment_of_a_patient(consents: Consents, verifying: Verifying) -> None:
    """Of two patients one has two consents. The patient's compartment holds both, and not the other's consent.

    Made inactive, the consent is there as a search by patient shows it: not as it was, and not by another status.
    """
    mine, other = consents.given("active"), consents.given("active")
    ids = [mine.id, *([consents.given("active", patient=mine.patient).id] if consents.may_create else [])]
    if not set(ids) <= consents.find(consents.of_patient(mine.patient), include=ids).ids:
        raise consents.untestable("the search does not find the patient's consents")
    place = f"/Patient/{mine.patient.rpartition('/')[2]}/Consent"

    answer = consents.request("GET", place, action="search")

    with verifying("r5-ballot.search.patient-compartment"):
        if answer.refused:
            answer.note("the compartment of a patient is not offered")
            return
        expect.status(answer, 200)
        expect.matches(consents.paged(answer), include=ids, exclude=[other.id])

    if _made_inactive(consents, mine):
        again = consents.request("GET", place, action="search")
        with verifying("r5-ballot.search.patient-compartment"):
            shown = _statuses(consents.paged(again), mine)
            expect.equal(shown, ["inactive"], "the status of the consent, as a search by patient shows it:", again)
        if consents.offers("search:status") and _is_found_by_status(consents, mine):
            active = consents.request("GET", f"{place}?status=active", action="search")
            with verifying("r5-ballot.search.patient-compartment"):
                if active.refused:
                    active.note("the compartment takes no status")
                else:
                    expect.matches(consents.paged(active), exclude=[mine.id])


def _made_inactive(consents: Consents, known: Kept) -> bool:
    """Whether the consent was made inactive, and a search by patient shows it so."""
    if not (consents.may_update and consents.update({**known.body, "status": "inactive"}, kind=known.kind).succeeded):
        return False
    near = consents.of_patient(known.patient)
    found = consents.find(near, until=lambda seen: _statuses(seen, known) == ["inactive"], tolerant=True)
    return _statuses(found, known) == ["inactive"]


def _is_found_by_status(consents: Consents, known: Kept) -> bool:
    """Whether a search by patient and status finds the consent as inactive, and not as active."""
    near = consents.of_patient(known.patient)
    inactive = consents.find(near, ("status", "inactive"), include=[known.id], tolerant=True)
    active = consents.find(near, ("status", "active"), until=lambda seen: known.id not in seen.ids, tolerant=True)
    return known.id in inactive.ids and known.id not in active.ids


def _statuses(found: Found, known: Kept) -> list[object]:
    return [one.get("status") for one in found.matches if one.get("id") == known.id]


def _of_a_group(consents: Consents, known: Kept) -> Kept | None:
    """A consent about a group that has the patient's id, where the target takes such a one."""
    if not (consents.may_create and consents.dialect.patients == "any"):
        return None
    body = consents.body("active", patient=f"Group/{known.patient.rpartition('/')[2]}")
    answer = consents.create(body, kind="active")
    return consents.kept(answer, "active") if answer.succeeded else None
