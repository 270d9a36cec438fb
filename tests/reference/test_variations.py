"""Each liberty leaves the meaning of every answer as it is."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from asking import consent

from conformance.reference import VARIATIONS

if TYPE_CHECKING:
    from asking import Start

WANT_MORE = {
    "holds-what-is-referred-to",
    "inactive-has-an-end",
    *(name for name, one in VARIATIONS.items() if "dialect" in vars(one)),
}
"""What these ask of a client, the target says; test_law_of_faults.py plays them."""
TAKEN = [
    (pack, name)
    for name, variation in VARIATIONS.items()
    for pack in variation.packs
    if pack in {"nll-2023", "r4"}  # others take other bodies, or none: test_law_of_faults.py plays them as well
    and name not in WANT_MORE
]


@pytest.mark.parametrize(("pack", "name"), TAKEN, ids=[f"{pack}-{name}" for pack, name in TAKEN])
def test_a_consent_is_created_read_closed_and_found(start: Start, pack: str, name: str) -> None:
    client = start(pack, variations=[name])
    patient = str(uuid.uuid4())
    created = client.create(consent(of=patient))
    id_ = created.headers["location"].partition("/_history")[0].rpartition("/")[2]
    read = client.get(f"/Consent/{id_}").json()
    assert (created.status_code, read["id"], read["status"]) == (201, id_, "active")
    assert read["patient"]["reference"].endswith(f"Patient/{patient}")

    answer = client.update({**consent(of=patient), "id": id_, "status": "inactive"})
    assert (answer.status_code, client.get(f"/Consent/{id_}").json()["status"]) == (200, "inactive")
    assert client.found(f"patient={patient}") == [id_]
    assert 400 <= client.get(f"/Consent/{uuid.uuid4()}", headers={"Authorization": None}).status_code < 500


@pytest.mark.parametrize("name", VARIATIONS)
def test_a_liberty_says_why_it_is_legal(name: str) -> None:
    reason = str(VARIATIONS[name].__doc__).strip()
    assert ": " in reason
    assert reason.endswith(".")


def test_all_liberties_that_agree_can_be_taken_together(start: Start) -> None:
    alone = {"ids-are-long", "update-creates", "small-pages"}
    names = [name for name, variation in VARIATIONS.items() if "r4" in variation.packs and name not in alone]
    client = start("r4", variations=names)
    id_ = client.create(consent(), headers={"Prefer": "return=representation"}).json()["id"]
    assert client.get(f"/Consent/{id_}").json()["id"] == id_
