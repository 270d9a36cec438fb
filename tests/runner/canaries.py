"""Secrets that are planted in a run, and a search that finds them again in any disguise. Uses nothing of the suite."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WINDOW = 10
"""So many characters of a secret in a row give it away."""
_WORD = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_TAG = re.compile(r"<[^<>]{0,300}>")


@dataclass(frozen=True)
class Canary:
    """One planted secret. `everywhere`: the suite knows it, and it must go in any disguise, not only as it stands."""

    kind: str
    value: str
    everywhere: bool = True

    def told(self) -> list[str]:
        """The ways in which a server tells it."""
        if not self.everywhere:
            return [self.value]
        raw = self.value.encode()
        return [
            self.value,
            quote(self.value, safe=""),
            base64.b64encode(raw).decode(),
            base64.urlsafe_b64encode(b"x:" + raw).decode(),
            base64.b64encode(b"xy:" + raw + b"!").decode(),
            json.dumps(self.value)[1:-1],
            "".join(f"\\u{ord(letter):04x}" for letter in self.value),
            f"{self.value[:9]}\n    {self.value[9:]}",
        ]

    def traces(self, readings: list[str]) -> list[str]:
        """Where it is met in these readings, each with what stands around it."""
        bare = "".join(self.value.split())
        pieces = {bare[at : at + WINDOW] for at in range(max(1, len(bare) - WINDOW + 1))}
        pieces = {piece for piece in pieces if not any(known in piece or piece in known for known in _KNOWN)}
        found = []
        for reading in readings:
            at = min((place for place in map(reading.find, pieces) if place >= 0), default=-1)
            if at >= 0:
                found.append(f"…{reading[max(0, at - 40) : at + 40]}…")
        return found


def readings(text: str) -> list[str]:
    """A text in every way in which somebody could read it: unescaped, decoded, joined, again and again."""
    found = {text}
    fresh = {text}
    for _ in range(4):
        fresh = {other for one in fresh for other in _read_once(one)} - found
        found |= fresh
    return ["".join(_TAG.sub("", one).split()) for one in found] + ["".join(one.split()) for one in found]


def _read_once(text: str) -> Iterator[str]:
    plain = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), unquote(html.unescape(text)))
    plain = re.sub(r"\\+[nrt]", " ", plain)
    yield re.sub(r"\\+(?=[\"'/\\])", "", plain)
    inner = [_decoded(word) for joined in (text, "".join(text.split())) for word in _WORD.findall(joined)]
    yield "\n".join(word for word in inner if word)


def _decoded(word: str) -> str:
    """What a word says when it is base64; empty when it is not."""
    bare = word.rstrip("=")
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_" if re.search("[-_]", bare) else b"+/")
    except (binascii.Error, ValueError):
        return ""
    text = raw.decode("utf-8", "replace")
    return text if sum(letter.isprintable() or letter.isspace() for letter in text) > 0.8 * len(text) else ""


def artefacts(folder: Path, *, leaving_out: frozenset[str]) -> dict[str, str]:
    """Every file that a run has left behind, by its path."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    named = {str(path.relative_to(folder)): path for path in files}
    return {
        name: path.read_text("utf-8", "replace")
        for name, path in named.items()
        if not any(name == one or name.startswith(f"{one}/") for one in leaving_out)
    }


_ENCODED_HEAD = base64.urlsafe_b64encode(b'{"alg":"RS256","typ":"JWT"}').decode().rstrip("=")
_CLAIMS = base64.urlsafe_b64encode(b'{"sub":"canary-client-4711","jti":"Zx81-canary"}').decode().rstrip("=")
_KNOWN = ("-----BEGINPRIVATEKEY-----", "-----ENDPRIVATEKEY-----")
"""Of a private key this much may stay."""

BEARER = Canary("bearer token", "c4nary-BEARER~8f2+x/q9.Lk==")
BASIC = Canary("basic password", 'c4nary p"ass&wörd\\basic')
OWN_HEADER = Canary("API key header", "c4nary-APIKEY-77aa0b1c")
GATEWAY = Canary("gateway key in a further header", "c4nary-GATEWAY-0q8w7e6r")
COOKIE = Canary("cookie that is sent", "sid=c4nary-COOKIE-5b2e9d")
OTHER_TOKEN = Canary("token of another role, from the environment", "c4nary-OTHERROLE-31337-abc")
PROXY = Canary("proxy credentials", "c4nary%40PROXY-pa55")
NAME = Canary("name in a provenance", "Kanariefågelsdotter Zebulonia")
CODE = Canary("identifier in a provenance", "forskrivare-9000027-kanarie")
PATIENT_NAME = Canary("name of an included patient", "Finkenstein-Grünspecht Ottokar")
PATIENT_ADDRESS = Canary("address of an included patient", "Kanarievägen 4711 B, Sölvesborg")
PATIENT_PHONE = Canary("telecom of an included patient", "+46-70-KANARIE-4711-0815")
SET_COOKIE = Canary("cookie that comes", "c4nary-SETCOOKIE-99", everywhere=False)
URL_TOKEN = Canary("token in an address", "c4nary-URLTOKEN-1234567", everywhere=False)
SIGNATURE = Canary("signature of a signed address", "c4nary-SIG-5f4dcc3b5aa765d6", everywhere=False)
JWK = Canary("private member of a JWK", "c4nary-JWK-d-0a1b2c3d4e5f", everywhere=False)
USER_INFO = Canary("user information in an address", "c4nary-USERINFO-pw", everywhere=False)
CLIENT_SECRET = Canary("client secret in a form", "c4nary-CLIENTSECRET-xyz", everywhere=False)
ASSERTION = Canary("JWT assertion", f"{_ENCODED_HEAD}.{_CLAIMS}.c4nary-signature-0123456789", everywhere=False)
REFRESH = Canary("refresh token", "c4nary-REFRESH-abcdef", everywhere=False)
KEY = Canary(
    "private key",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC4narycanary\n-----END PRIVATE KEY-----",
    everywhere=False,
)
PATH_NUMBER = Canary("personal identity number in a path", "198112189876", everywhere=False)
QUERY_NUMBER = Canary("personal identity number in a query", "191212121212", everywhere=False)
BODY_NUMBER = Canary("personal identity number in a body", "19640823-3234", everywhere=False)
SESSION = Canary("session token in a header", "c4nary-XAUTHTOKEN-55", everywhere=False)
CI_ADDRESS = Canary("credentials in a CI's address of the repository", "c4nary-ghp-0987654321", everywhere=False)

ALL = [value for value in globals().values() if isinstance(value, Canary)]
ENVIRONMENT = {
    "CANARY_BEARER": BEARER.value,
    "CANARY_BASIC": BASIC.value,
    "CANARY_KEY": OWN_HEADER.value,
    "CANARY_GATEWAY": GATEWAY.value,
    "CANARY_COOKIE": COOKIE.value,
    "CANARY_OTHER": OTHER_TOKEN.value,
    "GIT_URL": f"https://robot:{CI_ADDRESS.value}@git.example.org/consents.git",
}
