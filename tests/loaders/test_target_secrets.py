"""Secrets come from the environment, and no message shows them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from conformance import target
from conformance.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    Refused = Callable[..., list[str]]

ENVIRON = {"T": "tok-1\n", "P": "pass word", "K": "key-3", "X": "old-4", "PROXY": "http://me:pw-5@proxy:3128"}


def read(data: dict[str, Any]) -> target.Target:
    return target.from_dict({"base_url": "https://fhir.example.org", **data}, where="a test", environ=ENVIRON)


@pytest.mark.parametrize(
    ("auth", "line"),
    [
        pytest.param({"kind": "none"}, None, id="none"),
        pytest.param({"kind": "bearer", "token_env": "T"}, ("Authorization", "Bearer tok-1"), id="bearer"),
        pytest.param(
            {"kind": "basic", "username": "me", "password_env": "P"},
            ("Authorization", f"Basic {base64.b64encode(b'me:pass word').decode()}"),
            id="basic",
        ),
        pytest.param({"kind": "header", "name": "X-Key", "value_env": "K"}, ("X-Key", "key-3"), id="header"),
    ],
)
def test_each_kind_says_who_is_asking(auth: dict[str, str], line: tuple[str, str] | None) -> None:
    assert read({"auth": auth}).auth.line() == line


def test_another_token_takes_the_place_of_the_first() -> None:
    bearer = read({"auth": {"kind": "bearer", "token_env": "T"}, "tokens": {"expired": {"token_env": "X"}}})
    header = read(
        {
            "auth": {"kind": "header", "name": "X-Key", "value_env": "K"},
            "tokens": {"expired": {"token_env": "X"}},
        }
    )

    assert bearer.tokens["expired"].line() == ("Authorization", "Bearer old-4")
    assert header.tokens["expired"].line() == ("X-Key", "old-4")


def test_all_secrets_are_listed_for_redaction_and_shown_nowhere() -> None:
    whole = read(
        {
            "auth": {"kind": "basic", "username": "me", "password_env": "P"},
            "tokens": {"expired": {"token_env": "X"}},
            "http": {"proxy_env": "PROXY", "headers": {"x-gateway": {"value_env": "K"}}},
        }
    )

    basic = base64.b64encode(b"me:pass word").decode()
    assert set(whole.secrets()) == {"pass word", basic, "old-4", "key-3", ENVIRON["PROXY"], "pw-5"}
    assert list(map(len, whole.secrets())) == sorted(map(len, whole.secrets()), reverse=True)
    assert not [secret for secret in whole.secrets() if secret in repr(whole)]
    assert whole.http.headers == {"x-gateway": "key-3"}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param(
            '[auth]\nkind = "bearer"\ntoken_env = "NOBODY"',
            "target.toml:4: auth.token_env: the environment variable NOBODY is not set; set it before the run",
            id="not-set",
        ),
        pytest.param(
            '[auth]\nkind = "bearer"\ntoken_env = "EMPTY"',
            "target.toml:4: auth.token_env: the environment variable EMPTY is empty; set it before the run",
            id="empty",
        ),
        pytest.param(
            '[auth]\nkind = "bearer"\ntoken_env = "LINES"',
            "target.toml:4: auth.token_env: the environment variable LINES has line breaks or control characters "
            "in it; give the secret alone",
            id="line-breaks",
        ),
        pytest.param(
            '[auth]\nkind = "bearer"\ntoken = "s3cret"',
            "target.toml:4: auth.token: a file may hold a secret itself only for a server on this machine; put it in "
            'an environment variable and name that: token_env = "…"',
            id="in-the-file",
        ),
        pytest.param(
            '[tokens]\nexpired = "s3cret"',
            "target.toml:3: tokens.expired: a file may hold a secret itself only for a server on this machine; put it "
            'in an environment variable and name that: token_env = "…"',
            id="further-token-in-the-file",
        ),
        pytest.param(
            '[auth]\nkind = "bearer"\ntoken_env = "s3cret.x-y"',
            "target.toml:4: auth.token_env: the value does not fit; expected: bearer: name of the environment variable "
            "that holds the token, such as 'STAGING_TOKEN'",
            id="token-for-a-name",
        ),
        pytest.param(
            '[auth]\nkind = "bearer"\ntoken_env = "T"\ntoken = "s3cret"',
            "target.toml:5: auth.token: is given beside token_env; keep token_env",
            id="both",
        ),
        pytest.param(
            '[auth]\nkind = "bearer"',
            "target.toml:2: auth.token_env: missing; name the environment variable that holds the token",
            id="neither",
        ),
        pytest.param(
            "[tokens]\nexpired = {}",
            "target.toml:3: tokens.expired.token_env: missing; name the environment variable that holds the token",
            id="further-token-empty",
        ),
        pytest.param(
            '[tokens]\nother-roll = { token_env = "T" }',
            "target.toml:3: tokens.other-roll: unknown key; did you mean 'other-role'?",
            id="purpose",
        ),
        pytest.param(
            '[auth]\nkind = "oauth"',
            "target.toml:3: auth.kind: 'oauth' is not known; there are: backend-services, basic, bearer, "
            "client-credentials, command, header, none",
            id="kind",
        ),
        pytest.param(
            '[auth]\nkind = "bearer"\ntoken_env = "T"\nusername = "me"',
            "target.toml:5: auth.username: does not belong to kind 'bearer'; it takes token, token_env",
            id="key-of-another-kind",
        ),
        pytest.param(
            '[auth]\nkind = "basic"\npassword_env = "T"',
            "target.toml:2: auth.username: missing; kind 'basic' needs it",
            id="no-user-name",
        ),
        pytest.param(
            '[http]\nproxy = "http://me:s3cret@proxy:3128"',
            "target.toml:3: http.proxy: holds a user name or password; put the address in an environment variable and "
            "name that: proxy_env",
            id="proxy",
        ),
        pytest.param(
            '[http.headers]\nx-api-key = "s3cret"',
            "target.toml:3: http.headers.x-api-key: is a secret; put it in an environment variable and name that: "
            '{ value_env = "…" }',
            id="api-key",
        ),
        pytest.param(
            '[http.headers]\ncookie = "s3cret"',
            "target.toml:3: http.headers.cookie: is a secret; put it in an environment variable and name that: "
            '{ value_env = "…" }',
            id="cookie",
        ),
        pytest.param(
            '[auth]\nkind = "bearer"\ntoken = ["s3cret"]',
            "target.toml:4: auth.token: the value is a list, not text; expected: bearer: the token itself, accepted "
            "for a server on this machine only",
            id="wrong-type",
        ),
    ],
)
def test_a_mistake_is_said_without_the_secret(lines: str, said: str, target_refused: Refused) -> None:
    environ = {**ENVIRON, "EMPTY": " ", "LINES": "s3cret\nx-evil: 1"}

    (only,) = target_refused(f'base_url = "https://fhir.example.org"\n{lines}\n', environ)

    assert only == said
    assert "s3cret" not in only


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:80", "127.8.8.8"])
def test_a_server_on_this_machine_may_have_its_tokens_in_the_file(host: str) -> None:
    data = {"auth": {"kind": "bearer", "token": "a"}, "tokens": {"expired": "b", "other-role": {"token": "c"}}}

    read = target.from_dict({"base_url": f"http://{host}/fhir", **data}, where="a test", environ={})

    tokens = {purpose: auth.token for purpose, auth in read.tokens.items()}
    assert (read.auth.token, tokens) == ("a", {"expired": "b", "other-role": "c"})


def test_tokens_of_this_machine_do_not_travel_with_another_base_url() -> None:
    data = {"base_url": "http://127.0.0.1/fhir", "auth": {"kind": "bearer", "token": "a"}}

    with pytest.raises(UsageError, match=r"^local\.toml: auth\.token: a file may hold a secret itself only for"):
        target.from_dict(data, where="local.toml", environ={}, base_url="https://fhir.example.org")


def test_localhost_in_the_name_of_another_server_is_not_this_machine() -> None:
    data = {"base_url": "http://localhost.example.org", "auth": {"kind": "bearer", "token": "a"}}

    with pytest.raises(UsageError, match="only for a server on this machine"):
        target.from_dict(data, where="a test", environ={})
