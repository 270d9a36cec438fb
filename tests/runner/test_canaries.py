"""Secrets of every kind, planted in a run that fails everywhere, are in nothing that the run leaves behind."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import canaries
import pytest
import servers

from conformance import proof
from conformance.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from canaries import Canary
    from runs import Suite

AUTH = {
    "bearer": 'kind = "bearer"\ntoken_env = "CANARY_BEARER"',
    "basic": 'kind = "basic"\nusername = "canary"\npassword_env = "CANARY_BASIC"',
    "header": 'kind = "header"\nname = "X-Api-Key"\nvalue_env = "CANARY_KEY"',
}
CREDENTIALS = {"bearer": canaries.BEARER, "basic": canaries.BASIC, "header": canaries.OWN_HEADER}
PACK = """
[headers.write.x-provenance]
fixture = "provenance.json"
encoding = "base64"
"""
SCENARIOS = f"""
[[scenario]]
name = "people"
title = "A person in each part of a request"
source = "Tiny guide, page 9"

[[scenario.step]]
name = "path"
method = "GET"
path = "/Patient/{canaries.PATH_NUMBER.value}"

[[scenario.step.expect]]
requirement = "tiny.read.shows-the-status"
body = {{ "/entry/1/resource/name/0/text" = "somebody else" }}

[[scenario.step]]
name = "query"
method = "GET"
path = "/Consent?patient.identifier={canaries.QUERY_NUMBER.value}&access_token={canaries.URL_TOKEN.value}"

[[scenario.step.expect]]
requirement = "tiny.search.finds-the-patient"
status = [418]

[[scenario]]
name = "crash"
title = "An answer over which the suite breaks"
source = "Tiny guide, page 9"

[[scenario.step]]
name = "crash"
method = "POST"
path = "/Consent/crash"
kind = "active"

[[scenario.step.expect]]
requirement = "tiny.read.of-nothing-is-refused"
status = ["4xx"]
"""
SABOTEUR = """
import logging
import pytest
from conformance.play import Play

kept = Play.request

def request(self, step):
    answer = kept(self, step)
    said = answer.content.decode()
    print(said)
    logging.getLogger("server").warning("said %s", said)
    if step.name == "crash":
        try:
            raise KeyError(said)
        except KeyError as inner:
            logging.getLogger("server").exception("over this")
            raise ValueError(said) from inner
    return answer

Play.request = request
"""
INDISCREET = """
from conformance.discretion import Discretion, LogRecords

for name in [name for name in vars(Discretion) if name.startswith("pytest_")]:
    delattr(Discretion, name)
LogRecords._record = lambda self, *arguments, **named: self._before(*arguments, **named)
"""
EVERYTHING = ("-v", "-rA", "--showlocals", "--tb=long", "--junitxml=junit.xml", "-o", "junit_logging=all")
EVERYTHING += ("--html=log.html", "--self-contained-html", "--log-file=run.log", "--log-file-level=DEBUG")
EVERYTHING += ("--log-cli-level=DEBUG", "--metadata", "deploy", canaries.OTHER_TOKEN.value, "-p", "saboteur")
INPUTS = frozenset({"packs", "target.toml", "saboteur.py", "indiscreet.py", "__pycache__"})


class TellsEverything(servers.Honest):
    """Is wrong in each answer, and tells in it all that it was ever told, in every way of writing."""

    def __init__(self) -> None:
        super().__init__()
        self.known = list(canaries.ALL)

    def answer(self, method: str, path: str, query: str, body: bytes) -> servers.Response | None:
        if path == "/metadata":
            return super().answer(method, path, query, body)
        told = [text for one in self.known if one.everywhere for text in one.told()]
        told += [f"{name}: {value}" for name, value in self.headers]
        form = f"grant_type=refresh&client_secret={canaries.CLIENT_SECRET.value}&client_assertion="
        told += [form + canaries.ASSERTION.value, canaries.ASSERTION.value, canaries.KEY.value, body.decode(), query]
        token = json.dumps({"access_token": "x", "refresh_token": canaries.REFRESH.value})
        told.append(json.dumps({"kty": "RSA", "n": "public", "d": canaries.JWK.value}))
        issue = {"severity": "error", "code": "exception", "diagnostics": "\n".join([*told, token])}
        name = {"text": canaries.PATIENT_NAME.value, "family": canaries.PATIENT_NAME.value}
        patient = {"resourceType": "Patient", "name": [name], "address": [{"text": canaries.PATIENT_ADDRESS.value}]}
        patient["telecom"] = [{"system": "phone", "value": canaries.PATIENT_PHONE.value}]
        patient["identifier"] = [{"value": canaries.BODY_NUMBER.value}, {"value": canaries.PATH_NUMBER.value}]
        entries = [{"resource": {"resourceType": "OperationOutcome", "issue": [issue]}}, {"resource": patient}]
        location = f"{self.url}/x?access_token={canaries.URL_TOKEN.value}&sig={canaries.SIGNATURE.value}"
        headers = {
            "Location": location.replace("://", f"://robot:{canaries.USER_INFO.value}@"),
            "Set-Cookie": f"id={canaries.SET_COOKIE.value}; HttpOnly",
            "X-Auth-Token": canaries.SESSION.value,
            "X-Said": quote(canaries.PATIENT_NAME.value),
            "Warning": f'199 - "{path} {canaries.OTHER_TOKEN.value}"',
        }
        return servers.fhir(207, {"resourceType": "Bundle", "type": "searchset", "entry": entries}, **headers)


@pytest.fixture
def telling() -> Iterator[TellsEverything]:
    server = TellsEverything()
    with servers.serving(server):
        yield server


def planted(suite: Suite, server: TellsEverything, auth: str) -> str:
    """The path of a target.toml for a pack in which secrets are planted."""
    others = [one for kind, one in CREDENTIALS.items() if kind != auth]
    server.known = [one for one in canaries.ALL if one not in others]
    pack = suite.pack
    with (pack / "pack.toml").open("a", encoding="utf-8") as file:
        file.write(PACK)
    with (pack / "scenarios" / "own.toml").open("a", encoding="utf-8") as file:
        file.write(SCENARIOS)
    person = {"resourceType": "Practitioner", "id": "p", "name": [{"text": canaries.NAME.value}]}
    person["identifier"] = [{"value": canaries.CODE.value}]
    provenance = {"resourceType": "Provenance", "contained": [person], "agent": [{"who": {"reference": "#p"}}]}
    (pack / "fixtures" / "provenance.json").write_text(json.dumps(provenance), encoding="utf-8")
    consent = json.loads((pack / "fixtures" / "consent.json").read_text())
    consent["patient"]["identifier"] = {"value": canaries.BODY_NUMBER.value}
    (pack / "fixtures" / "consent.json").write_text(json.dumps(consent), encoding="utf-8")
    (suite.folder / "saboteur.py").write_text(SABOTEUR, encoding="utf-8")
    lines = ["redact_people = true", "[auth]", AUTH[auth], "[tokens]", 'other-role = { token_env = "CANARY_OTHER" }']
    lines += ["[http]", 'proxy_env = "CANARY_PROXY"', "[http.headers]", 'x-gateway = { value_env = "CANARY_GATEWAY" }']
    return suite.target(server.url, *lines, 'Cookie = { value_env = "CANARY_COOKIE" }')


def environment(suite: Suite, server: servers.Honest) -> dict[str, str]:
    """The secrets of the target. The server is its own proxy."""
    proxy = server.url.replace("://", f"://canary:{canaries.PROXY.value}@").removesuffix("/fhir")
    return {**canaries.ENVIRONMENT, "CANARY_PROXY": proxy, "PYTHONPATH": os.pathsep.join([str(suite.folder), *_path()])}


def _path() -> list[str]:
    return [os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else []


def given_away(suite: Suite, output: str) -> dict[str, list[str]]:
    """Kind of secret → where it was found: the files of a run and its console."""
    left = canaries.artefacts(suite.folder, leaving_out=INPUTS) | {"console": output}
    found: dict[str, list[str]] = {}
    for name, text in left.items():
        read = canaries.readings(text)
        for canary in canaries.ALL:
            if traces := canary.traces(read):
                found.setdefault(canary.kind, []).append(f"{name}: {traces[0]}")
    return found


@pytest.mark.parametrize(
    ("auth", "workers"), [("bearer", ()), ("basic", ("-n", "2")), ("header", ())], ids=["bearer", "basic-n2", "header"]
)
def test_a_run_that_fails_everywhere_gives_nothing_away(
    suite: Suite, telling: TellsEverything, auth: str, workers: tuple[str, ...]
) -> None:
    target = planted(suite, telling, auth)
    command = [sys.executable, "-m", "pytest", "--pyargs", "conformance.checks", "--pack", str(suite.pack)]
    ended = suite.ended(
        [*command, "--target", target, *EVERYTHING, *workers], environ=environment(suite, telling), calm=False
    )
    assert ended.code == 1
    assert ended.report is not None, ended.output
    assert ended.report["counts"]["pass"] == 0
    assert ended.report["counts"]["error"] == 1
    assert {"junit.xml", "log.html", "run.log", "reports/report.html"} <= set(
        canaries.artefacts(suite.folder, leaving_out=INPUTS)
    )
    assert given_away(suite, ended.output) == {}


def test_the_command_and_what_is_made_of_its_run_give_nothing_away(suite: Suite, telling: TellsEverything) -> None:
    target = planted(suite, telling, "bearer")
    told = environment(suite, telling)
    ended = suite.run("--target", target, environ=told)
    assert ended.code == 1, ended.output
    said = ended.output
    command = [sys.executable, "-m", "conformance.cli"]
    for made in (["baseline", "reports"], ["render", "reports"], ["overview", "."], ["diff", "reports", "reports"]):
        done = suite.ended([*command, *made], keep_reports=True, environ=told)
        assert done.code == 0, done.output
        said += done.output
    assert (suite.folder / "reports" / "index.html").is_file()
    assert given_away(suite, said) == {}


@pytest.mark.parametrize("option", ["--base-url", "target.toml"])
def test_an_address_that_is_refused_is_not_quoted_with_its_secrets(suite: Suite, option: str) -> None:
    url = f"https://robot:{canaries.USER_INFO.value}@fhir.example.org/r4?access_token={canaries.URL_TOKEN.value}"
    for address in (url, url.replace(f"robot:{canaries.USER_INFO.value}@", "")):
        options = ("--base-url", address) if option == "--base-url" else ("--target", suite.target(address))
        ended = suite.pytest(*options) if option == "--base-url" else suite.run(*options)
        assert ended.code in {2, 4}, ended.output
        assert given_away(suite, ended.output) == {}


# That the search finds what is there.


def spared(monkeypatch: pytest.MonkeyPatch, canary: Canary) -> None:
    """Switch redaction off for one kind of secret: what holds it stays as it is."""
    forms = [form for told in canary.told() for form in (told, json.dumps(told)[1:-1])]

    def sparing(method: Any) -> Any:
        def kept(self: Redactor, text: Any, *more: Any) -> Any:
            return text if isinstance(text, str) and any(form in text for form in forms) else method(self, text, *more)

        return kept

    for name in ("text", "url", "body"):
        monkeypatch.setattr(Redactor, name, sparing(getattr(Redactor, name)))
    header = Redactor._redacted_header
    monkeypatch.setattr(
        Redactor,
        "_redacted_header",
        lambda self, name, value: value if _holds(value, forms) else header(self, name, value),
    )


def _holds(value: str, forms: list[str]) -> bool:
    return any(form in reading for form in forms for reading in canaries.readings(value))


@pytest.mark.parametrize("kind", [one.kind for one in canaries.ALL if one is not canaries.CI_ADDRESS])
def test_each_kind_is_found_when_it_is_not_redacted(
    suite: Suite, telling: TellsEverything, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    (canary,) = [one for one in canaries.ALL if one.kind == kind]
    auth = next((name for name, one in CREDENTIALS.items() if one is canary), "bearer")
    target = planted(suite, telling, auth)
    for name, value in environment(suite, telling).items():
        monkeypatch.setenv(name, value)
    spared(monkeypatch, canary)
    proof.run("--pack", str(suite.pack), "--target", target, "--report-dir", str(suite.folder / "reports"))
    assert set(given_away(suite, "")) >= {kind}


def test_each_place_gives_secrets_away_when_nobody_looks_after_it(suite: Suite, telling: TellsEverything) -> None:
    """The traceback with its local variables, captured output, both logs, pytest's metadata."""
    (suite.folder / "indiscreet.py").write_text(INDISCREET, encoding="utf-8")
    target = planted(suite, telling, "bearer")
    options = ["--target", target, *EVERYTHING, "-p", "indiscreet"]
    ended = suite.ended([*suite.pytest_command(), *options], environ=environment(suite, telling), calm=False)
    assert ended.report is not None, ended.output
    found = given_away(suite, ended.output)
    places = {where.partition(":")[0] for where in found[canaries.BEARER.kind]}
    assert places >= {"console", "junit.xml", "log.html", "run.log"}
    assert {where.partition(":")[0] for where in found[canaries.CI_ADDRESS.kind]} >= {"console", "log.html"}
    shown = [line for line in ended.output.splitlines() if line.startswith("answer     = ")]
    assert any(canaries.BODY_NUMBER.value in line for line in shown)  # by --showlocals
