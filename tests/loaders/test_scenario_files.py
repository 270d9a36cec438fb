"""scenarios/*.toml, headers.toml and contradictions.toml: what they hold, and what is said about mistakes."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from conformance import packs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Files = Callable[..., Path]

    Refused = Callable[[], list[str]]

SCENARIO = dedent("""\
    [[scenario]]
    name = "register-and-find"
    title = "A consent is registered and found"
    source = "Consent guide 1.0, example 1"

    [[scenario.step]]
    name = "register"
    method = "POST"
    path = "/Consent"
    kind = "dose-active"
    patch = [{ op = "replace", path = "/status", value = "{unused-id}" }]
    headers = { prefer = "return=minimal" }
    remember = { consent = "id", place = "header:location" }

    [[scenario.step.expect]]
    requirement = ["clinic.create.answers-with-location"]
    status = 201
    noted = ["2xx", 304]
    header = { location = ".*/Consent/.+" }

    [[scenario.step]]
    name = "find"
    method = "GET"
    path = "/Consent?patient={patient-id}"
    flawed = "the parameter is not claimed"

    [[scenario.step.expect]]
    requirement = "clinic.read.existing-is-ok"
    status = [200]
    body = { "/type" = "searchset", "/total" = { absent = true } }
    bundle = { includes = ["{consent}"], excludes = ["{unused-id}"] }
""")
CELLS = dedent("""\
    [[cell]]
    name = "provenance-absent"
    requirement = "clinic.create.answers-with-location"
    base = "create"
    change = { header = "X-Provenance", absent = true }
    expect = "refused"
    note = "needed on writes"

    [[cell]]
    name = "provenance-raw"
    requirement = ["clinic.create.answers-with-location", "clinic.read.existing-is-ok"]
    base = "close"
    kind = "dose-active"
    change = { header = "x-provenance", encoding = "raw", patch = [{ op = "remove", path = "/activity" }] }
    expect = "clean"

    [[cell]]
    name = "request-id-twice"
    requirement = "clinic.read.existing-is-ok"
    base = "read"
    change = { header = "x-request-id", values = ["1", "2"] }
    expect = "accepted"
""")
CONTRADICTIONS = dedent("""\
    [[contradiction]]
    id = "trap.clinic.end-or-status"
    where = "page 1 and page 4"
    readings = ["closing sets the end", "closing sets the status"]
    consequence = "accept either"
    requirements = ["clinic.read.existing-is-ok"]
""")


def test_a_scenario(pack: Path, write: Files) -> None:
    write("clinic/scenarios/find.toml", SCENARIO)

    (scenario,) = packs.load(pack).scenarios
    register, find = scenario.steps

    assert (scenario.name, scenario.title) == ("register-and-find", "A consent is registered and found")
    assert scenario.source == "Consent guide 1.0, example 1"
    assert scenario.requirements == ("clinic.create.answers-with-location", "clinic.read.existing-is-ok")
    assert (register.name, register.method, register.path, register.action) == (
        "register",
        "POST",
        "/Consent",
        "create",
    )
    assert (register.kind, register.body, register.header_set) == ("dose-active", None, None)
    assert register.patch == ({"op": "replace", "path": "/status", "value": "{unused-id}"},)
    assert register.headers == {"prefer": packs.HeaderValue(value="return=minimal")}
    assert register.remember == {"consent": "id", "place": "header:location"}
    (created,) = register.expect
    assert created.requirements == ("clinic.create.answers-with-location",)
    assert created.header == {"location": ".*/Consent/.+"}
    assert [status in created.status for status in (201, 200)] == [True, False]
    assert [status in created.noted for status in (200, 299, 304, 300)] == [True, True, True, False]
    assert str(created.noted) == "2xx or 304"
    assert (find.action, find.flawed) == ("search", "the parameter is not claimed")
    (found,) = find.expect
    assert found.requirements == ("clinic.read.existing-is-ok",)
    assert (found.body, found.absent) == ({"/type": "searchset"}, ("/total",))
    assert (found.includes, found.excludes) == (("{consent}",), ("{unused-id}",))
    assert not found.noted


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", "/Consent/{patient-id}", "read"),
        ("GET", "/Consent?status=active", "search"),
        ("POST", "/Consent/_search", "search"),
        ("POST", "/Consent", "create"),
        ("PUT", "/Consent", "update"),
        ("DELETE", "/Consent/1", "delete"),
    ],
)
def test_what_a_step_does_follows_from_its_request(
    method: str, path: str, action: str, pack: Path, write: Files
) -> None:
    text = SCENARIO.replace('"GET"', f'"{method}"').replace("/Consent?patient={patient-id}", path)
    write("clinic/scenarios/find.toml", text)

    assert packs.load(pack).scenarios[0].steps[1].action == action


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'method = "GET"',
            'method = "GTE"',
            "23: scenario[1].step[2].method (find): 'GTE' is not known; did you mean 'GET'?",
        ),
        ('path = "/Consent"', 'path = "Consent"', "9: scenario[1].step[1].path (register): 'Consent' does not fit; "),
        ('kind = "dose', 'knid = "dose', "10: scenario[1].step[1].knid (register): unknown key; did you mean 'kind'?"),
        (
            '"dose-active"',
            '"dose-actve"',
            (
                "10: scenario[1].step[1].kind (register): no kind 'dose-actve' in [bodies] of pack.toml; did you mean "
                "'dose-active'?"
            ),
        ),
        (
            'kind = "dose-active"',
            'body = "dose.reconstruct.json"',
            "10: scenario[1].step[1].body (register): no fixture 'dose.reconstruct.json' in fixtures/clinic; ",
        ),
        (
            'kind = "dose-active"\n',
            "",
            "10: scenario[1].step[1].patch (register): there is no body to change; name a kind or a body",
        ),
        (
            "{patient-id}",
            "{patientid}",
            "24: scenario[1].step[2].path (find): {patientid} stands for nothing here; did you mean 'patient-id'?",
        ),
        (
            'includes = ["{consent}"]',
            'includes = ["{consents}"]',
            (
                "31: scenario[1].step[2].expect[1].bundle (clinic.read.existing-is-ok): {consents} stands for "
                "nothing here; did you mean 'consent'?"
            ),
        ),
        (
            'path = "/Consent"',
            'path = "/Consent/{consent}"',
            "9: scenario[1].step[1].path (register): {consent} stands for nothing here; ",
        ),
        (
            'consent = "id"',
            'consent = "header"',
            (
                "13: scenario[1].step[1].remember.consent (register): 'header' does not fit; expected: a JSON pointer, "
                "header:<name> or id"
            ),
        ),
        (
            'place = "header',
            'patient = "header',
            (
                "13: scenario[1].step[1].remember.patient (register): 'patient' is already the reference to a "
                "patient of the run, the same throughout the scenario; choose another name"
            ),
        ),
        (
            'place = "header',
            'Place = "header',
            "13: scenario[1].step[1].remember.Place (register): 'Place' cannot stand in braces; use small letters",
        ),
        (
            'headers = { prefer = "return=minimal" }',
            'headers = "minimal"',
            (
                "12: scenario[1].step[1].headers (register): no set 'minimal' in [headers] of pack.toml; there "
                "are: all, write"
            ),
        ),
        (
            "answers-with-location",
            "answers-with-locatoin",
            (
                "16: scenario[1].step[1].expect[1].requirement (register): no requirement "
                "'clinic.create.answers-with-locatoin' in this pack; did you mean "
                "'clinic.create.answers-with-location'?"
            ),
        ),
        (
            "status = 201",
            "status = 2011",
            "17: scenario[1].step[1].expect[1].status (register): 2011 is too large; give at most 599",
        ),
        (
            "status = 201",
            'status = "2x"',
            (
                "17: scenario[1].step[1].expect[1].status (register): '2x' does not fit; expected: the acceptable "
                "statuses: "
            ),
        ),
        (
            "status = 201\n",
            "",
            "17: scenario[1].step[1].expect[1].noted (register): only widens a status; give status as well",
        ),
        (
            ".*/Consent/.+",
            "(.*/Consent/.+",
            (
                "19: scenario[1].step[1].expect[1].header.location (register): no regular expression: missing "
                "), unterminated subpattern at position 0; correct it"
            ),
        ),
        (
            '"/type"',
            '"entry.type"',
            (
                "30: scenario[1].step[2].expect[1].body.entry.type (clinic.read.existing-is-ok): no JSON "
                "pointer; write '/entry/type'"
            ),
        ),
        (
            "{ absent = true }",
            "{ absent = false }",
            (
                "30: scenario[1].step[2].expect[1].body./total (clinic.read.existing-is-ok): absent stands "
                "alone; write { absent = true }"
            ),
        ),
        (
            'name = "find"',
            'name = "register"',
            "22: scenario[1].step[2].name (register): 'register' is the name of row 1 as ",
        ),
    ],
)
def test_a_mistake_in_a_scenario(old: str, new: str, said: str, write: Files, refused: Refused) -> None:
    assert old in SCENARIO
    write("clinic/scenarios/find.toml", SCENARIO.replace(old, new, 1))

    first, *_ = refused()
    assert first.startswith(f"scenarios/find.toml:{said}")


def test_an_expectation_that_expects_nothing(write: Files, refused: Refused) -> None:
    text = SCENARIO[: SCENARIO.index("status = [200]")]
    write("clinic/scenarios/find.toml", text)

    assert refused() == [
        (
            "scenarios/find.toml:27: scenario[1].step[2].expect[1] (clinic.read.existing-is-ok): expects "
            "nothing; give status, header, body or bundle"
        )
    ]


def test_a_scenario_that_verifies_nothing(write: Files, refused: Refused) -> None:
    write("clinic/scenarios/find.toml", SCENARIO[: SCENARIO.index("[[scenario.step.expect]]")])

    assert refused() == [
        (
            "scenarios/find.toml:1: scenario[1] (register-and-find): verifies nothing; give at least one step an "
            "expectation"
        )
    ]


def test_two_files_do_not_share_a_scenario(write: Files, refused: Refused) -> None:
    write("clinic/scenarios/find.toml", SCENARIO)
    write("clinic/scenarios/once-more.toml", SCENARIO)

    assert refused() == [
        "scenarios/once-more.toml: scenario.name: 'register-and-find' is a scenario of find.toml as well; rename one"
    ]


def test_a_set_of_headers_may_use_what_the_step_knows(
    change: Callable[..., None], pack: Path, write: Files, refused: Refused
) -> None:
    change("[headers.all]", '[headers.versioned]\nif-match = "{consent}"\n\n[headers.all]')
    write("clinic/scenarios/find.toml", SCENARIO.replace('flawed = "the', 'headers = "versioned"\nflawed = "the'))
    assert packs.load(pack).scenarios[0].steps[1].header_set == "versioned"

    write(
        "clinic/scenarios/find.toml",
        SCENARIO.replace('headers = { prefer = "return=minimal" }', 'headers = "versioned"'),
    )
    first, *_ = refused()
    assert first.startswith(
        "scenarios/find.toml:12: scenario[1].step[1].headers (register): {consent} stands for nothing here; "
    )


def test_header_cells(pack: Path, write: Files) -> None:
    write("clinic/headers.toml", CELLS)

    absent, raw, twice = packs.load(pack).header_cells

    assert absent == packs.HeaderCell(
        name="provenance-absent",
        requirements=("clinic.create.answers-with-location",),
        base="create",
        kind="dose-active",
        header="X-Provenance",
        expect="refused",
        absent=True,
        note="needed on writes",
    )
    assert raw.requirements == ("clinic.create.answers-with-location", "clinic.read.existing-is-ok")
    assert (raw.base, raw.kind, raw.expect) == ("close", "dose-active", "clean")
    assert (raw.encoding, raw.patch) == ("raw", ({"op": "remove", "path": "/activity"},))
    assert (twice.values, twice.value, twice.absent) == (("1", "2"), None, False)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'base = "create"',
            'base = "creat"',
            "4: cell[1].base (provenance-absent): 'creat' is not known; did you mean ",
        ),
        (
            'kind = "dose',
            'kind = "dos',
            "13: cell[2].kind (provenance-raw): no kind 'dos-active' in [bodies] of pack.toml; ",
        ),
        (
            "absent = true",
            'absent = true, value = "x"',
            "5: cell[1].change (provenance-absent): has absent and value; give one of absent, value, values, ",
        ),
        (", absent = true", "", "5: cell[1].change (provenance-absent): changes nothing; give one of absent, value, "),
        ("absent = true", "absent = false", "5: cell[1].change.absent (provenance-absent): false does not fit; "),
        (
            '"x-provenance", enc',
            '"x-request-id", enc',
            (
                "14: cell[2].change.header (provenance-raw): 'x-request-id' is not made from a fixture in "
                "pack.toml; there are: x-provenance"
            ),
        ),
        (
            '"X-Provenance"',
            '"X Provenance"',
            "5: cell[1].change.header (provenance-absent): 'X Provenance' is no header name; correct it",
        ),
        (
            '["1", "2"]',
            '["1"]',
            "21: cell[3].change.values (request-id-twice): is too short; expected: the header is sent ",
        ),
        (
            '"refused"',
            '"refuse"',
            "6: cell[1].expect (provenance-absent): 'refuse' is not known; did you mean 'refused'?",
        ),
        (
            '"request-id-twice"',
            '"provenance-raw"',
            "18: cell[3].name (provenance-raw): 'provenance-raw' is the name of row 2 as well; rename one",
        ),
        (
            '"clinic.create.answers-with-location"\nbase',
            '"clinic.create.location"\nbase',
            "3: cell[1].requirement (provenance-absent): no requirement 'clinic.create.location' in this pack; ",
        ),
        (
            'op = "remove", path = "/activity"',
            'op = "remove", path = "/activity", value = 1',
            "14: cell[2].change.patch[1].value (provenance-raw): does not belong to 'remove'; remove it",
        ),
    ],
)
def test_a_mistake_in_a_header_cell(old: str, new: str, said: str, write: Files, refused: Refused) -> None:
    assert old in CELLS
    write("clinic/headers.toml", CELLS.replace(old, new, 1))

    (only,) = refused()
    assert only.startswith(f"headers.toml:{said}")


def test_a_cell_that_writes_needs_a_body(pack: Path, write: Files, refused: Refused) -> None:
    text = (pack / "pack.toml").read_text()
    (pack / "pack.toml").write_text(text[: text.index("[bodies.")].replace("by_action.close-dose", "by_action.close"))
    write("clinic/headers.toml", CELLS[: CELLS.index("[[cell]]", 1)])

    assert refused() == [
        "headers.toml:4: cell[1].base (provenance-absent): needs a consent to write; add [bodies] to pack.toml"
    ]


def test_contradictions(pack: Path, write: Files) -> None:
    write("clinic/contradictions.toml", CONTRADICTIONS)

    assert packs.load(pack).contradictions == (
        packs.Contradiction(
            id="trap.clinic.end-or-status",
            where="page 1 and page 4",
            readings=("closing sets the end", "closing sets the status"),
            consequence="accept either",
            requirements=("clinic.read.existing-is-ok",),
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "accept either",
            "accept any",
            (
                "5: contradiction[1].consequence (trap.clinic.end-or-status): 'accept any' is not known; did "
                "you mean 'accept either'?"
            ),
        ),
        (', "closing sets the status"', "", "4: contradiction[1].readings (trap.clinic.end-or-status): is too short; "),
        (
            '"trap.clinic.end',
            '"clinic.end',
            "2: contradiction[1].id (clinic.end-or-status): 'clinic.end-or-status' does not ",
        ),
        (
            "existing-is-ok",
            "existing",
            (
                "6: contradiction[1].requirements (trap.clinic.end-or-status): no requirement "
                "'clinic.read.existing' in this "
            ),
        ),
    ],
)
def test_a_mistake_in_a_contradiction(old: str, new: str, said: str, write: Files, refused: Refused) -> None:
    assert old in CONTRADICTIONS
    write("clinic/contradictions.toml", CONTRADICTIONS.replace(old, new, 1))

    (only,) = refused()
    assert only.startswith(f"contradictions.toml:{said}")


PRINTED = """
    printed = [{ body = "printed.json", repaired = "repaired.json", request = "/Consent/1" }]
"""


def test_an_example_that_is_printed_with_a_slip(pack: Path, write: Files) -> None:
    for name in ("printed", "repaired"):
        write(f"clinic/fixtures/{name}.json", {"resourceType": "Consent"})
    write("clinic/contradictions.toml", CONTRADICTIONS + PRINTED)

    (row,) = packs.load(pack).contradictions
    assert [(one.body, one.repaired, one.request) for one in row.printed] == [
        ("printed.json", "repaired.json", "/Consent/1")
    ]


def test_a_printed_example_that_is_not_there(write: Files, refused: Refused) -> None:
    write("clinic/fixtures/printed.json", {"resourceType": "Consent"})
    write("clinic/contradictions.toml", CONTRADICTIONS + PRINTED)

    (only,) = refused()
    assert "contradiction[1].printed[1].repaired (trap.clinic.end-or-status): no fixture 'repaired.json'" in only


PROFILE = """
    profile = "https://clinic.example/Consent"

    [[rule]]
    requirement = "clinic.read.existing-is-ok"
    keys = ["clinic-1"]
    paths = ["Consent.provision*"]
"""


def test_the_rules_of_a_profile(pack: Path, write: Files) -> None:
    write("clinic/StructureDefinition-Consent.json", {"url": "https://clinic.example/Consent"})
    write("clinic/profile.toml", PROFILE)

    held = packs.load(pack).profile
    assert held is not None
    assert held.requirements == ("clinic.read.existing-is-ok",)
    assert (held.rules[0].keys, held.rules[0].paths) == (("clinic-1",), ("Consent.provision*",))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("example/Consent", "example/Other", "2: profile: no StructureDefinition of this pack has the url "),
        (
            "existing-is-ok",
            "existing",
            "5: rule[1].requirement (clinic.read.existing): no requirement 'clinic.read.existing' in this pack",
        ),
        (
            "paths = [",
            'contradiction = "trap.clinic.none"\n    paths = [',
            "7: rule[1].contradiction (clinic.read.existing-is-ok): no contradiction ",
        ),
    ],
)
def test_a_mistake_in_the_rules_of_a_profile(old: str, new: str, said: str, write: Files, refused: Refused) -> None:
    write("clinic/StructureDefinition-Consent.json", {"url": "https://clinic.example/Consent"})
    assert old in PROFILE
    write("clinic/profile.toml", PROFILE.replace(old, new, 1))

    (only,) = refused()
    assert only.startswith(f"profile.toml:{said}")
