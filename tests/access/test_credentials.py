"""Each kind of credentials gets a consent from a real server, by a token from a real endpoint; none of them shows."""

from __future__ import annotations

import base64
import json
import re
import sys
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import jwt
import pytest
from authority import key_for, pem

from conformance.model import NotTestable
from conformance.private_keys import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from protected import Protected

    from conformance.callers import Callers
    from conftest import Ended

SECRET = "s3cret of/the+client%"
CLIENT = ['[auth]\nkind = "client-credentials"', 'client_id = "suite"', 'client_secret_env = "SECRET"']
BACKEND = ['[auth]\nkind = "backend-services"', 'client_id = "suite"', 'key = "key.pem"']
ONE = ("--pack", "r4", "--only", "r4.read.existing-is-ok")


def verified(ended: Ended) -> None:
    """The one requirement that was asked for holds."""
    assert ended.report is not None, ended.output
    verdicts = {row["id"]: row["verdict"] for row in ended.report["requirements"]}
    assert verdicts["r4.read.existing-is-ok"] == "pass", ended.output


@pytest.mark.parametrize("how", ["basic", "post"])
def test_a_client_with_a_secret(
    server: Protected, write: Callable[..., Path], command: Callable[..., Ended], how: str
) -> None:
    server.add("suite", SECRET, methods=(f"client_secret_{how}",))
    target = write(server.base_url, *CLIENT, f'send_secret = "{how}"', 'scope = "system/*.read system/*.write"')

    ended = command("run", "--target", str(target), *ONE, SECRET=SECRET)

    verified(ended)
    assert server.issued
    hidden = [SECRET, *server.issued, base64.b64encode(f"suite:{SECRET}".encode()).decode()]
    assert not [secret for secret in hidden if secret in ended.left + ended.output]


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
@pytest.mark.parametrize("form", ["pem", "encrypted", "jwk", "jwks"])
def test_a_client_with_a_key(
    server: Protected, write: Callable[..., Path], command: Callable[..., Ended], algorithm: str, form: str
) -> None:
    key = key_for(algorithm)
    target = write(server.base_url, *BACKEND, 'scope = "system/*.read system/*.write"')
    path = target.with_name("key.pem")
    path.write_bytes(pem(key, "open sesame" if form == "encrypted" else None))
    if form == "encrypted":
        target.write_text(target.read_text() + '\nkey_password_env = "PASSWORD"')
    server.add("suite", jwks=load(path, password="open sesame" if form == "encrypted" else None).public_jwks())
    if form in {"jwk", "jwks"}:
        writer = jwt.algorithms.RSAAlgorithm if algorithm == "RS384" else jwt.algorithms.ECAlgorithm
        kid = load(path).key_id
        one = {**writer.to_jwk(key, as_dict=True), "kid": kid}
        path.write_text(json.dumps(one if form == "jwk" else {"keys": [{"kty": "oct", "k": "AA"}, one]}))

    ended = command("run", "--target", str(target), *ONE, PASSWORD="open sesame")

    verified(ended)
    assertions = [
        parse_qs(body.decode())["client_assertion"][0] for path, _, body in server.requests if path == "/token"
    ]
    assert {jwt.get_unverified_header(one)["alg"] for one in assertions} == {algorithm}
    hidden = [*assertions, *server.issued, "PRIVATE KEY", "open sesame"]
    assert not [secret for secret in hidden if secret in ended.left + ended.output]


def test_the_keys_that_a_client_registers_are_printed_without_the_private_half(
    server: Protected, write: Callable[..., Path], command: Callable[..., Ended]
) -> None:
    target = write(server.base_url, *BACKEND, 'scope = "system/*.read system/*.write"')
    path = target.with_name("key.pem")
    path.write_bytes(pem(key_for("ES384")))

    ended = command("jwks", str(path))

    (registered,) = json.loads(ended.output)["keys"]
    assert registered["alg"] == "ES384"
    assert not {"d", "p", "q", "k"} & registered.keys()
    server.add("suite", jwks={"keys": [registered]})
    verified(command("run", "--target", str(target), *ONE))


def test_a_command_that_prints_a_token(
    server: Protected, write: Callable[..., Path], command: Callable[..., Ended]
) -> None:
    token = server.issue(client=server.add("suite"))["access_token"]
    printing = json.dumps([sys.executable, "-c", "import os; print(os.environ['MINE'])"])
    target = write(server.base_url, '[auth]\nkind = "command"', f"command = {printing}")

    ended = command("run", "--target", str(target), *ONE, MINE=token)

    verified(ended)
    assert token not in ended.left + ended.output


def test_the_endpoint_is_asked_once_and_the_smart_configuration_too(
    server: Protected, asking: Callable[..., Callers]
) -> None:
    server.add("suite", SECRET)
    callers = asking(server, *CLIENT, SECRET=SECRET)

    first, second = callers.own.line(), callers.own.line()

    assert first == second == ("Authorization", f"Bearer {server.issued[0]}")
    assert [path for path, _, _ in server.requests] == ["/fhir/.well-known/smart-configuration", "/token"]


def test_an_endpoint_that_is_named_is_not_looked_up(server: Protected, asking: Callable[..., Callers]) -> None:
    server.add("suite", SECRET)
    server.discoverable = False

    asking(server, *CLIENT, f'token_url = "{server.token_url}"', SECRET=SECRET).own.line()

    assert [path for path, _, _ in server.requests] == ["/token"]


def test_further_tokens_differ_from_the_first_in_what_they_say(
    server: Protected, asking: Callable[..., Callers]
) -> None:
    server.add("suite", SECRET)
    server.add("dietitian", "another secret")
    callers = asking(
        server,
        *CLIENT,
        'parameters = { resource = "consents" }',
        "[tokens]",
        'narrow-scope = { scope = "system/*.read" }',
        'other-role = { client_id = "dietitian", client_secret_env = "OTHER" }',
        'patient-bound = { kind = "header", name = "X-Key", value_env = "OTHER" }',
        SECRET=SECRET,
        OTHER="another secret",
    )

    assert callers.of("narrow-scope").token().scope == "system/*.read"
    assert callers.own.token().scope == "system/*.read system/*.write"
    assert callers.of("patient-bound").line() == ("X-Key", "another secret")
    callers.of("other-role").line()
    assert len(set(server.issued)) == 3 or len(server.issued) == 3
    forms = [parse_qs(body.decode()) for path, _, body in server.requests if path == "/token"]
    assert [form["resource"] for form in forms] == [["consents"]] * 3


def test_a_fresh_token_does_not_stand_for_an_expired_one(server: Protected, asking: Callable[..., Callers]) -> None:
    server.add("suite", SECRET)
    callers = asking(server, *CLIENT, '[tokens]\nexpired = { scope = "system/*.read" }', SECRET=SECRET)

    with pytest.raises(NotTestable, match=r"valid still; name an old one in tokens\.expired"):
        callers.of("expired")


def test_a_token_that_is_echoed_is_not_recorded(server: Protected, asking: Callable[..., Callers]) -> None:
    server.add("suite", SECRET)
    server.said = {"access_token": "opaque-token-4711", "refresh_token": "refresh-4712"}
    callers = asking(server, *CLIENT, SECRET=SECRET)
    callers.own.line()
    altered = callers.altered().line()

    assert altered is not None
    assert re.fullmatch(r"Bearer opaque-t.*4711", altered[1])
    for shown in ("opaque-token-4711", "refresh-4712", altered[1].removeprefix("Bearer "), SECRET):
        assert callers._redactor.text(f"no token {shown} here") == "no token [redacted] here"
