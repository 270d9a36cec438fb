"""A contained resource may come back with another id; what else comes back there must not stop a run."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import meaning

SENT = {
    "contained": [{"resourceType": "Patient", "id": "p", "gender": "female"}],
    "patient": {"reference": "#p"},
}


def _read(contained: Any, reference: str) -> dict[str, Any]:
    return {"contained": contained, "patient": {"reference": reference}}


def test_another_id_is_the_same() -> None:
    read = _read([{"resourceType": "Patient", "id": "1", "gender": "female"}], "#1")

    assert meaning.with_contained_ids_of(SENT, read) == SENT


def test_another_resource_is_not() -> None:
    read = _read([{"resourceType": "Patient", "id": "1", "gender": "male"}], "#1")

    assert meaning.with_contained_ids_of(SENT, read) == read


@pytest.mark.parametrize("contained", [5, "p", {}, {"id": "p"}, [5], [[]], None, [], [None, {"id": ["p"]}]])
def test_what_is_no_list_of_resources(contained: Any) -> None:
    read = _read(contained, "#p")

    assert meaning.with_contained_ids_of(SENT, read) == read
    assert meaning.with_contained_ids_of(read, SENT) == SENT
