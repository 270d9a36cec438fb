"""Tokens from a token endpoint that we did not write, where `make interop` has installed sekmet-fhir."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from authority import key_for, pem

from conformance import target as targets
from conformance.callers import Callers
from conformance.model import Unreachable
from conformance.private_keys import load
from conformance.redaction import Redactor
from conformance.wire import Wire
from interop import sekmet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    not (sekmet.BUILD / "venv" / "bin" / "sekmet").exists(), reason="make interop installs sekmet-fhir"
)


class WithKeys(sekmet.Sekmet):
    """Knows clients by their keys, too."""

    jwks: dict[str, dict[str, Any]]

    def _settings(self, data: Path, token_lifetime: int) -> dict[str, Any]:
        settings = super()._settings(data, token_lifetime)
        for client, keys in self.jwks.items():
            row = {"client_id": client, "jwks": keys, "scopes": "system/Consent.rs"}
            settings["server_auth"]["smart_clients"].append(row)
        return settings


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("keys")
    made = {algorithm: folder / f"{algorithm}.pem" for algorithm in ("RS384", "ES384")}
    for algorithm, path in made.items():
        path.write_bytes(pem(key_for(algorithm)))
    return made


@pytest.fixture(scope="module")
def server(keys: dict[str, Path]) -> Iterator[sekmet.Sekmet]:
    made = WithKeys(tokens=True)
    made.jwks = {algorithm: load(path).public_jwks() for algorithm, path in keys.items()}
    with made as running:
        yield running


def status(server: sekmet.Sekmet, auth: dict[str, Any]) -> int:
    """What a read of a consent that nobody has is answered."""
    target = targets.from_dict({"base_url": server.url, "auth": auth}, where="a test", environ={})
    callers, wire = Callers(target, Redactor(target.secrets())), Wire(target, read_only=True)
    try:
        line = callers.own.line()
        assert line is not None
        return wire.send("GET", f"{server.url}/Consent/nobody", (line,)).status
    finally:
        callers.close()
        wire.close()


@pytest.mark.parametrize("how", ["basic", "post"])
def test_a_secret(server: sekmet.Sekmet, how: str) -> None:
    auth = {"kind": "client-credentials", "client_id": "suite", "client_secret": server.secrets["suite"]}

    assert status(server, {**auth, "send_secret": how, "scope": "system/*.cruds"}) == 404


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_a_key(server: sekmet.Sekmet, keys: dict[str, Path], algorithm: str) -> None:
    auth = {"kind": "backend-services", "client_id": algorithm, "key": str(keys[algorithm])}

    assert status(server, {**auth, "scope": "system/Consent.rs"}) == 404


def test_a_wrong_secret(server: sekmet.Sekmet) -> None:
    auth = {"kind": "client-credentials", "client_id": "suite", "client_secret": "wrong"}

    with pytest.raises(Unreachable, match=r"401 invalid_client .*are auth\.client_id and the secret right"):
        status(server, auth)
