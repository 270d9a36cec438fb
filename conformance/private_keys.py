"""The private key that a client proves itself with: read from a file, signs assertions, shows its public half.

SMART backend services (https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html) ask for RS384 or
ES384. Imported only where a target names a key: cryptography takes its time.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

if TYPE_CHECKING:
    from pathlib import Path

ALGORITHMS = ("RS384", "ES384")
LONGEST = 150
"""Seconds that an assertion is good for. At most 300 are allowed, so a clock may be half of that off either way."""


class Encrypted(ValueError):
    """The key needs its password."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningKey:
    """A private key with the name under which its public half is registered."""

    key: Any = field(repr=False)
    key_id: str
    algorithm: str

    def assertion(self, *, client_id: str, audience: str) -> str:
        """A signed statement by the client about itself (RFC 7523 §3). It says no iat: clocks differ."""
        said = {"iss": client_id, "sub": client_id, "aud": audience, "jti": str(uuid.uuid4())}
        headers = {"kid": self.key_id, "typ": "JWT"}
        return jwt.encode({**said, "exp": int(time.time()) + LONGEST}, self.key, self.algorithm, headers=headers)

    def public_jwks(self) -> dict[str, Any]:
        """The JSON Web Key Set (RFC 7517 §5) to register at the authorization server."""
        told = {"kid": self.key_id, "alg": self.algorithm, "use": "sig", "key_ops": ["verify"]}
        return {"keys": [{**_public(self.key), **told}]}


def load(
    path: Path, *, password: str | None = None, key_id: str | None = None, algorithm: str | None = None
) -> SigningKey:
    """The private key in a PEM file, a JSON Web Key or a set of them (where `key_id` chooses).

    Raises:
        ValueError: there is none that can be used; a sentence that says why and what to do, and shows nothing of it.

    """
    content = path.read_bytes()
    key, named = _from_json(content, key_id) if content.lstrip()[:1] == b"{" else (_from_pem(content, password), None)
    fitting = _algorithm(key)
    if algorithm is not None and algorithm != fitting:
        raise ValueError(f"the key is for {fitting}, and algorithm says {algorithm}; correct one of them")
    return SigningKey(key=key, key_id=key_id or named or _thumbprint(key), algorithm=fitting)


def _algorithm(key: Any) -> str:
    if isinstance(key, RSAPrivateKey):
        if key.key_size < 2048:
            raise ValueError(f"an RSA key of {key.key_size} bits is too short; make one of 2048 or more")
        return "RS384"
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP384R1):
        return "ES384"
    raise ValueError("is neither an RSA key (RS384) nor an elliptic curve key on P-384 (ES384); give one of these")


def _from_pem(content: bytes, password: str | None) -> Any:
    if b"PRIVATE KEY-----" not in content:
        what = "a certificate" if b"BEGIN CERTIFICATE" in content else "a public key" if b"PUBLIC" in content else ""
        held = f"holds {what} and no private key" if what else "holds no private key"
        raise ValueError(f"{held}; give the private key as PEM or as a JSON Web Key")
    try:
        return load_pem_private_key(content, password.encode() if password is not None else None)
    except TypeError:
        if password is None:
            raise Encrypted(
                'is encrypted; put its password into an environment variable and name that: key_password_env = "…"'
            ) from None
        raise ValueError("is not encrypted; remove key_password_env") from None
    except (ValueError, UnsupportedAlgorithm):
        asked = "is the password right?" if password is not None else "is the file whole?"
        raise ValueError(f"the private key cannot be read; {asked}") from None


def _from_json(content: bytes, key_id: str | None) -> tuple[Any, str | None]:
    try:
        document = json.loads(content)
    except ValueError:
        raise ValueError("is no JSON; give the private key as PEM or as a JSON Web Key") from None
    listed = document.get("keys", [document]) if isinstance(document, dict) else []
    keys = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    private = [one for one in keys if "d" in one]
    if not private:
        raise ValueError(
            "holds no private key (a JSON Web Key with 'd'); the server has the public half, you the other"
        )
    chosen = [one for one in private if one.get("kid") == key_id] if key_id else private
    if not chosen:
        names = ", ".join(sorted(str(one.get("kid")) for one in private))
        raise ValueError(f"holds no private key with the kid '{key_id}'; there are: {names}")
    if key_id is None and len(chosen) > 1:
        names = ", ".join(sorted(str(one.get("kid")) for one in private))
        raise ValueError(f"holds {len(chosen)} private keys; choose one by key_id (there are: {names})")
    one = chosen[0]
    reader: Any = {"RSA": RSAAlgorithm, "EC": ECAlgorithm}.get(str(one.get("kty")))
    if reader is None:
        raise ValueError("is neither an RSA key (RS384) nor an elliptic curve key on P-384 (ES384); give one of these")
    try:
        return reader.from_jwk(one), one.get("kid")
    except (jwt.InvalidKeyError, ValueError, KeyError, TypeError):
        raise ValueError("the private key cannot be read; is the file whole?") from None


def _public(key: Any) -> dict[str, Any]:
    writer = RSAAlgorithm if isinstance(key, RSAPrivateKey) else ECAlgorithm
    return {name: value for name, value in writer.to_jwk(key.public_key(), as_dict=True).items() if name != "key_ops"}


def _thumbprint(key: Any) -> str:
    """A name for a key that has none (RFC 7638 §3)."""
    told = {name: value for name, value in _public(key).items() if name in {"kty", "n", "e", "crv", "x", "y"}}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
