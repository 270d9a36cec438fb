"""The headers of a request: whose credentials it carries, and what a change does to them."""

from __future__ import annotations

import jwt
import pytest

from conformance import packs
from conformance.credentials import Auth
from conformance.headers import Change, build, setting, without

PACK = packs.load("nll-2023")
KEY = Auth(kind="header", name="X-Api-Key", value="our-key")


def lines(change: Change, auth: Auth = KEY) -> list[tuple[str, str]]:
    made = build(
        pack=PACK, dialect=PACK.dialect, action="close", kind="dose", credentials=auth.line(), extra=(), change=change
    )
    return [line for line in made if line[0].lower() in {"authorization", "x-api-key", "x-org-info"}]


def test_authorization_stands_for_the_header_that_carries_the_credentials() -> None:
    assert ("X-Api-Key", "our-key") in lines(Change())
    assert not [name for name, _ in lines(without("Authorization")) if name == "X-Api-Key"]
    assert ("X-Api-Key", "another") in lines(setting("authorization", "another"))
    assert ("X-API-KEY", "our-key") in lines(Change(renamed=(("authorization", "AUTHORIZATION"),)))


def test_a_header_is_repeated_as_it_is() -> None:
    once = lines(Change())
    twice = lines(Change(repeated=("X-Org-Info", "authorization")))
    assert sorted(twice) == sorted([*once, *once])


@pytest.mark.parametrize(
    "auth",
    [
        Auth(kind="bearer", token="eyJh.eyJz.c2lnbmF0dXJl"),
        Auth(kind="bearer", token="opaque"),
        Auth(kind="basic", username="us", password="A"),
        KEY,
    ],
    ids=["a signed token", "an opaque one", "a password of one letter", "a key"],
)
def test_altered_credentials_differ_in_one_character_before_the_last(auth: Auth) -> None:
    own, altered = (one.token or one.password or one.value or "" for one in (auth, auth.altered()))
    places = [place for place, pair in enumerate(zip(own, altered, strict=True)) if pair[0] != pair[1]]
    assert len(places) == 1
    assert places[0] > own.rfind(".")
    assert len(own) == 1 or places[0] < len(own) - 1


def test_an_unsigned_token_says_the_same_and_names_no_algorithm() -> None:
    signed = jwt.encode({"sub": "somebody", "scope": "user/*.read"}, "s" * 32, algorithm="HS256")
    bare = Auth(kind="bearer", token=signed).unsigned()
    assert bare is not None
    assert bare.token is not None
    assert bare.token.endswith(".")
    assert jwt.get_unverified_header(bare.token)["alg"] == "none"
    assert jwt.decode(bare.token, options={"verify_signature": False})["sub"] == "somebody"


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "eyJh.eyJz.c2lnbmF0dXJl"])
def test_what_is_no_signed_token_has_no_unsigned_form(token: str) -> None:
    assert Auth(kind="bearer", token=token).unsigned() is None
