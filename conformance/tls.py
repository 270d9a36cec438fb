"""Trust and client certificate of a target, tried before anything is sent: a wrong file is said once, by its key."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from conformance.reading.files import named_file

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.reading import Place
    from conformance.reading.secrets import Secrets


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """Trust and client certificate, as files in PEM. `key_password` opens an encrypted key."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    key_password: str | None = field(default=None, repr=False)
    verify: bool = True


def read_tls(place: Place, folder: Path, secrets: Secrets) -> Tls:
    """The table `[tls]`; says what cannot work."""
    row = place.value or {}
    verify = row.get("verify", True)
    if "ca" in row and not verify:
        (place / "verify").say("false makes tls.ca pointless; remove one of them")
    if "key" in row and "certificate" not in row:
        (place / "key").say("a key needs its certificate; set tls.certificate")
    if "key_password_env" in row and "certificate" not in row:
        (place / "key_password_env").say("there is no key to open; set tls.certificate and tls.key")
    files = {name: named_file(place / name, folder) for name in ("ca", "certificate", "key") if name in row}
    password = secrets.variable(place / "key_password_env") if "key_password_env" in row else None
    found = Tls(verify=verify, key_password=password, **files)
    if verify and found.ca is not None and (problem := _ca_problem(found.ca)):
        (place / "ca").say(problem)
    if found.certificate is not None and None not in files.values():
        name, problem = _certificate_problem(found)
        if problem:
            (place / name).say(problem)
    return found


def _ca_problem(path: Path) -> str:
    try:
        ssl.create_default_context(cafile=str(path))
    except (ssl.SSLError, OSError):
        return "holds no certificate in PEM; give the certificate of the CA that signed the server's"
    return ""


def _certificate_problem(found: Tls) -> tuple[str, str]:
    """(key of `[tls]`, what is wrong with the client certificate and its key); empty when nothing is."""
    asked = []

    def password() -> str:
        asked.append(True)
        return found.key_password or ""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    where = "key" if found.key else "certificate"
    try:
        context.load_cert_chain(str(found.certificate), str(found.key) if found.key else None, password=password)
    except (ssl.SSLError, OSError) as problem:
        if asked and found.key_password is None:
            remedy = 'put its password into an environment variable and name that: key_password_env = "…"'
            return where, f"the private key is encrypted; {remedy}"
        if asked:
            return "key_password_env", "the password does not open the private key; correct it"
        if getattr(problem, "reason", "") == "KEY_VALUES_MISMATCH":
            return where, "the private key is not the certificate's; give the one that belongs to it"
        if not _holds(found.certificate, b"-----BEGIN CERTIFICATE-----"):
            return "certificate", "holds no certificate in PEM; give the client certificate"
        return where, "holds no private key in PEM that can be read; give the client certificate's key"
    return "certificate", _date_problem(found.certificate)


def _date_problem(path: Path | None) -> str:
    from_day, until = validity(path) if path else (None, None)
    now = datetime.now(UTC)
    if until is not None and until < now:
        return f"the client certificate expired on {until:%Y-%m-%d}; get a new one"
    if from_day is not None and from_day > now:
        return (
            f"the client certificate is not valid before {from_day:%Y-%m-%d %H:%M} UTC; is this machine's clock right?"
        )
    return ""


def validity(path: Path) -> tuple[datetime, datetime]:
    """From when until when the first certificate in a PEM file is valid."""
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415 - slow to import, and rarely needed

    certificate = load_pem_x509_certificate(path.read_bytes())
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc


def _holds(path: Path | None, mark: bytes) -> bool:
    return path is not None and mark in path.read_bytes()
