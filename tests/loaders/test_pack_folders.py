"""Packs: what a correct one holds, and what is said about each kind of mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance import packs
from conformance.dialect import Coding, Dialect
from conformance.model import Claim, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Files = Callable[..., Path]

    Change = Callable[..., None]
    Refused = Callable[[], list[str]]


def test_what_a_pack_holds(pack: Path) -> None:
    read = packs.load(pack)

    assert (read.name, read.title, read.fhir, read.folder) == ("clinic", "The clinic's consents", "4.0", pack)
    assert read.source == "Consent guide 1.0"
    assert (read.includes, read.claims_from, read.personality) == ((), "pack", None)
    assert read.claims == (Claim(claim="create", source="page 1"), Claim(claim="read", source="page 2"))
    assert read.dialect == Dialect()
    assert read.headers["all"] == {"x-request-id": packs.HeaderValue(value="{uuid}")}
    provenance = read.headers["write"]["x-provenance"]
    assert (provenance.fixture, provenance.encoding) == ("provenance.json", "dialect:provenance_header")
    assert provenance.patch_for("close", "dose") == ({"op": "replace", "path": "/activity", "value": "CLOSE"},)
    assert provenance.patch_for("create", "dose") == ()
    assert read.bodies == {
        "dose-active": packs.Body(
            kind="dose-active", create="dose.reconstructed.json", activity_kind="dose", reconstructed=True
        )
    }
    assert (read.scenarios, read.header_cells, read.contradictions) == ((), (), ())
    assert len(read.catalogue) == 2


def test_a_change_for_an_action_holds_for_kinds_without_one_of_their_own() -> None:
    value = packs.HeaderValue(fixture="x.json", by_action={"close": ({"op": "a"},), "close-dose": ({"op": "b"},)})

    assert value.patch_for("close", "dose") == ({"op": "b"},)
    assert value.patch_for("close", "access") == ({"op": "a"},)
    assert value.patch_for("close") == ({"op": "a"},)


def test_fixtures_are_fresh_copies(pack: Path) -> None:
    read = packs.load(pack)
    read.fixture("dose.reconstructed.json")["status"] = "inactive"

    assert read.fixture("dose.reconstructed.json") == {"resourceType": "Consent", "status": "active"}


@pytest.mark.parametrize(
    "name", ["dose.reconstruct.json", "../clinic/fixtures/dose.reconstructed.json", "/etc/hostname"]
)
def test_a_fixture_that_is_none(name: str, pack: Path) -> None:
    with pytest.raises(UsageError, match=r"no fixture '.*' in fixtures/clinic; (did you mean 'dose|there are: dose)"):
        packs.load(pack).fixture(name)


def test_shipped_packs_are_named() -> None:
    assert {"nll-2023", "r4"} <= set(packs.available())


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("nll-2032", r"^no pack 'nll-2032' in profiles/ \(there are: .*nll-2023.*\); did you mean 'nll-2023'\?$"),
        ("hospital", r"^no pack 'hospital' in profiles/ \(there are: .*r4.*\)$"),
        ("", r"^no pack '' in profiles/ \(there are: .*\)$"),
        ("./hospital", r"^hospital: no such folder; shipped packs are named without a path \(.*r4.*\)$"),
    ],
)
def test_a_pack_that_is_none(wanted: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError, match=said):
        packs.load(wanted)


def test_a_folder_without_a_pack(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no pack\.toml in this folder; name the folder of a pack$"):
        packs.load(tmp_path)


def test_a_folder_in_the_working_directory_needs_no_path(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pack.parent)

    assert packs.load("clinic").folder == pack


def test_neighbours_can_be_included(pack: Path, write: Files) -> None:
    write(
        "hospital/pack.toml",
        """
        name = "hospital"
        title = "A hospital"
        source = "none"
        fhir = "4.0"
        includes = ["clinic/core", "r4/rest"]
        claims_from = "metadata"
        """,
    )

    read = packs.load(pack.parent / "hospital")

    assert {row.set for row in read.catalogue} == {"clinic/core", "r4/rest"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            'name = "clinic"',
            'name = "klinik"',
            "pack.toml:2: name: 'klinik' is not the name of the folder; write 'clinic'",
            id="name",
        ),
        pytest.param(
            'fhir = "4.0"',
            'fhir = "R4"',
            "pack.toml:5: fhir: 'R4' is not known; there are: 3.0, 4.0, 4.3, 5.0, 5.0-ballot",
            id="fhir",
        ),
        pytest.param(
            'title = "The clinic\'s consents"\n',
            "",
            "pack.toml: title: missing; expected: the system's name as its users know it",
            id="title",
        ),
        pytest.param(
            'fhir = "4.0"',
            'fhir = "4.0"\nincludes = ["r4/rset"]',
            "pack.toml:6: includes[1]: no requirement file 'r4/rset'; did you mean 'r4/rest'?",
            id="include",
        ),
        pytest.param(
            'fhir = "4.0"',
            'fhir = "4.0"\nincludes = ["clinic/core"]',
            "pack.toml:6: includes[1]: 'clinic/core' is this pack's own, which always counts; remove it",
            id="include-own",
        ),
        pytest.param(
            'claim = "create"',
            'claim = "craete"',
            "pack.toml:8: claim[1].claim (craete): 'craete' is no claim; did you mean 'create'?",
            id="claim",
        ),
        pytest.param(
            'claim = "create"',
            'claim = "read"',
            "pack.toml:12: claim[2].claim (read): 'read' is the claim of row 1 as well; rename one",
            id="claim-twice",
        ),
        pytest.param(
            'claim = "create"',
            'claim = "search:patient"',
            "pack.toml:8: claim[1].claim (search:patient): 'search:patient' is claimed without 'search', whose "
            "requirements would not apply; claim both",
            id="claim-half",
        ),
        pytest.param(
            'claim = "read"',
            'claim = "read-only"',
            "pack.toml:12: claim[2].claim (read-only): 'read-only' is claimed beside 'create', its opposite; keep "
            "one of them",
            id="claim-opposite",
        ),
        pytest.param(
            "[headers.all]",
            '[dialect]\nclose_by = "end"\n\n[headers.all]',
            "pack.toml:16: dialect.close_by: 'end' is not known; there are: both, period, status",
            id="dialect",
        ),
        pytest.param(
            "[headers.all]",
            '[dialect]\nclose-by = "period"\n\n[headers.all]',
            "pack.toml:16: dialect.close-by: unknown key; did you mean 'close_by'?",
            id="dialect-key",
        ),
        pytest.param(
            "[headers.all]",
            '[dialect]\nzone = "Stockholm"\n\n[headers.all]',
            "pack.toml:16: dialect.zone: 'Stockholm' is no IANA time zone; ",
            id="dialect-zone",
        ),
        pytest.param(
            "[headers.all]",
            "[headers.writes]",
            "pack.toml:15: headers.writes: no scenario asks for this set of headers; did you mean 'write'?",
            id="header-set",
        ),
        pytest.param(
            '"{uuid}"',
            '"{uid}"',
            "pack.toml:16: headers.all.x-request-id: {uid} stands for nothing here; did you mean 'uuid'?",
            id="header-template",
        ),
        pytest.param(
            "x-request-id =",
            '"x request id" =',
            "pack.toml:16: headers.all.x request id: 'x request id' is no header name; correct it",
            id="header-name",
        ),
        pytest.param(
            "x-request-id =",
            'X-Request-Id = "1"\nx-request-id =',
            "pack.toml:17: headers.all.x-request-id: is the header 'X-Request-Id' again, as case makes no difference; "
            "keep one of them",
            id="header-twice",
        ),
        pytest.param(
            '"{uuid}"',
            "{}",
            "pack.toml:16: headers.all.x-request-id: is empty; give value or fixture",
            id="header-empty",
        ),
        pytest.param(
            'fixture = "provenance.json"',
            'fixture = "provenance.json"\nvalue = "x"\n',
            "pack.toml:18: headers.write.x-provenance: has both value and fixture; keep one",
            id="header-both",
        ),
        pytest.param(
            '"provenance.json"',
            '"provenence.json"',
            "pack.toml:19: headers.write.x-provenance.fixture: no fixture 'provenence.json' in fixtures/clinic; did "
            "you mean 'provenance.json'?",
            id="header-fixture",
        ),
        pytest.param(
            "dialect:provenance_header",
            "dialect:provenance",
            "pack.toml:20: headers.write.x-provenance.encoding: 'dialect:provenance' is not known; did you mean "
            "'dialect:provenance_header'?",
            id="header-encoding",
        ),
        pytest.param(
            "by_action.close-dose",
            "by_action.close-dosage",
            "pack.toml:21: headers.write.x-provenance.by_action.close-dosage: 'close-dosage' never happens; did you "
            "mean 'close-dose'?",
            id="header-action",
        ),
        pytest.param(
            ', value = "CLOSE" }',
            " }",
            "pack.toml:21: headers.write.x-provenance.by_action.close-dose[1].value: missing; 'replace' needs it",
            id="patch-value",
        ),
        pytest.param(
            '"replace"',
            '"change"',
            "pack.toml:21: headers.write.x-provenance.by_action.close-dose[1].op: 'change' is not known; there are: "
            "add, copy, move, remove, replace, test",
            id="patch-operation",
        ),
        pytest.param(
            '"/activity"',
            '"activity"',
            "pack.toml:21: headers.write.x-provenance.by_action.close-dose[1].path: 'activity' does not fit; expected: "
            "JSON pointer, such as '/provision/period/end'",
            id="patch-path",
        ),
        pytest.param(
            '"dose.reconstructed.json"',
            '"dose.reconstruct.json"',
            "pack.toml:24: bodies.dose-active.create: no fixture 'dose.reconstruct.json' in fixtures/clinic; "
            "did you mean 'dose.reconstructed.json'?",
            id="body",
        ),
        pytest.param(
            "create = ",
            "update = ",
            "pack.toml:24: bodies.dose-active.update: unknown key; ",
            id="body-key",
        ),
    ],
)
def test_a_mistake_is_said_with_key_and_remedy(old: str, new: str, said: str, change: Change, refused: Refused) -> None:
    change(old, new)

    first, *_ = refused()
    assert first.startswith(said)


def test_a_pack_that_claims_nothing_judges_nothing(pack: Path, refused: Refused) -> None:
    text = (pack / "pack.toml").read_text()
    (pack / "pack.toml").write_text(text[: text.index("[[claim]]")] + text[text.index("[headers.all]") :])

    assert refused() == [
        "pack.toml: claim: nothing is claimed, so nothing would be judged; add [[claim]] rows",
    ]


def test_a_pack_without_requirements_judges_nothing(pack: Path, refused: Refused) -> None:
    (pack / "requirements" / "core.toml").unlink()

    assert refused() == [
        "pack.toml: includes: the pack has no requirements; include some, or write requirements/*.toml",
    ]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("scenario/close.toml", "did you mean 'scenarios/*.toml'?"),
        ("contradiction.toml", "did you mean 'contradictions.toml'?"),
        ("requirements/old/core.toml", "did you mean 'requirements/*.toml'?"),
        ("notes.txt", "there are: CodeSystem-*.json, "),
    ],
)
def test_a_file_that_nothing_reads_is_refused(name: str, near: str, write: Files, refused: Refused) -> None:
    write(f"clinic/{name}", "")

    (only,) = refused()
    assert only.startswith(f"{name}: nothing reads this file; rename or remove it: {near}")


def test_definitions_and_hidden_files_are_at_home_in_a_pack(pack: Path, write: Files) -> None:
    for name in (
        "StructureDefinition-a.json",
        "ValueSet-b.json",
        "CodeSystem-c.json",
        ".DS_Store",
    ):
        write(f"clinic/{name}", {})

    assert packs.load(pack).name == "clinic"


def test_a_broken_fixture_is_named_with_its_line(write: Files, refused: Refused) -> None:
    write("clinic/fixtures/provenance.json", '{\n  "resourceType": "Provenance",\n}\n')

    (only,) = refused()
    assert only.startswith("pack.toml:19: headers.write.x-provenance.fixture: fixtures/provenance.json:")
    assert "not JSON" in only


def test_a_fixture_with_a_repeated_key_is_refused(write: Files, refused: Refused) -> None:
    write("clinic/fixtures/provenance.json", '{"activity": 1, "activity": 2}')

    (only,) = refused()
    assert "the key 'activity' is given twice in one object; keep one of them" in only


def test_problems_of_all_files_are_said_at_once_and_no_further_ones_follow_from_them(
    change: Change, write: Files, refused: Refused
) -> None:
    change('claim = "create"', 'claim = "craete"')
    change('"SHOULD"', '"SHULD"', file="requirements/core.toml")
    write(
        "clinic/headers.toml",
        """
        [[cell]]
        name = "provenance-absent"
        requirement = "clinic.read.existing-is-ok"
        base = "close"
        change = { header = "x-provenance", absent = true }
        expect = "refsued"
        """,
    )

    assert [line.partition(":")[0] for line in refused()] == ["pack.toml", "requirements/core.toml", "headers.toml"]


def test_a_dialect_can_be_overridden() -> None:
    pack = Dialect(close_by="status", settle=1.0)

    target = pack.with_overrides(
        {"settle": 3, "media_types": ["application/json"], "dose_category": {"code": "dose", "system": "urn:x"}}
    )

    assert pack.with_overrides({}) == pack
    assert (target.close_by, target.settle, target.media_types) == ("status", 3.0, ("application/json",))
    assert target.dose_category == Coding(code="dose", system="urn:x")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"closeby": "status"}, "dialect: closeby: unknown key; did you mean 'close_by'?"),
        ({"hidden_status": 200}, "dialect: hidden_status: 200 is too small; give at least 400"),
        ({"zone": "Mars/Olympus"}, "dialect: zone: 'Mars/Olympus' is no IANA time zone; "),
        ({"media_types": ["json"]}, "dialect: media_types[1]: 'json' does not fit; expected: a media type, such as "),
    ],
)
def test_a_dialect_refuses_what_it_does_not_know(overrides: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Dialect().with_overrides(overrides)

    assert str(caught.value).startswith(said)
