"""The base address of a target, in the one form that the suite uses."""

from __future__ import annotations

import pytest

from conformance import target
from conformance.model import UsageError


def base_url(text: str) -> str:
    return target.from_dict({"base_url": text}, where="a test", environ={}).base_url


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://fhir.example.org/r4", "https://fhir.example.org/r4"),
        ("https://fhir.example.org/r4//", "https://fhir.example.org/r4"),
        ("https://fhir.example.org/", "https://fhir.example.org"),
        ("HTTPS://FHIR.example.org:8443/R4", "https://fhir.example.org:8443/R4"),
        ("http://[::1]:8080/fhir", "http://[::1]:8080/fhir"),
        ("https://fhir.example.org/ec2458f2-1e24/r4", "https://fhir.example.org/ec2458f2-1e24/r4"),
    ],
)
def test_one_form(given: str, used: str) -> None:
    assert base_url(given) == used


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "is empty; expected: the FHIR base address"),
        ("fhir.example.org/r4", "'fhir.example.org/r4' is no http address; write 'https://fhir.example.org/r4'"),
        ("localhost:8080/fhir", "'localhost:8080/fhir' is no http address; write 'https://localhost:8080/fhir'"),
        ("ftp://fhir.example.org", "'ftp://fhir.example.org' is no http address; only http and https are spoken"),
        ("https://", "'https://' names no server; expected something like 'https://fhir.example.org/r4'"),
        ("https://a:99999", "'https://a:99999' is no address; expected something like"),
        ("http://[::1", "'http://[::1' is no address; expected something like"),
        ("https://a/r4?x=1", "'https://a/r4?x=1' has a query or a fragment; leave off what follows the path"),
        ("https://a/r4#x", "'https://a/r4#x' has a query or a fragment; leave off what follows the path"),
        ("https://a/r 4", "'https://a/r 4' has white space in it; remove it"),
        ("https://a/r4\n", r"'https://a/r4\n' has white space in it; remove it"),
        ("https://a/r4/Consent", "'https://a/r4/Consent' ends in /Consent; give the base address, 'https://a/r4'"),
        ("https://a/metadata/", "'https://a/metadata/' ends in /metadata; give the base address, 'https://a'"),
    ],
)
def test_what_is_no_base_address(given: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        base_url(given)

    assert str(caught.value).startswith(f"a test: base_url: {said}")


def test_a_password_in_the_address_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        base_url("https://me:s3cret@fhir.example.org")

    assert "use [auth] with kind 'basic'" in str(caught.value)
    assert "s3cret" not in str(caught.value)
