"""Reports for tests: made up, but as a run would leave them, and as hostile or as large as a test asks for."""

from __future__ import annotations

import base64
import json
from typing import Any

from conformance.model import (
    Basis,
    Claim,
    Deviation,
    Exchange,
    Judged,
    Level,
    Report,
    Requirement,
    RunVerdict,
    Verdict,
)

BASE = "https://fhir.example.org/r4"
HOSTILE = (
    '</pre></script><script>window.pwned = 1</script><img src=x onerror="window.pwned = 1">{{ 7 * 7 }}\x00\u202e\ud800'
)
CONSENT = {
    "resourceType": "Consent",
    "id": "8f6c1b1e-0f5d-4a57-9f3a-5d2f0a6f7d11",
    "status": "active",
    "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
    "category": [{"coding": [{"system": "http://example.org/consent-types", "code": "consent-dose-disp"}]}],
    "patient": {"reference": "Patient/1f9502c7-034f-4b0b-9d73-f091b277ced0"},
    "policy": [{"uri": "urn:example:policy"}],
    "provision": {"period": {"start": "2023-01-10", "end": "2026-12-31"}},
}
PROVENANCE = base64.b64encode(
    json.dumps({"resourceType": "Provenance", "agent": [{"who": {"display": "[redacted]"}}]}).encode()
)


def exchange(
    number: int, method: str = "PUT", path: str = "/Consent", status: int | None = 201, **more: Any
) -> Exchange:
    body = json.dumps({**CONSENT, "id": f"{number:08d}-0f5d-4a57-9f3a-5d2f0a6f7d11"})
    fields: dict[str, Any] = {
        "id": f"w0-{number:04d}",
        "method": method,
        "url": BASE + path,
        "request_headers": (
            ("Authorization", "Bearer [redacted]"),
            ("Content-Type", "application/fhir+json"),
            ("Accept", "application/fhir+json"),
            ("x-request-id", f"8f6c1b1e-0f5d-4a57-9f3a-{number:012d}"),
            ("x-provenance", PROVENANCE.decode()),
        ),
        "request_body": body if method in {"PUT", "POST"} else None,
        "status": status,
        "response_headers": (
            ("Content-Type", "application/fhir+json"),
            ("Location", f"{BASE}/Consent/{number}/_history/1"),
        ),
        "response_body": body,
        "started": "2026-03-01T09:30:00.000Z",
        "waited_ms": 42.3,
    }
    return Exchange(**{**fields, **more})


def check(outcome: str, *exchanges: str, **more: Any) -> dict[str, Any]:
    fields = {
        "nodeid": "conformance/checks/test_close.py::test_closing_an_unknown_consent",
        "title": "A known consent can be closed. The same request for an id that nobody has is refused.",
        "outcome": outcome,
        "message": "",
        "expected": "",
        "actual": "",
        "notes": [],
        "exchanges": list(exchanges),
    }
    if more.get("expected"):
        fields["message"] = f"expected {more['expected']}; got {more['actual']}"
    return {**fields, **more}


def requirement(
    name: str, text: str, level: Level = Level.SHALL, basis: Basis = Basis.STATED, **more: Any
) -> Requirement:
    source = more.pop("source", "https://hl7.org/fhir/R4/http.html#update (section 3.1.0.4); RFC 7231 section 4.3.4")
    return Requirement(id=name, level=level, basis=basis, source=source, text=text, set="nll-2023/close", **more)


def judged(name: str, verdict: Verdict, text: str = "", *checks: dict[str, Any], **more: Any) -> Judged:
    own = {key: more.pop(key) for key in ("level", "basis", "source", "not_tested") if key in more}
    return Judged(
        requirement=requirement(name, text or f"What {name} asks for.", **own), verdict=verdict, checks=checks, **more
    )


def report(requirements: list[Judged], exchanges: list[Exchange], **more: Any) -> Report:
    fields: dict[str, Any] = {
        "suite": "0.1.0",
        "pack": "nll-2023",
        "pack_title": "Swedish National Medication List, 2023",
        "requirement_set": "3f0c" * 16,
        "mode": "full",
        "target": {"base_url": BASE, "allow_writes": True, "auth": {"kind": "bearer", "token": "[redacted]"}},
        "claims": (
            Claim(
                claim="create", source="Consent - Create, https://simplifier.net/guide/SwedishNationalMedicationList"
            ),
        ),
        "started": "2026-03-01T09:30:00Z",
        "finished": "2026-03-01T09:30:08.400000Z",
        "verdict": RunVerdict.NOT_CONFORMANT,
        "reason": "",
        "requirements": tuple(requirements),
        "exchanges": {one.id: one for one in exchanges},
    }
    return Report(**{**fields, **more})


def every_verdict() -> Report:
    """A run in which everything happened."""
    outcome = json.dumps(
        {
            "resourceType": "OperationOutcome",
            "issue": [
                {
                    "severity": "error",
                    "code": "exception",
                    "diagnostics": "NullPointerException at ConsentService.close",
                }
            ],
        }
    )
    exchanges = [
        exchange(1),
        exchange(2, status=500, response_body=outcome),
        exchange(3, "GET", "/Consent/8f6c1b1e", status=200),
        exchange(4, "GET", "/Consent?patient=Patient/1f95&status=active", status=200),
        exchange(5, "POST", status=201),
        exchange(6, status=None, response_headers=(), response_body=None, problem="the connection was reset"),
        exchange(7, "PUT", status=403, response_body=outcome),
        exchange(8, "POST", status=422, flawed="a status that is in no value set"),
    ]
    rows = [
        judged(
            "nll-2023.close.unknown-id-fails",
            Verdict.FAIL,
            "A PUT whose id names no consent fails.",
            check("violated", "w0-0001", "w0-0005", "w0-0003", expected="a refusal (4xx)", actual="201 with a Consent"),
            source="Swedish National Medication List, Consent - Close (2023-01-26), https://simplifier.net/guide/SwedishNationalMedicationList/Consent-Close",
        ),
        judged(
            "nll-2023.close.dose-consent-is-ended",
            Verdict.FAIL,
            "After the documented close a dose consent is no longer open: it is inactive or has the end that was sent.",
            check(
                "violated",
                "w0-0003",
                "w0-0001",
                expected="the consent as it was sent",
                actual='Consent.provision.period.end: "2026-12-31" became nothing',
            ),
        ),
        judged(
            "nll-2023.errors.failed-call-answers-outcome-only",
            Verdict.FAIL,
            "A call that fails answers an OperationOutcome and no server error.",
            check("violated", "w0-0002", expected="an answer below 500", actual="500 with an OperationOutcome"),
            check(
                "violated",
                "w0-0007",
                nodeid="conformance/checks/test_errors.py::test_other",
                expected="an answer below 500",
                actual="503",
            ),
            basis=Basis.DOCUMENTED,
        ),
        judged(
            "r4.update.answers",
            Verdict.ERROR,
            "An update is answered.",
            check("error", "w0-0006", message="the target became unreachable: the connection was reset"),
            reason="the target became unreachable: the connection was reset",
        ),
        judged(
            "r4.headers.etag",
            Verdict.STALE_DEVIATION,
            "A read carries an ETag.",
            check("held", "w0-0003"),
            reason="listed as a known deviation, and now passing: remove the entry from target.toml",
            level=Level.SHOULD,
            deviation=Deviation(
                requirement="r4.headers.etag",
                reason="gateway strips it",
                owner="Team Consent",
                tracker="https://tracker.example.org/CONS-12",
                expires="2026-06-30",
            ),
        ),
        judged(
            "period.end.comes-back-as-the-same-moment",
            Verdict.WARN,
            "The end of a period comes back as the moment that was sent.",
            check(
                "violated",
                "w0-0003",
                "w0-0005",
                expected='provision.period {"start": "2023-01-10", "end": "2026-12-31T23:59:59+01:00"}',
                actual='provision.period {"start": "2023-01-10", "end": "2026-12-31T23:59:59Z"}',
            ),
            level=Level.SHOULD,
            basis=Basis.INFERRED,
        ),
        judged(
            "security.role.may-not-close",
            Verdict.NOT_TESTABLE,
            "A role that may only read cannot close a consent.",
            check("not-testable", message="no token of another role is given; set auth.other_role in target.toml"),
            reason="no token of another role is given; set auth.other_role in target.toml",
        ),
        judged(
            "security.role.sees-no-content",
            Verdict.NOT_TESTABLE,
            "A refusal shows nothing of the consent.",
            check("not-testable", message="no token of another role is given; set auth.other_role in target.toml"),
            reason="no token of another role is given; set auth.other_role in target.toml",
        ),
        judged(
            "nll-2023.close.access-consent-is-ended",
            Verdict.NOT_TESTABLE,
            "An access consent that is still proposed can be ended in the same way.",
            check("not-testable", "w0-0007"),
            reason="the access consent could not be created (403); give one under given.consents in target.toml",
        ),
        judged(
            "r4.search.by-status",
            Verdict.NOT_RUN,
            "A search by status finds the consents of that status.",
            reason="deselected by --exclude",
        ),
        judged(
            "r4.update.if-match",
            Verdict.KNOWN_DEVIATION,
            "An update with an outdated If-Match is refused with 412.",
            check("violated", "w0-0001", expected="status 412", actual="201 with a Consent"),
            reason="on record until 2026-06-30",
            deviation=Deviation(
                requirement="r4.update.if-match",
                reason="versions are not kept yet",
                owner="Team Consent",
                tracker="https://tracker.example.org/CONS-7",
                expires="2026-06-30",
            ),
        ),
        judged(
            "nll-2023.create.answers-with-location",
            Verdict.PASS,
            "A create answers with the Location of the new consent.",
            check("held", "w0-0005"),
            notes=("answered 200 where 201 is usual",),
        ),
        judged(
            "nll-2023.create.status-is-kept",
            Verdict.PASS,
            "The status that was sent is kept.",
            check("held", "w0-0005", "w0-0003"),
            notes=("contradiction nll-2023.status: it reads active (the sources can be read as: proposed / active)",),
        ),
        judged(
            "r4.read.existing-is-ok",
            Verdict.PASS,
            "A read of an existing consent answers 200.",
            check("held", "w0-0003"),
        ),
        judged(
            "r4.delete.is-gone",
            Verdict.NOT_APPLICABLE,
            "A deleted consent is no longer found.",
            reason="not claimed: delete",
        ),
        judged(
            "r4.history.lists",
            Verdict.NOT_APPLICABLE,
            "The history lists every version.",
            reason="not claimed: history",
            level=Level.MAY,
        ),
        judged(
            "nll-2023.close.stale-body",
            Verdict.NOT_TESTED,
            "A client fetches the latest version before it changes a consent.",
            level=Level.SHOULD,
            not_tested="a duty of the client",
        ),
    ]
    return report(rows, exchanges)


def hostile() -> Report:
    """Everything that a server or a pack can write, written by somebody who means ill."""
    bad = exchange(
        1,
        status=500,
        response_body=HOSTILE * 3,
        request_body=HOSTILE,
        flawed=HOSTILE,
        problem=HOSTILE,
        url=f"{BASE}/Consent/{HOSTILE}",
        response_headers=((HOSTILE, HOSTILE), ("Content-Type", f"text/plain; {HOSTILE}")),
    )
    found = [
        judged(
            f"hostile.{verdict.value}.one",
            verdict,
            HOSTILE,
            check(
                "violated",
                bad.id,
                nodeid=f"n::{HOSTILE}",
                title=HOSTILE,
                expected=f"a {HOSTILE}",
                actual=f"b {HOSTILE}",
                message=HOSTILE,
            ),
            reason=HOSTILE,
            notes=(HOSTILE,),
            source=f"https://e.org/{HOSTILE}",
        )
        for verdict in Verdict
    ]
    return report(
        found,
        [bad],
        pack_title=HOSTILE,
        reason=HOSTILE,
        target={"base_url": HOSTILE, "x": HOSTILE},
        claims=(Claim(claim=HOSTILE, source=HOSTILE),),
    )


def large(size: int, *, failing: float = 0.1) -> Report:
    """As many requirements as asked for, each with two exchanges of its own; every tenth fails."""
    every = round(1 / failing)
    rows, exchanges = [], []
    for number in range(size):
        fails = number % every == 0
        one, other = exchange(2 * number, "POST", status=201), exchange(2 * number + 1, status=200)
        exchanges += [one, other]
        found = {"expected": "a refusal (4xx)", "actual": "200 with a Consent"} if fails else {}
        rows.append(
            judged(
                f"large.topic-{number // 25}.point-{number}",
                Verdict.FAIL if fails else Verdict.PASS,
                "",
                check("violated" if fails else "held", other.id, one.id, nodeid=f"test_x.py::test_{number}", **found),
            )
        )
    return report(rows, exchanges)
