"""Nothing secret and nobody's identity stays in what a run records, however it is written."""

from __future__ import annotations

import base64
import json
import re
import time
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.redaction import Redactor

TOKEN = 'c4nary/Tok+en="å&\\x'
PHRASE = "a nightingale in Barkeley+Square"
SECRET = "correct-horse-battery-staple"
JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"RS256","typ":"JWT"}', b'{"sub":"someone","jti":"1"}', b"\x00signature\xff" * 3)
)
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nabcdefg=\n-----END RSA PRIVATE KEY-----"
NUMBER = "198112189876"  # Skatteverket's own example, SKV 704
PROVENANCE = {
    "resourceType": "Provenance",
    "contained": [
        {
            "resourceType": "Practitioner",
            "id": "thePerformer",
            "identifier": [{"system": "http://electronichealth.se/identifier/forskrivarkod", "value": "9000027"}],
            "name": [{"family": "Läkare", "given": ["Lars", "Olof"], "text": "Lars Läkare"}],
            "telecom": [{"system": "phone", "value": "070-1740605"}],
            "extension": [{"url": "http://electronichealth.se/NLLWorkplaceName", "valueString": "Vårdcentralen Sala"}],
            "qualification": [{"code": {"coding": [{"code": "LK"}]}}],
        }
    ],
    "activity": {"coding": [{"code": "AVREGISTRERA_DOSSAMTYCKE"}]},
    "agent": [
        {"type": {"coding": [{"code": "enterer"}]}, "who": {"reference": "#thePerformer", "display": "Lars Läkare"}},
        {"who": {"reference": "Practitioner/lars-lakare-4711"}},
    ],
}
IDENTITIES = ("9000027", "Läkare", "Lars", "Olof", "1740605", "Sala", "lars-lakare-4711")

WRITTEN = {
    "plain": lambda text: text,
    "url-encoded": lambda text: quote(text, safe=""),
    "url-encoded-path": quote,
    "form-encoded": quote_plus,
    "url-encoded-lower-case": lambda text: "".join(c if c.isalnum() and c.isascii() else _percent(c) for c in text),
    "every-byte-url-encoded": lambda text: "".join(_percent(c) for c in text),
    "json": lambda text: json.dumps(text)[1:-1],
    "json-utf8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json-slashes": lambda text: json.dumps(text)[1:-1].replace("/", r"\/"),
    "json-all-escaped": lambda text: "".join(f"\\u{ord(c):04X}" for c in text),
    "json-all-escaped-twice": lambda text: json.dumps("".join(f"\\u{ord(c):04x}" for c in text))[1:-1],
    "json-twice": lambda text: json.dumps(json.dumps(text))[1:-1],
    "html": escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64-after-one": lambda text: base64.b64encode(b"u:" + text.encode() + b":x").decode(),
    "base64-after-two": lambda text: base64.b64encode(b"us:" + text.encode() + b"!").decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(b"?>" + text.encode()).decode(),
    "base64-in-url": lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
    "wrapped": lambda text: f"{text[:7]}\n    {text[7:]}",
    "wrapped-in-json": lambda text: json.dumps(f"{text[:7]}\n{text[7:]}", ensure_ascii=False)[1:-1],
    "spaced": " ".join,
    "shortened": lambda text: f"{text[:-3]}…",
    "shortened-with-dots": lambda text: f"{text[:-1]}...",
}


def _percent(character: str) -> str:
    return "".join(f"%{byte:02x}" for byte in character.encode())


@pytest.mark.parametrize(
    ("write", "secret"),
    [
        pytest.param(write, secret, id=f"{name}-{kind}")
        for name, write in WRITTEN.items()
        for kind, secret in (("awkward", TOKEN), ("words", SECRET), ("phrase", PHRASE), ("short", "hunter2"))
        if not (kind == "short" and name.startswith("shortened"))  # its beginning is a word like any other
    ],
)
def test_a_secret_goes_however_it_is_written(write: Any, secret: str) -> None:
    written = write(secret)
    redactor = Redactor(("another-secret", secret))
    for before, after in (("", ""), ("said ", "."), ('{"x": "', '"}'), ("a=", "&b=1"), (">", "<")):
        found = redactor.text(f"{before}{written}{after}")
        assert written not in found
        assert secret[:8] not in found
        assert "[redacted]" in found
        assert found.startswith(before)
        assert after in found


def test_without_the_secret_being_known_a_text_stays() -> None:
    text = f"{TOKEN} {SECRET} nothing here"
    assert Redactor(()).text(text) == text
    assert Redactor(("", "  ")).text(text) == text


def test_a_secret_of_a_few_characters_does_not_tear_words_apart() -> None:
    redactor = Redactor(("abc",))
    assert redactor.text("token abc, abcdef, Abc") == "token [redacted], abcdef, Abc"


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("Authorization", "Bearer unknown-token", "Bearer [redacted]"),
        ("authorization", "bearer unknown-token", "bearer [redacted]"),
        ("AUTHORIZATION", "Basic dXNlcjpwYXNz", "Basic [redacted]"),
        ("Proxy-Authorization", "Digest username=x, response=y", "Digest [redacted]"),
        ("Authorization", "secret-without-scheme", "[redacted]"),
        ("Authorization", '{"sub": "someone"}', "[redacted]"),
        ("Authorization", "", ""),
        ("Authorization", "Bearer ", "Bearer "),
        ("Cookie", "session=abc; theme=dark", "[redacted]"),
        ("Set-Cookie", "session=abc; HttpOnly", "[redacted]"),
        ("X-API-Key", "k-123", "[redacted]"),
        ("apikey", "k-123", "[redacted]"),
        ("Ocp-Apim-Subscription-Key", "k-123", "[redacted]"),
        ("X-Auth-Token", "k-123", "[redacted]"),
        ("X-CSRF-Token", "k-123", "[redacted]"),
        ("x-request-id", "0b5f2c1e-8d7a-4a59-9a3e-198112189876x", "0b5f2c1e-8d7a-4a59-9a3e-[redacted]x"),
        ("WWW-Authenticate", 'Bearer realm="x", error="invalid_token"', 'Bearer realm="x", error="invalid_token"'),
        ("Location", "https://u:pw@host/Consent/1?access_token=abc", None),
        ("ETag", 'W/"2"', 'W/"2"'),
    ],
)
def test_headers(name: str, value: str, left: str | None) -> None:
    expected = left if left is not None else "https://[redacted]@host/Consent/1?access_token=[redacted]"
    assert Redactor(()).headers([(name, value), ("Accept", "*/*")]) == ((name, expected), ("Accept", "*/*"))


@pytest.mark.parametrize(
    "name", ["access_token", "refresh_token", "id_token", "client_secret", "client_assertion", "password", "api_key"]
)
def test_parameters_and_members_that_are_secret_by_name(name: str) -> None:
    redactor = Redactor(())
    assert redactor.url(f"https://h/x?{name}=a.b%20c&patient=1") == f"https://h/x?{name}=[redacted]&patient=1"
    form = "application/x-www-form-urlencoded"
    assert redactor.body(f"grant=x&{name}=a+b", form) == f"grant=x&{name}=[redacted]"
    body = json.dumps({"a": [{name: 'q"\\uote'}], "n": 1})
    redacted = redactor.body(body, "application/json")
    assert redacted is not None
    assert json.loads(redacted) == {"a": [{name: "[redacted]"}], "n": 1}
    nested = json.dumps({"raw": json.dumps({name: "abc"})})
    redacted = redactor.body(nested, "application/json")
    assert redacted is not None
    assert json.loads(json.loads(redacted)["raw"]) == {name: "[redacted]"}


@pytest.mark.parametrize(
    "text",
    [
        JWT,
        f"token {JWT}.",
        JWT.replace(".", "%2E"),
        base64.b64encode(JWT.encode()).decode(),
        PEM,
        json.dumps({"key": PEM}),
        quote_plus(PEM),
        PEM[:60],
        base64.b64encode(PEM.encode()).decode(),
        json.dumps({"kty": "RSA", "n": "public", "d": "MIIEowIBAAKCAQEA"}),
        json.dumps({"said": json.dumps({"kty": "RSA", "n": "public", "d": "MIIEowIBAAKCAQEA"})}),
    ],
    ids=[
        "jwt",
        "jwt-in-text",
        "jwt-in-url",
        "jwt-in-base64",
        "pem",
        "pem-in-json",
        "pem-in-form",
        "pem-cut",
        "pem64",
        "jwk",
        "jwk-in-json",
    ],
)
def test_tokens_and_keys_are_known_by_their_shape(text: str) -> None:
    found = Redactor(()).text(text)
    assert "[redacted]" in found
    for part in (*JWT.split("."), "MIIEowIBAAKCAQEA", "TUlJRW93", base64.b64encode(JWT.encode()).decode()[20:40]):
        assert part not in found
    if text.startswith("{"):
        json.loads(found)


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text,
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(text.encode("latin-1")).decode(),
    ],
    ids=["raw", "base64", "base64-unpadded", "base64url", "base64-latin-1"],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_provenance_still_reads_but_names_nobody(encode: Any, ascii_only: bool) -> None:  # noqa: FBT001
    sent = encode(json.dumps(PROVENANCE, ensure_ascii=ascii_only))
    ((_, value),) = Redactor(()).headers([("X-Provenance", sent)])
    text = (
        value if value.startswith("{") else base64.b64decode(value + "==", altchars=_alphabet(value)).decode("latin-1")
    )
    read = json.loads(text)
    assert read["resourceType"] == "Provenance"
    assert read["activity"] == PROVENANCE["activity"]
    assert read["agent"][0]["type"] == {"coding": [{"code": "enterer"}]}
    assert read["agent"][0]["who"]["reference"] == "#thePerformer"
    assert read["agent"][1]["who"]["reference"] == "Practitioner/[redacted]"
    assert read["contained"][0]["identifier"][0]["system"].endswith("forskrivarkod")
    assert read["contained"][0]["extension"][0]["url"].endswith("NLLWorkplaceName")
    for identity in IDENTITIES:
        assert identity not in text


def _alphabet(value: str) -> bytes:
    return b"-_" if "-" in value or "_" in value else b"+/"


@pytest.mark.parametrize("cut", range(5, 700, 23))
def test_a_provenance_that_is_broken_on_purpose_names_nobody_either(cut: int) -> None:
    text = json.dumps(PROVENANCE, ensure_ascii=False)[:cut]
    for sent in (text, base64.b64encode(text.encode()).decode(), f"%%{base64.b64encode(text.encode()).decode()}"):
        ((_, value),) = Redactor(()).headers([("x-provenance", sent)])
        shown = value
        if not value.startswith(("{", "[")):
            shown = base64.b64decode(value + "==").decode("utf-8", "replace")
        for identity in IDENTITIES:
            assert identity not in shown
            assert identity not in value


@pytest.mark.parametrize(
    "written",
    [
        "198112189876",
        "8112189876",
        "19811218-9876",
        "811218-9876",
        "811218+9876",
        "19811278-9873",  # a coordination number: day 18 + 60
        "19811218%2D9876",
    ],
)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/Patient/", ""),
        ("?identifier=http://electronichealth.se/identifier/personnummer|", "&x=1"),
        ("?identifier=urn%3Aoid%7C", "&x=1"),
        ("?name=x%20", "%20y"),
        ('{"value": "', '"}'),
        ("\\u0022", "\\u0022"),
        ("<b>", "</b>"),
    ],
)
def test_personal_identity_numbers(written: str, before: str, after: str) -> None:
    redactor = Redactor(())
    assert redactor.url(f"{before}{written}{after}") == f"{before}[redacted]{after}"
    assert redactor.body(f"{before}{written}{after}", "") == f"{before}[redacted]{after}"


@pytest.mark.parametrize(
    "text",
    [
        "198112189875",  # wrong check digit
        "198113189876",  # month 13
        "198102309871",  # 30 February
        "20230110123456",
        "2023-01-10T12:34:56.789+01:00",
        "1.2.752.129.2.1.3.1",
        "19811218-9876-4abc-8def-0123456789ab",  # the beginning of a UUID
        "5821ee6e-6a65-4a54-b1a0-7b0006127948",  # the end of a UUID
        "0b5f2c1e-8d7a-4a59-9a3e-198112189876",  # a whole number in a UUID that is one
        "Consent%2F0B5F2C1E-8D7A-4A59-9A3E-198112189876",
        "15d45f2509126484f295a467baa497716a95742d401311586e75d5db3f88be9c",  # a digest
        "00-4bf92fa8112189876da6ce929d0e0e47-00f067aa0ba902b7-01",  # a trace id of W3C
        "1771234567890",
        "99900000000000000000",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert Redactor(()).text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "00000000-0000-0000-0000-[198112189876]",  # filled up to look like a UUID
        "id-[198112189876]-0000-4abc-8def-0123456789ab",
        "4bf92fa[8112189876]da6ce929d0e0e4",  # as long as no digest is
    ],
)
def test_a_number_dressed_up_as_an_identifier_goes(text: str) -> None:
    whole = text.replace("[", "").replace("]", "")
    assert Redactor(()).text(whole) == re.sub(r"\[\d+\]", "[redacted]", text)


def test_a_number_in_json_that_goes_leaves_json() -> None:
    redactor = Redactor(("4711471147",))
    body = '{"person": 198112189876, "pin": [4711471147, -1], "text": "198112189876, 7", "kept": 1.50}'
    assert redactor.body(body, "application/fhir+json") == (
        '{"person": "[redacted]", "pin": ["[redacted]", -1], "text": "[redacted], 7", "kept": 1.50}'
    )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(
        [TOKEN, SECRET, JWT, PEM, NUMBER, int(NUMBER), f"x{SECRET}y", json.dumps({"password": "p"}), "=="]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text() | st.sampled_from(["access_token", "kty", "d", "password", SECRET]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_json_stays_json_and_keeps_nothing(value: object, ascii_only: bool) -> None:  # noqa: FBT001
    redacted = Redactor((TOKEN, SECRET)).body(json.dumps(value, ensure_ascii=ascii_only), "application/json")
    assert redacted is not None
    shown = json.dumps(json.loads(redacted), ensure_ascii=False)
    for secret in (TOKEN, SECRET, JWT, NUMBER, "MIIEowIBAAKCAQEA"):
        assert secret not in redacted
        assert secret not in shown
        assert secret not in json.loads(f'"{json.dumps(shown)[1:-1]}"')


@pytest.mark.parametrize("body", [None, ""])
def test_no_body_stays_no_body(body: str | None) -> None:
    assert Redactor((SECRET,)).body(body, "application/json") == body


def test_people_in_bodies_go_when_asked() -> None:
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {
                "resource": {
                    "resourceType": "Patient",
                    "id": "p1",
                    "name": [{"family": "Svensson", "given": ["Maria"]}],
                    "birthDate": "1981-12-18",
                    "address": [{"line": ["Storgatan 4"], "city": "Sala", "postalCode": "73330"}],
                    "telecom": [{"value": "070-1740605"}],
                    "gender": "female",
                }
            },
            {"resource": {"resourceType": "Consent", "patient": {"reference": "Patient/p1", "display": "Maria S"}}},
        ],
    }
    body = json.dumps(bundle, ensure_ascii=False)
    assert Redactor(()).body(body, "application/fhir+json") == body
    redacted = Redactor((), people=True).body(body, "application/fhir+json")
    assert redacted is not None
    for personal in ("Svensson", "Maria", "1981", "Storgatan", "Sala", "73330", "1740605"):
        assert personal not in redacted
    read = json.loads(redacted)
    assert read["entry"][0]["resource"]["gender"] == "female"
    assert read["entry"][1]["resource"]["patient"] == {"reference": "Patient/p1", "display": "[redacted]"}


def test_values_of_a_base64_header_are_looked_into() -> None:
    inner = json.dumps({"person": NUMBER, "app": "x"})
    ((_, value),) = Redactor((SECRET,)).headers([("x-patientref", base64.b64encode(inner.encode()).decode())])
    assert json.loads(base64.b64decode(value)) == {"person": "[redacted]", "app": "x"}
    same = base64.b64encode(b'{"app": "x"}').decode()
    assert Redactor((SECRET,)).headers([("x-user-agent", same)]) == (("x-user-agent", same),)


def test_a_run_of_exchanges_costs_little() -> None:
    """2,000 exchanges with five secrets; the bound is ten times what it takes, for slow and busy machines."""
    redactor = Redactor(tuple(f"{SECRET}-{n}-{'x' * 40}" for n in range(5)))
    body = json.dumps({"resourceType": "Consent", "patient": {"reference": "Patient/1f95"}, "x": ["y" * 20] * 20})
    provenance = base64.b64encode(json.dumps(PROVENANCE).encode()).decode()
    started = time.perf_counter()
    for number in range(2_000):
        redactor.headers([("Authorization", "Bearer x"), ("X-Provenance", provenance), ("x-request-id", str(number))])
        redactor.url(f"https://h/Consent/{number}")
        redactor.body(f'{body[:-1]}, "n": {number}}}', "application/json")
    assert (time.perf_counter() - started) / 2_000 < 0.003


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
def test_who_was_named_in_a_provenance_is_named_nowhere_after_it(write: Any) -> None:
    """A server that quotes the header in an error, as it came or in its own words."""
    redactor = Redactor(())
    sent = base64.b64encode(json.dumps(PROVENANCE).encode()).decode()
    assert redactor.headers([("x-provenance", sent)])
    for identity in ("Lars Läkare", "Vårdcentralen Sala", "070-1740605"):
        written = write(identity)
        if not written.endswith(("…", "...")):  # a name cut short is a word like any other
            assert written not in redactor.text(f"said '{written}'.")
    body = json.dumps({"diagnostics": f"not accepted: {sent}"})
    redacted = redactor.body(body, "application/fhir+json")
    assert redacted is not None
    assert json.loads(redacted) == {"diagnostics": "not accepted: [redacted]"}
    assert redactor.text("Test: Patient/123") == "Test: Patient/123"


@pytest.mark.parametrize(
    "body",
    [
        '<Patient xmlns="http://hl7.org/fhir"><name><family value="Svensson"/></name></Patient>',
        "<f:Bundle><f:entry><f:Practitioner>…</f:Practitioner></f:entry></f:Bundle>",
        '{"resourceType": "Patient", "name": [{"family": "Svensson"',
    ],
)
def test_a_body_with_people_that_is_no_json_goes_whole(body: str) -> None:
    assert Redactor((), people=True).body(body, "application/fhir+xml") == "[redacted]"
    assert Redactor(()).body(body, "application/fhir+xml") == body


def test_people_who_went_from_a_body_go_from_messages_too() -> None:
    redactor = Redactor((), people=True)
    name = {"family": "Kanariefågel", "given": ["Zebulon"]}
    redactor.body(json.dumps({"resourceType": "Patient", "name": [name], "birthDate": "1981-12-18"}), "")
    said = redactor.text("included Patient of Zebulon Kanariefågel, not Zebulons, of 1981-12-18")
    assert "Zebulon Ka" not in said
    assert "Kanariefågel" not in said
    assert said.endswith("1981-12-18")


@pytest.mark.parametrize("text", [NUMBER, f"patient {NUMBER}", json.dumps({"a": [NUMBER]})])
def test_base64_is_looked_into(text: str) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        word = encode(text.encode()).decode()
        found = Redactor(()).url(f"https://h/x?ref={word}&y=1")
        inner = found.removeprefix("https://h/x?ref=").removesuffix("&y=1")
        assert NUMBER not in base64.b64decode(inner).decode()
        assert "[redacted]" in base64.b64decode(inner).decode()
    for word in ("AVREGISTRERA_DOSSAMTYCKE", "urn:oid:1.2.752.129.2.1.3.1", "conditional-read-of-everything"):
        assert Redactor(()).text(word) == word
