"""What can be tested of starting the server without installing it."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path

import jsonschema
import pytest

import conformance
from interop import sekmet

SCHEMAS = Path(conformance.__file__).parent / "schemas"


def test_the_target_file_says_what_the_target_says_and_is_for_its_owner_only(tmp_path: Path) -> None:
    server = sekmet.Sekmet(port=1, tokens=True)
    server.tokens = {"suite": "a", "reader": 'b"\\ö', "expired": "c"}
    path = tmp_path / "new" / "target.toml"
    server.write_target(path)
    assert tomllib.loads(path.read_text(encoding="utf-8")) == server.target
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", ["none", "bearer"])
def test_the_target_has_the_form_of_target_toml(kind: str) -> None:
    server = sekmet.Sekmet(port=1, tokens=kind == "bearer")
    server.tokens = {"suite": "a", "reader": "b", "expired": "c"}
    schema = json.loads((SCHEMAS / "target.schema.json").read_text(encoding="utf-8"))
    schema["properties"].pop("dialect")  # refers to another file, and is not used
    jsonschema.validate(server.target, schema)
    assert server.target["auth"]["kind"] == kind


def test_a_server_that_does_not_start_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "sekmet"
    program.write_text("#!/bin/sh\necho port taken\npwd > " + str(tmp_path / "folder") + "\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(sekmet, "installed", lambda: program)
    with pytest.raises(sekmet.CannotStart, match="port taken"), sekmet.Sekmet(port=1):
        pass
    assert not Path((tmp_path / "folder").read_text(encoding="utf-8").strip()).exists()


def test_the_installed_version_is_the_pinned_one() -> None:
    assert f"sekmet-fhir=={sekmet.VERSION}\n" in sekmet.CONSTRAINTS.read_text(encoding="utf-8")
