"""What goes wrong on the way to a token is one sentence with the key to set, and never a secret."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from authority import key_for, pem
from test_credentials import BACKEND, CLIENT, SECRET
from test_transport import incomplete

from conformance import address
from conformance import target as targets
from conformance.model import Unreachable, UsageError
from conformance.private_keys import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from protected import Protected

    from conformance.callers import Callers
    from conftest import Ended

SCOPE = 'scope = "system/*.read"'


def test_a_wrong_secret(server: Protected, write: Callable[..., Path], command: Callable[..., Ended]) -> None:
    server.add("suite", SECRET)

    ended = command("run", "--target", str(write(server.base_url, *CLIENT)), SECRET="not the s3cret")

    incomplete(ended, "answered 401 invalid_client", "are auth.client_id and the secret right, and is it sent as")
    assert "not the s3cret" not in ended.output + ended.left


def test_a_wrong_secret_with_workers(
    server: Protected, write: Callable[..., Path], command: Callable[..., Ended]
) -> None:
    server.add("suite", SECRET)
    target = str(write(server.base_url, *CLIENT))

    incomplete(command("run", "--target", target, "--workers", "2", SECRET="wrong"), "answered 401 invalid_client")


def said_of(callers: Callers) -> str:
    """Why there is no token."""
    with pytest.raises(Unreachable) as caught:
        callers.own.line()
    return str(caught.value)


def test_a_key_that_is_not_registered(
    server: Protected, write: Callable[..., Path], asking: Callable[..., Callers]
) -> None:
    path = write(server.base_url).with_name("key.pem")
    path.write_bytes(pem(key_for("ES384")))
    server.add("suite", jwks=load(path).public_jwks())
    path.write_bytes(pem(key_for("ES384")))

    said = said_of(asking(server, *BACKEND, SCOPE))

    assert f"is the public half of auth.key registered there under the kid '{load(path).key_id}'" in said


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (
            timedelta(minutes=10),
            "its clock is 10 minutes ahead of this machine's, and an assertion is good for minutes",
        ),
        (-timedelta(hours=3), "its clock is 3 hours behind this machine's, and an assertion is good for minutes only"),
    ],
)
def test_clocks_that_differ(
    server: Protected, write: Callable[..., Path], command: Callable[..., Ended], ahead: timedelta, words: str
) -> None:
    target = write(server.base_url, *BACKEND, SCOPE)
    path = target.with_name("key.pem")
    path.write_bytes(pem(key_for("ES384")))
    server.add("suite", jwks=load(path).public_jwks())
    server.ahead = ahead

    incomplete(command("run", "--target", str(target)), words)


@pytest.mark.parametrize("ahead", [timedelta(minutes=2), -timedelta(minutes=2)])
def test_clocks_that_differ_by_two_minutes_do_not_matter(
    server: Protected, write: Callable[..., Path], asking: Callable[..., Any], ahead: timedelta
) -> None:
    path = write(server.base_url).with_name("key.pem")
    path.write_bytes(pem(key_for("ES384")))
    server.add("suite", jwks=load(path).public_jwks())
    server.ahead = ahead

    assert asking(server, *BACKEND, SCOPE).own.line()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"token_type": "DPoP"}, "gave a token of the type 'DPoP'; only Bearer is spoken"),
        ({"access_token": "two words"}, "gave no access_token that a header can carry"),
        ({"access_token": None}, "gave no access_token that a header can carry"),
        ({"error": "invalid_scope"}, "answered 200 invalid_scope; set auth.scope to what the client may ask for"),
    ],
)
def test_an_answer_that_holds_no_token(
    server: Protected, asking: Callable[..., Callers], said: dict[str, Any], words: str
) -> None:
    server.add("suite", SECRET)
    server.said = said

    assert words in said_of(asking(server, *CLIENT, SECRET=SECRET))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('token_url = "{root}/nothing"', "answered 404 and no OAuth answer; is auth.token_url the token endpoint?"),
        ("", "names no token_endpoint; set auth.token_url in target.toml"),
        ('token_url = "http://127.0.0.1:1/token"', "http://127.0.0.1:1 cannot be reached: Connection refused"),
    ],
)
def test_an_endpoint_that_is_not_there(
    server: Protected, asking: Callable[..., Callers], line: str, words: str
) -> None:
    server.discoverable = False
    named = line.format(root=server.base_url.removesuffix("/fhir"))

    assert words in said_of(asking(server, *CLIENT, named, SECRET=SECRET))


def test_a_discovered_endpoint_that_secrets_must_not_be_sent_to(
    server: Protected, asking: Callable[..., Callers]
) -> None:
    server.token_url = "http://login.example.org/token"

    assert "is not https, and secrets would travel for all" in said_of(asking(server, *CLIENT, SECRET=SECRET))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import sys; print('s3cret', file=sys.stderr); sys.exit(3)", "ended with exit code 3; run it by hand"),
        ("print()", "printed nothing; it should print the token alone"),
        ("print('my s3cret')", "printed more than one word; it should print the token alone"),
    ],
)
def test_a_command_that_prints_no_token(
    server: Protected, asking: Callable[..., Callers], program: str, words: str
) -> None:
    printing = json.dumps([sys.executable, "-c", program])

    said = said_of(asking(server, '[auth]\nkind = "command"', f"command = {printing}"))

    assert words in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param(
            CLIENT[:2],
            "auth.client_secret_env: missing; name the environment variable that holds the client secret",
            id="no-secret",
        ),
        pytest.param(
            [*CLIENT, 'key = "key.pem"'],
            "auth.key: does not belong to kind 'client-credentials'; it takes "
            "client_id, client_secret, client_secret_env, parameters, scope, send_secret, token_url",
            id="key",
        ),
        pytest.param([CLIENT[0], CLIENT[2]], "auth.client_id: missing; kind 'client-credentials' needs it", id="no-id"),
        pytest.param(
            [*CLIENT, 'token_url = "http://login.example.org/token"'],
            "auth.token_url: is not https, and secrets "
            "would travel for all to read; expected something like 'https://login.example.org/token'",
            id="http",
        ),
        pytest.param(
            [*CLIENT[:2], 'client_secret = "s3cret"', 'token_url = "https://login.example.org/token"'],
            "auth.client_secret: a file may hold a secret itself only for a server on this machine; put it in an "
            'environment variable and name that: client_secret_env = "…"',
            id="secret-in-the-file",
        ),
        pytest.param(
            [*CLIENT, 'parameters = { scope = "x" }'],
            "auth.parameters.scope: is in every token request already; remove it",
            id="parameter",
        ),
        pytest.param(
            [*BACKEND[:2], 'key = "kye.pem"', SCOPE],
            "auth.key: no file 'kye.pem'; did you mean 'key.pem'?",
            id="no-file",
        ),
        pytest.param(
            [*BACKEND[:2], 'key = "public.pem"', SCOPE],
            "auth.key: holds a public key and no private key; give the private key as PEM or as a JSON Web Key",
            id="public-key",
        ),
        pytest.param(
            [*BACKEND[:2], 'key = "public.json"', SCOPE],
            "auth.key: holds no private key (a JSON Web Key with 'd'); the server has the public half, you the other",
            id="public-jwks",
        ),
        pytest.param(
            [*BACKEND[:2], 'key = "locked.pem"', SCOPE],
            "auth.key: is encrypted; put its password into an "
            'environment variable and name that: key_password_env = "…"',
            id="locked",
        ),
        pytest.param(
            [*BACKEND, SCOPE, 'algorithm = "RS384"'],
            "auth.key: the key is for ES384, and algorithm says RS384; correct one of them",
            id="algorithm",
        ),
        pytest.param(
            [*BACKEND[:2], 'key = "p256.pem"', SCOPE],
            "auth.key: is neither an RSA key (RS384) nor an elliptic curve key on P-384 (ES384); give one of these",
            id="curve",
        ),
        pytest.param(['[auth]\nkind = "command"'], "auth.command: missing; kind 'command' needs it", id="no-command"),
        pytest.param(
            [*CLIENT, '[tokens]\nnarrow-scope = { client_secret_env = "NOBODY" }'],
            "tokens.narrow-scope.client_secret_env: the environment variable NOBODY is not set; set it before the run",
            id="further-token",
        ),
    ],
)
def test_a_mistake_in_the_file(write: Callable[..., Path], lines: list[str], said: str) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    target = write("http://127.0.0.1:1/fhir", *lines)
    key = key_for("ES384")
    (target.parent / "key.pem").write_bytes(pem(key))
    (target.parent / "locked.pem").write_bytes(pem(key, "open sesame"))
    (target.parent / "p256.pem").write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (target.parent / "public.pem").write_bytes(public)
    (target.parent / "public.json").write_text(json.dumps(load(target.parent / "key.pem").public_jwks()))

    with pytest.raises(UsageError) as caught:
        targets.load(target, environ={"SECRET": "s3cret"})

    (line,) = str(caught.value).replace(f"{target.parent}/", "").splitlines()
    assert line.endswith(said)
    assert "s3cret" not in line


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://login.example.org/token?tenant=1", None),
        ("http://localhost:8080/token", None),
        ("http://[::1]/token", None),
        ("http://login.example.org/token", "is not https, and secrets would travel for all to read"),
        ("https://me:pw@login.example.org/token", "holds a user name or a fragment"),
        ("ftp://login.example.org/token", "is no http address"),
        ("login.example.org/token", "is no http address"),
        ("https://[", "is no address"),
    ],
)
def test_where_secrets_may_be_sent(url: str, said: str | None) -> None:
    assert address.unfit_for_secrets(url) == said
