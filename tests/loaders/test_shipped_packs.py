"""The packs that ship load without a word, and what they say can be done."""

from __future__ import annotations

import subprocess
import sys

import jsonpatch
import pytest

from conformance import claims, packs

PACKS = packs.available()


@pytest.mark.parametrize("name", PACKS)
def test_it_loads_and_judges_something(name: str) -> None:
    pack = packs.load(name)

    offered = set(claims.CLAIMS) if pack.claims_from == "metadata" else {row.claim for row in pack.claims}
    assert pack.name == name
    assert [why for why in pack.catalogue.applicable(offered).values() if not why]


@pytest.mark.parametrize("name", PACKS)
def test_its_patches_fit_its_fixtures(name: str) -> None:
    pack = packs.load(name)

    for body in pack.bodies.values():
        made = jsonpatch.apply_patch(pack.fixture(body.create), list(body.patch))
        assert made["resourceType"] == "Consent"
    headers = {
        header.lower(): value for values in pack.headers.values() for header, value in values.items() if value.fixture
    }
    for value in headers.values():
        for operations in value.by_action.values():
            jsonpatch.apply_patch(pack.fixture(str(value.fixture)), list(operations))
    for cell in pack.header_cells:
        if cell.patch:
            value = headers[cell.header.lower()]
            usual = value.patch_for(cell.base, pack.bodies[str(cell.kind)].activity_kind)
            jsonpatch.apply_patch(pack.fixture(str(value.fixture)), [*usual, *cell.patch])


def test_ids_say_the_same_in_every_pack() -> None:
    rows: dict[str, str] = {}
    for name in PACKS:
        for row in packs.load(name).catalogue:
            assert rows.setdefault(row.id, row.text) == row.text


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import conformance.packs, conformance.target, conformance.catalogue", id="import"),
        pytest.param("from conformance import packs; packs.available()", id="available"),
        pytest.param(
            "from conformance import cli\ntry:\n  cli.main(['--help'])\nexcept SystemExit:\n  pass",
            id="help",
        ),
    ],
)
def test_jsonschema_is_not_imported_before_something_is_read(code: str) -> None:
    command = [sys.executable, "-c", f"{code}\nimport sys; sys.exit('jsonschema' in sys.modules)"]

    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
