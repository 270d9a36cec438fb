"""`validate --from-server`: what a server holds, page by page or by a bulk export, as the bytes that came."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import servers
from runs import LONGEST, environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VALIDATE = [sys.executable, "-m", "conformance.cli", "validate", "--from-server", "--format", "json"]
NUMBER = 7


def consent(number: int, **more: Any) -> dict[str, Any]:
    coding = {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}
    return {
        "resourceType": "Consent",
        "id": f"c{number}",
        "status": "active",
        "scope": {"coding": [coding]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": "Patient/1", "display": 'one "resource": {"entry": [] } in a string'},
        "policyRule": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]},
        **more,
    }


class HoldsAFew(servers.Honest):
    """Seven consents, three to a page or one to a line; the fifth has no such status, the sixth says status twice."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = [json.dumps(consent(number)) for number in range(NUMBER)]
        self.texts[4] = json.dumps(consent(4, status="perhaps"))
        self.texts[5] = self.texts[5].replace('"status"', '"status": "draft", "status"')
        self.polled = 0

    def answer(self, method: str, path: str, query: str, body: bytes) -> servers.Response | None:
        if (method, path) == ("GET", "/Consent"):
            return self.page(int(query.rpartition("page=")[2] or 0) if "page=" in query else 0)
        if path == "/$export":
            return 202, {"Content-Location": f"{self.url}/jobs/1", "Content-Length": "0"}, b""
        if path == "/jobs/1":
            self.polled += 1
            if method == "DELETE" or self.polled < 3:
                return 202, {"Retry-After": "0", "Content-Length": "0"}, b""
            files = [{"type": kind, "url": f"{self.url}/files/{kind}"} for kind in ("Consent", "Patient")]
            manifest = {"requiresAccessToken": False, "output": files}
            return 200, {"Content-Type": "application/json"}, json.dumps(manifest).encode()
        if path == "/files/Consent":
            return 200, {"Content-Type": "application/fhir+ndjson"}, "\n".join(self.texts).encode()
        return super().answer(method, path, query, body)

    def page(self, number: int) -> servers.Response:
        shown = self.texts[3 * number : 3 * number + 3]
        entries = [f'{{"fullUrl": "urn:x", "resource" : {text}, "search": {{"mode": "match"}}}}' for text in shown]
        entries.append('{"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}}')
        following = f"http://elsewhere.example/fhir/Consent?page={number + 1}"
        link = [{"relation": "next", "url": following}] if 3 * number + 3 < NUMBER else []
        head = f'{{"resourceType": "Bundle", "type": "searchset", "link": {json.dumps(link)}, "entry": ['
        return 200, {"Content-Type": "application/fhir+json"}, (head + ", ".join(entries) + "]}").encode()


def validated(folder: Path, *options: str) -> tuple[int, list[dict[str, Any]], str]:
    done = subprocess.run(
        [*VALIDATE, *options],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_page_by_page(tmp_path: Path, lying: Callable[[servers.Honest], str]) -> None:
    server = HoldsAFew()
    code, rows, said = validated(tmp_path, "--base-url", lying(server))

    assert (code, [row["file"] for row in rows]) == (1, [f"Consent/c{number}" for number in range(NUMBER)]), said
    assert [row["file"] for row in rows if not row["valid"]] == ["Consent/c4", "Consent/c5"]
    assert all(line.startswith("GET ") for line in server.seen)


def test_by_a_bulk_export(tmp_path: Path, lying: Callable[[servers.Honest], str]) -> None:
    server = HoldsAFew()
    code, rows, said = validated(tmp_path, "--export", "--base-url", lying(server))

    assert (code, [row["valid"] for row in rows]) == (1, [True, True, True, True, False, False, True]), said
    assert rows[0]["file"] == "Consent:1"
    assert server.seen[-1] == "DELETE /jobs/1"
    assert "GET /files/Patient" not in server.seen


class CompressesItsFiles(HoldsAFew):
    """An export file as gzip, without its last bytes if it is cut short."""

    def __init__(self, *, lacks: int) -> None:
        super().__init__()
        self.lacks = lacks

    def answer(self, method: str, path: str, query: str, body: bytes) -> servers.Response | None:
        response = super().answer(method, path, query, body)
        if path != "/files/Consent" or response is None:
            return response
        status, headers, content = response
        packed = gzip.compress(content)
        return status, {**headers, "Content-Encoding": "gzip"}, packed[: len(packed) - self.lacks]


@pytest.mark.parametrize(("lacks", "expected"), [(0, 1), (8, 2), (40, 2)])
def test_an_export_that_breaks_off_is_not_taken_for_all_of_it(
    tmp_path: Path, lying: Callable[[servers.Honest], str], lacks: int, expected: int
) -> None:
    code, _, said = validated(tmp_path, "--export", "--base-url", lying(CompressesItsFiles(lacks=lacks)))

    assert code == expected, said
    assert "Traceback" not in said
    assert ("ended before the end" in said) is (expected == 2)


@pytest.mark.parametrize(
    ("bundle", "expected"),
    [
        ({"entry": 5}, 2),
        ({"entry": [{"resource": {"resourceType": "Consent", "id": "x"}, "search": {"mode": []}}]}, 1),
        ({"link": [{"relation": "next", "url": "http://["}]}, 2),
    ],
)
def test_an_odd_page_is_the_servers_mistake(
    tmp_path: Path, lying: Callable[[servers.Honest], str], bundle: dict[str, Any], expected: int
) -> None:
    class ShowsOdd(servers.Honest):
        def answer(self, *_: object) -> servers.Response:
            return servers.fhir(200, {"resourceType": "Bundle", "type": "searchset", **bundle})

    code, _, said = validated(tmp_path, "--base-url", lying(ShowsOdd()))
    assert code == expected
    assert "Traceback" not in said


@pytest.mark.parametrize("export", [(), ("--export",)], ids=["page by page", "by an export"])
def test_a_server_without_consents_is_not_valid(
    tmp_path: Path, lying: Callable[[servers.Honest], str], export: tuple[str, ...]
) -> None:
    empty = HoldsAFew()
    empty.texts = []
    code, found, said = validated(tmp_path, "--base-url", lying(empty), *export)
    assert (code, found) == (2, [])
    assert "nothing was validated: the server shows no Consent" in said


def test_mistakes(tmp_path: Path, lying: Callable[[servers.Honest], str]) -> None:
    url = lying(servers.Honest())
    for options, words in (
        (("--base-url", url, "--export"), "$export was answered 404"),
        (("--base-url", url, "file.json"), "reads no files"),
        (("--base-url", "http://127.0.0.1:9/"), "cannot be reached"),
        ((), "name the server by --base-url or --target"),
    ):
        code, rows, said = validated(tmp_path, *options)
        assert (code, rows) == (2, [])
        assert words in said
        assert "Traceback" not in said
