"""target.toml: what a correct one holds, and what is said about each kind of mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance import packs, target
from conformance.model import Deviation, Exclusion, UsageError
from conformance.tls import Tls

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Refused = Callable[..., list[str]]

WHOLE = """
    base_url = "https://fhir.example.org/r4/"
    pack = "clinic"
    allow_writes = true

    [tls]
    ca = "ca.pem"
    certificate = "client.pem"

    [http]
    timeout = 5
    proxy = "http://proxy.example.org:3128"
    headers = { x-tenant = "one" }
    rate = 2.5
    retries = 0

    [claims]
    add = ["paging", "search:colour"]
    remove = ["create"]

    [dialect]
    patients = "given"
    settle = 2
    zone = "Europe/Stockholm"

    [given]
    consents = ["1"]
    patients = ["2"]
    other-patients = ["3"]
    empty-patients = ["4"]
    actors = ["Practitioner/5"]
    patient-identifiers = ["urn:oid:1.2.3|6"]
    actor-identifiers = ["|7"]
    ended-consents = ["8"]

    [bodies]
    dose-active = "dose.json"

    [[exclude]]
    requirement = "clinic.read.existing-is-ok"
    reason = "being rebuilt"

    [[deviation]]
    requirement = "clinic.create.answers-with-location"
    reason = "a proxy drops it"
    owner = "gateway team"
    tracker = "https://example.org/issues/7"
    expires = 2026-12-31
"""


@pytest.fixture
def whole(write: Any, certificate: str) -> Path:
    write("ca.pem", certificate)
    write("client.pem", certificate)
    write("dose.json", {"resourceType": "Consent"})
    path: Path = write("target.toml", WHOLE)
    return path


def test_everything_that_a_target_can_hold(whole: Path) -> None:
    read = target.load(whole, environ={})

    assert read.base_url == "https://fhir.example.org/r4"
    assert read.pack == "clinic"
    assert read.allow_writes is True
    assert read.auth == target.Auth(kind="none")
    assert read.tls == Tls(ca=whole.parent / "ca.pem", certificate=whole.parent / "client.pem")
    assert read.http.timeout == 5.0
    assert read.http.proxy == "http://proxy.example.org:3128"
    assert (read.http.headers, read.http.rate, read.http.retries) == ({"x-tenant": "one"}, 2.5, 0)
    assert read.claims_add == ("paging", "search:colour")
    assert read.claims_remove == ("create",)
    assert read.dialect == {"patients": "given", "settle": 2, "zone": "Europe/Stockholm"}
    assert read.given == target.Given(
        consents=("1",),
        patients=("2",),
        other_patients=("3",),
        empty_patients=("4",),
        actors=("Practitioner/5",),
        patient_identifiers=("urn:oid:1.2.3|6",),
        actor_identifiers=("|7",),
        ended_consents=("8",),
    )
    assert read.bodies == {"dose-active": whole.parent / "dose.json"}
    assert read.exclusions == (Exclusion(requirement="clinic.read.existing-is-ok", reason="being rebuilt"),)
    assert read.deviations == (
        Deviation(
            requirement="clinic.create.answers-with-location",
            reason="a proxy drops it",
            owner="gateway team",
            tracker="https://example.org/issues/7",
            expires="2026-12-31",
        ),
    )


def test_what_a_target_leaves_out() -> None:
    read = target.from_dict({"base_url": "http://127.0.0.1:8080/fhir"}, where="a test", environ={})

    assert read.where == "a test"
    assert read.allow_writes is False
    assert (read.http.timeout, read.http.proxy, read.http.rate) == (30.0, None, None)
    assert read.tls.verify is True
    assert (read.secrets(), read.tokens, read.exclusions, read.deviations) == ((), {}, (), ())


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param("alow_writes = true", ":3: alow_writes: unknown key; did you mean 'allow_writes'?", id="key"),
        pytest.param("BASE-URL = true", ":3: BASE-URL: unknown key; did you mean 'base_url'?", id="key-case"),
        pytest.param(
            'patients = "create"',
            "pack, redact_people, scenarios, tls, tokens; it is a key of [dialect] and of [given]",
            id="table",
        ),
        pytest.param(
            'allow_writes = "yes"',
            ":3: allow_writes: 'yes' is text, not true or false; expected: whether the suite may create, update and "
            "delete consents there; without it a run only reads",
            id="type",
        ),
        pytest.param("[http]\ntimeout = 0", ":4: http.timeout: 0 is too small; give more than 0", id="zero"),
        pytest.param("[http]\ntimeout = inf", ":4: http.timeout: inf is no finite number; give one", id="infinite"),
        pytest.param("[http]\nretries = 11", ":4: http.retries: 11 is too large; give at most 10", id="too-many"),
        pytest.param("[http]\nretries = -1", ":4: http.retries: -1 is too small; give at least 0", id="negative"),
        pytest.param(
            "[http]\nretries = 1.5",
            ":4: http.retries: 1.5 is a number, not a whole number; expected: how often a request is repeated after "
            "429 and 503",
            id="fraction",
        ),
        pytest.param(
            '[http]\nproxy = "proxy:3128"',
            ":4: http.proxy: 'proxy:3128' is no http address; expected something like 'http://proxy.example.org:3128'",
            id="proxy",
        ),
        pytest.param(
            '[http.headers]\n"x y" = "1"', ":4: http.headers.x y: 'x y' is no header name; correct it", id="header-name"
        ),
        pytest.param(
            '[http.headers]\nx = "1\\r\\ny: 2"',
            ":4: http.headers.x: a header value has no line breaks; keep it on one line",
            id="header-value",
        ),
        pytest.param(
            '[http.headers]\nauthorization = "x"',
            ":4: http.headers.authorization: credentials have a table of their own; use [auth]",
            id="header-authorization",
        ),
        pytest.param(
            '[tls]\nca = "missing.pem"', ":4: tls.ca: no file 'missing.pem'; did you mean 'missin.pem'?", id="tls-file"
        ),
        pytest.param(
            '[tls]\nkey = "missin.pem"',
            ":4: tls.key: a key needs its certificate; set tls.certificate",
            id="tls-key",
        ),
        pytest.param(
            '[tls]\nca = "missin.pem"\nverify = false',
            ":5: tls.verify: false makes tls.ca pointless; remove one of them",
            id="tls-verify",
        ),
        pytest.param(
            '[claims]\nadd = ["serch"]',
            ":4: claims.add[1]: 'serch' is no claim; did you mean 'search'?",
            id="claim",
        ),
        pytest.param(
            '[claims]\nadd = ["read"]\nremove = ["read"]',
            ":5: claims.remove[1]: 'read' is added as well; keep one of them",
            id="claim-added-and-removed",
        ),
        pytest.param(
            '[claims]\nadd = ["read", "read"]',
            ":4: claims.add: 'read' is listed twice; keep one of them",
            id="claim-twice",
        ),
        pytest.param(
            '[dialect]\npatients = "givn"',
            ":4: dialect.patients: 'givn' is not known; did you mean 'given'?",
            id="dialect-value",
        ),
        pytest.param(
            '[dialect]\nzone = "Europe/Stokholm"',
            ":4: dialect.zone: 'Europe/Stokholm' is no IANA time zone; did you mean 'Europe/Stockholm'?",
            id="dialect-zone",
        ),
        pytest.param(
            '[given]\npatients = "1"',
            ":4: given.patients: '1' is text, not a list; expected: logical ids of patients, the first one with "
            'consents (to have the suite create them: dialect.patients = "create"), such as ["123"]',
            id="given-type",
        ),
        pytest.param(
            '[given]\npatients = ["1", "Patient/2"]',
            ":4: given.patients[2]: 'Patient/2' does not fit; expected: a logical id, such as '123'",
            id="given-reference",
        ),
        pytest.param(
            '[given]\nactors = ["2"]',
            ":4: given.actors[1]: '2' does not fit; expected: type and logical id, such as 'Practitioner/123'",
            id="given-actor",
        ),
        pytest.param(
            '[given]\nother_patients = ["2"]',
            ":4: given.other_patients: unknown key; did you mean 'other-patients'?",
            id="given-underscore",
        ),
        pytest.param(
            '[bodies]\ndose = "missin.pem"', ": not JSON: Expecting value; correct the file there", id="body-no-json"
        ),
        pytest.param(
            '[bodies]\ndose = "patient.json"',
            ":4: bodies.dose: 'patient.json' holds no Consent; give one as JSON",
            id="body-no-consent",
        ),
        pytest.param(
            '[[exclude]]\nrequirement = "a.b.c"',
            ":3: exclude[1].reason (a.b.c): missing; expected: why it is left out",
            id="exclusion-without-reason",
        ),
        pytest.param(
            '[[exclude]]\nrequirement = "a.b.c"\nreason = "x"\nexpires = "31/12/2026"',
            ":6: exclude[1].expires (a.b.c): '31/12/2026' is no date; write it as 2026-12-31",
            id="expiry",
        ),
        pytest.param(
            '[[exclude]]\nrequirement = "a.b.c"\nreason = "x"\n[[exclude]]\nrequirement = "a.b.c"\nreason = "y"',
            ":7: exclude[2].requirement (a.b.c): 'a.b.c' is in exclude[1] as well; keep one of them",
            id="on-record-twice",
        ),
    ],
)
def test_a_mistake_is_said_with_key_and_remedy(lines: str, said: str, write: Any, target_refused: Refused) -> None:
    write("missin.pem", "")
    write("patient.json", {"resourceType": "Patient"})

    (only,) = target_refused(f'\nbase_url = "http://a"\n{lines}\n')

    assert only.endswith(said)
    assert only.startswith(("target.toml:", "missin.pem:"))


def test_a_deviation_needs_all_that_makes_it_a_record(target_refused: Refused) -> None:
    said = target_refused('base_url = "http://a"\n[[deviation]]\nrequirement = "a.b.c"\n')

    assert [line.partition(";")[0] for line in said] == [
        f"target.toml:2: deviation[1].{key} (a.b.c): missing" for key in ("reason", "owner", "tracker", "expires")
    ]


def test_all_problems_are_said_at_once(target_refused: Refused) -> None:
    said = target_refused('allow_write = true\n[http]\ntimeout = "5 s"\n[given]\nconsent = ["1"]\n')

    assert [line.split(": ")[1] for line in said] == ["allow_write", "http.timeout", "given.consent"]


def test_a_missing_base_url_is_named(target_refused: Refused) -> None:
    assert target_refused("allow_writes = true\n") == [
        "target.toml: base_url: missing; expected: the FHIR base address, such as 'https://fhir.example.org/r4'"
    ]


def test_a_base_url_of_the_command_line_stands_in(write: Any) -> None:
    path = write("target.toml", "allow_writes = true\n")

    assert target.load(path, environ={}, base_url="http://localhost/fhir/").base_url == "http://localhost/fhir"


def test_names_are_held_against_the_pack(whole: Path, pack: Path) -> None:
    target.load(whole, environ={}).check_against(packs.load(pack))
    whole.write_text(
        whole.read_text()
        .replace("dose-active", "dose-actve")
        .replace("existing-is-ok", "existing-is-okay")
        .replace('remove = ["create"]', 'remove = ["delete"]')
    )

    with pytest.raises(UsageError) as caught:
        target.load(whole, environ={}).check_against(packs.load(pack))

    said = str(caught.value).splitlines()
    assert [line.split(": ", 1)[1] for line in said] == [
        "bodies.dose-actve: no such kind in pack 'clinic'; did you mean 'dose-active'?",
        (
            "exclude: no requirement 'clinic.read.existing-is-okay' in pack 'clinic'; "
            "did you mean 'clinic.read.existing-is-ok'?"
        ),
        "claims.remove: pack 'clinic' does not claim 'delete'; there are: create, read",
    ]
    assert all(line.startswith(whole.as_posix()) for line in said)
