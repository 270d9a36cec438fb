"""What is refused before it is stored, and that nothing a client sends crashes the server."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from asking import Client, consent
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.reference import rules
from conformance.reference.messages import Route
from conformance.reference.r4 import R4
from conformance.reference.store import Store
from conformance.reference.tokens import Tokens

if TYPE_CHECKING:
    from asking import Json

WRONG: dict[str, Json] = {
    "unknown status": {"status": "nope"},
    "status in capitals": {"status": "Active"},
    "unknown element": {"colour": "red"},
    "no category": {"category": []},
    "no scope": {"scope": None},
    "no policy": {"policy": None},
    "a null": {"language": None, "dateTime": "2031-01-01", "sourceReference": {"reference": None}},
    "an empty string": {"language": ""},
    "day that does not exist": {"dateTime": "2031-02-30"},
    "time without zone": {"dateTime": "2031-02-28T10:00:00"},
    "time without seconds": {"dateTime": "2031-02-28T10:00Z"},
    "period upside down": {"provision": {"period": {"start": "2031-02-02", "end": "2031-02-01"}}},
    "nested period upside down": {
        "provision": {
            "provision": [{"dataPeriod": {"start": "2031-02-01T10:00:00Z", "end": "2031-02-01T10:59:59+01:00"}}]
        }
    },
    "unreadable bound": {"provision": {"period": {"end": "soon"}}},
    "bound without zone": {"provision": {"period": {"end": "2031-02-01T10:00:00"}}},
    "provision of no type": {"provision": {"type": "maybe"}},
    "actor without role": {"provision": {"actor": [{"reference": {"reference": "Practitioner/1"}}]}},
    "patient that is no patient": {"patient": {"reference": "Organization/1"}},
    "reference that is none": {"patient": {"reference": "the patient"}},
    "a list in place of an object": {"patient": [{"reference": "Patient/1"}]},
    "a number in place of text": {"status": 1},
    "an id with a blank": {"id": "a b"},
    "a script in the narrative": {
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><script>x()</script></div>'}
    },
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_body_is_refused_and_not_stored(r4: Client, name: str) -> None:
    patient = str(uuid.uuid4())
    assert r4.create(consent(of=patient)).status_code == 201
    body = {**consent(of=patient), **WRONG[name]}
    if name.startswith("no "):
        body = {element: value for element, value in body.items() if value is not None}
    answer = r4.create(body)
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")
    assert len(r4.found(f"patient={patient}")) == 1


RIGHT: dict[str, Json] = {
    "a partial date": {"dateTime": "2031-02"},
    "a leap second": {"dateTime": "2031-06-30T23:59:60Z"},
    "fractions": {"dateTime": "2031-06-30T23:59:59.123456789+14:00"},
    "an open period": {"provision": {"period": {"end": "2031"}}},
    "a period of one moment": {
        "provision": {"period": {"start": "2031-01-01T08:00:00Z", "end": "2031-01-01T08:00:00Z"}}
    },
    "a period of one day": {"provision": {"period": {"start": "2031-01-01", "end": "2031-01-01"}}},
    "a period across offsets": {
        "provision": {"period": {"start": "2031-01-01T10:00:00+02:00", "end": "2031-01-01T09:00:00Z"}}
    },
    "a time on the last day": {"provision": {"period": {"start": "2031-12-02T08:00:00Z", "end": "2031-12-02"}}},
    "an absolute reference": {"patient": {"reference": "https://elsewhere.example/fhir/Patient/1"}},
    "a contained organisation": {
        "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}],
        "organization": [{"reference": "#o"}],
    },
    "an extension in place of a value": {
        "_dateTime": {"extension": [{"url": "http://example.org/why", "valueCode": "unknown"}]}
    },
    "the latest year": {"provision": {"period": {"end": "9999-12-31"}}},
    "policyRule instead of policy": {"policy": None, "policyRule": {"text": "opt-in"}},
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_body_comes_back_as_sent(r4: Client, name: str) -> None:
    sent = {element: value for element, value in {**consent(), **RIGHT[name]}.items() if value is not None}
    read = r4.created(sent)
    assert {element: value for element, value in read.items() if element not in {"id", "meta"}} == sent


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        '"Consent"',
        json.dumps(consent())[:-20],
        json.dumps(consent()) + "}",
        '{"resourceType": "Consent", "status": "active", "status": "inactive"}',
        '{"resourceType": "Consent", "x": NaN}',
        "[" * 100_000,
        b'{"resourceType": "Consent", "language": "\xff"}',
        b"\xef\xbb\xbf" + json.dumps(consent()).encode(),
        json.dumps(consent()).encode("utf-16"),
        '{"resourceType": "Patient"}',
    ],
)
def test_what_is_not_a_consent_in_json_is_refused(r4: Client, body: str | bytes) -> None:
    answer = r4.send("POST", "/Consent", body=body)
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["active", "2031-01-01", "#x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from([
        "coding", "code", "system", "reference", "period", "start", "end", "type", "actor", "role", "provision", "url",
    ]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
ELEMENTS = st.sampled_from(
    ["status", "scope", "category", "patient", "dateTime", "policy", "provision", "meta", "text", "id", "extension"]
)


@settings(max_examples=150, deadline=None)
@given(element=ELEMENTS, value=JSON)
def test_no_content_crashes_the_rules(element: str, value: Any) -> None:
    service = R4(base="http://localhost/fhir", store=Store(), clock=lambda: None, tokens=Tokens())  # type: ignore[arg-type, return-value]
    minded = service.complaints({**consent(of="1"), element: value}, Route(interaction="create", type="Consent"))
    assert all(isinstance(sentence, str) for sentence in minded)
    service.store.close()


def test_the_models_are_those_of_r4b() -> None:
    assert list(rules.modelled({"resourceType": "Consent", "regulatoryBasis": []})) != []
