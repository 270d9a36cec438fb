"""Files to load, and what is said when they are wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from conformance import packs, target
from conformance.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PACK = """
    name = "clinic"
    title = "The clinic's consents"
    source = "Consent guide 1.0"
    fhir = "4.0"

    [[claim]]
    claim = "create"
    source = "page 1"

    [[claim]]
    claim = "read"
    source = "page 2"

    [headers.all]
    x-request-id = "{uuid}"

    [headers.write.x-provenance]
    fixture = "provenance.json"
    encoding = "dialect:provenance_header"
    by_action.close-dose = [{ op = "replace", path = "/activity", value = "CLOSE" }]

    [bodies.dose-active]
    create = "dose.reconstructed.json"
"""
REQUIREMENTS = """
    [[requirement]]
    id = "clinic.read.existing-is-ok"
    level = "SHALL"
    basis = "stated"
    source = "Consent guide 1.0, page 2"
    text = "A consent that exists can be read."
    applies_when = ["read"]

    [[requirement]]
    id = "clinic.create.answers-with-location"
    level = "SHOULD"
    basis = "stated"
    source = "Consent guide 1.0, page 1"
    text = "A create answers with a Location."
    applies_when = ["create"]
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | Mapping[str, Any]], Path]:
    """Writes a file below tmp_path: text without its indentation, anything else as JSON."""

    def _write(name: str, content: str | Mapping[str, Any]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(content) if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return _write


@pytest.fixture
def certificate() -> str:
    """A certificate of nobody's with its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nobody")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1)).sign(key, SHA256())
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (plain + made.public_bytes(Encoding.PEM)).decode()


@pytest.fixture
def pack(write: Callable[..., Path]) -> Path:
    """The folder of a pack in which nothing is wrong."""
    write("clinic/pack.toml", PACK)
    write("clinic/requirements/core.toml", REQUIREMENTS)
    write("clinic/fixtures/dose.reconstructed.json", {"resourceType": "Consent", "status": "active"})
    write("clinic/fixtures/provenance.json", {"resourceType": "Provenance", "activity": "CREATE"})
    return write("clinic/README.md", "A pack for tests.").parent


@pytest.fixture
def change(pack: Path) -> Callable[..., None]:
    """Replaces text in pack.toml, or in another file of the pack, which must be there."""

    def _change(old: str, new: str, *, file: str = "pack.toml") -> None:
        text = (pack / file).read_text(encoding="utf-8")
        assert old in text
        (pack / file).write_text(text.replace(old, dedent(new)), encoding="utf-8")

    return _change


@pytest.fixture
def refused(pack: Path) -> Callable[[], list[str]]:
    """What is said about the pack, line by line, without the folder that the test runs in."""

    def _refused() -> list[str]:
        with pytest.raises(UsageError) as caught:
            packs.load(pack)
        return str(caught.value).replace(f"{pack.as_posix()}/", "").splitlines()

    return _refused


@pytest.fixture
def target_refused(write: Callable[..., Path]) -> Callable[..., list[str]]:
    """What is said about a target.toml, line by line."""

    def _refused(text: str, environ: Mapping[str, str] | None = None) -> list[str]:
        path = write("target.toml", text)
        with pytest.raises(UsageError) as caught:
            target.load(path, environ=environ or {})
        return str(caught.value).replace(f"{path.parent.as_posix()}/", "").splitlines()

    return _refused
