"""Bearer tokens: signed with a secret of the server's own, read back into the caller they speak for."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt

if TYPE_CHECKING:
    from jwt.types import Options

TIMELESS: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
"""PyJWT looks at the machine's clock; whoever asks here lives by another."""
VALID_FOR = timedelta(days=3650)
PRESCRIBER = {"sub": "9000027", "FORSKRIVARKOD": "9000027", "VARDGIVARE": "0123456789", "YRKESKOD": ["LK"], "loa": 3}
DIETITIAN = {"sub": "9100009", "VARDGIVARE": "0123456789", "YRKESKOD": ["DT"], "loa": 3}


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Whom a verified token speaks for."""

    claims: dict[str, Any]

    @property
    def scopes(self) -> tuple[str, ...]:
        return tuple(str(self.claims.get("scope", "")).split())

    @property
    def professions(self) -> frozenset[str]:
        return frozenset(self.claims.get("YRKESKOD", ()))

    @property
    def prescriber_code(self) -> str | None:
        return self.claims.get("FORSKRIVARKOD")

    @property
    def patient(self) -> str | None:
        """The id of the only patient whose data the token reaches; None: no such bound."""
        return self.claims.get("patient")


class Tokens:
    """Makes tokens and verifies them. Expiry is judged by whoever knows the time."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._verified: dict[str, dict[str, Any]] = {}

    def issue(self, claims: dict[str, Any], *, now: datetime, expires: datetime) -> str:
        times = {"iat": int(now.timestamp()), "exp": int(expires.timestamp())}
        return jwt.encode({**claims, **times}, self._secret, algorithm="HS256")

    def claims(self, token: str) -> dict[str, Any] | None:
        """Return what a token of ours says, expired or not; None when it is none of ours or was altered."""
        if token not in self._verified:
            try:
                said = jwt.decode(token, self._secret, algorithms=["HS256"], options=TIMELESS)
            except jwt.InvalidTokenError:
                return None
            self._verified[token] = said
        return dict(self._verified[token])


SCOPES = {
    "valid": "user/*.read user/*.write",
    "other-role": "user/*.read user/*.write",
    "narrow-scope": "user/*.read",
    "patient-bound": "patient/*.read",
}


def issue_all(tokens: Tokens, *, now: datetime, patient: str, scopes: dict[str, str] = SCOPES) -> dict[str, str]:
    """Return a token for each purpose that has scopes, and an expired one; `patient` is the id the bound one reaches.

    valid: a prescriber; other-role: a dietitian, who may fetch and not close; narrow-scope: the prescriber, with less;
    patient-bound: one patient's consents; expired: the prescriber, until an hour ago.
    """
    people: dict[str, dict[str, Any]] = {
        "valid": PRESCRIBER,
        "other-role": DIETITIAN,
        "narrow-scope": PRESCRIBER,
        "patient-bound": {"sub": patient, "patient": patient, "loa": 3},
    }
    claims = {purpose: {**people[purpose], "scope": scope} for purpose, scope in scopes.items()}
    issued = {purpose: tokens.issue(said, now=now, expires=now + VALID_FOR) for purpose, said in claims.items()}
    expired = now - timedelta(hours=1)
    issued["expired"] = tokens.issue(claims["valid"], now=expired - timedelta(hours=1), expires=expired)
    return issued
