"""Asks for access tokens: client credentials (RFC 6749 §4.4), with a secret or with a signed assertion (RFC 7523).

Every way in which that fails is one sentence: what came back, and which key of target.toml to look at.
"""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from conformance import address
from conformance.clock import http_date
from conformance.credentials import basic
from conformance.model import Unreachable
from conformance.wire import pause_before_repeating

if TYPE_CHECKING:
    from conformance.credentials import Auth, Client
    from conformance.target import Http
    from conformance.wire import Headers, Received, Wire

SMART = "/.well-known/smart-configuration"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SKEW = 60
"""Seconds by which a clock may be off before a refusal is explained by it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """An access token. `lives` is in seconds from when it was asked for; None: nobody said."""

    value: str = field(repr=False)
    lives: float | None = None
    scope: str | None = None
    further: tuple[str, ...] = field(default=(), repr=False)
    """Other secrets that came with it."""


def ask(auth: Auth, url: str, *, wire: Wire, base_url: str, http: Http) -> Token:
    """A new token from the endpoint at `url`.

    Raises:
        Unreachable: there is none to be had.

    """
    client = auth.client
    assert client is not None  # of the kinds that come here
    form = {"grant_type": "client_credentials", **client.parameters}
    if client.scope:
        form["scope"] = client.scope
    headers = [("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded")]
    headers += _gateway(url, base_url, http)
    if client.key is not None:
        form["client_assertion_type"] = ASSERTION
        form["client_assertion"] = client.key.assertion(client_id=client.client_id, audience=client.audience or url)
    elif client.send_secret == "post":  # noqa: S105 - where it goes, not what it is
        form |= {"client_id": client.client_id, "client_secret": client.secret or ""}
    else:
        word = basic(quote(client.client_id, safe=""), quote(client.secret or "", safe=""))
        headers.append(("Authorization", f"Basic {word}"))
    body = urlencode(form).encode("ascii")
    for earlier in itertools.count():
        received = wire.send("POST", url, headers, body)
        pause = pause_before_repeating(received, earlier=earlier, http=http)
        if pause is None:
            break
        time.sleep(pause)
    return _token(received, auth, client, url)


def discovered(wire: Wire, base_url: str, *, where: str = "auth") -> str:
    """The token endpoint that the server's SMART configuration names.

    Raises:
        Unreachable: it names none that a secret may be sent to.

    """
    found = smart_configuration(wire, base_url)
    endpoint = found.get("token_endpoint")
    remedy = f"set {where}.token_url in target.toml"
    if not isinstance(endpoint, str):
        raise Unreachable(f"GET {base_url}{SMART} names no token_endpoint; {remedy}")
    if problem := address.unfit_for_secrets(endpoint):
        raise Unreachable(f"the token_endpoint that GET {base_url}{SMART} names {problem}; {remedy}")
    return endpoint


def smart_configuration(wire: Wire, base_url: str) -> dict[str, Any]:
    """What the server says of its authorization (SMART App Launch, conformance); {} where it says nothing."""
    received = wire.send("GET", base_url + SMART, (("Accept", "application/json"),))
    found = _json(received) if received.status == 200 else None
    return found if isinstance(found, dict) else {}


def skew_of(received: Received) -> float | None:
    """By how many seconds the server's clock is ahead of ours, by the Date of an answer; None: it has none."""
    date = next((value for name, value in received.headers if name.lower() == "date"), None)
    moment = http_date(date)
    if moment is None:
        return None
    asked = received.started.timestamp() + received.waited / 2
    return moment.timestamp() - asked + 0.5  # the date leaves fractions of a second off


def skew_said(seconds: float) -> str:
    """`its clock is 7 minutes ahead of this machine's`."""
    size = abs(seconds)
    amount, word = (
        (size / 3600, "hours") if size >= 7200 else (size / 60, "minutes") if size >= 120 else (size, "seconds")
    )
    return f"its clock is {amount:.0f} {word} {'ahead of' if seconds > 0 else 'behind'} this machine's"


def _gateway(url: str, base_url: str, http: Http) -> Headers:
    """The target's own headers, where the endpoint is on the same server: a gateway may ask for them there too."""
    return tuple(http.headers.items()) if urlsplit(url)[:2] == urlsplit(base_url)[:2] else ()


def _token(received: Received, auth: Auth, client: Client, url: str) -> Token:
    said = _json(received)
    if received.status != 200 or not isinstance(said, dict) or "error" in said:
        raise Unreachable(_refusal(received, said, auth, client, url))
    value = said.get("access_token")
    if (
        not isinstance(value, str)
        or not value.strip()
        or any(ord(letter) < 33 or ord(letter) > 126 for letter in value)
    ):
        raise Unreachable(f"the token endpoint {url} gave no access_token that a header can carry")
    kind = said.get("token_type", "Bearer")
    if str(kind).lower() != "bearer":
        raise Unreachable(f"the token endpoint {url} gave a token of the type '{_short(kind)}'; only Bearer is spoken")
    further = (said.get("refresh_token"), said.get("id_token"))
    return Token(
        value=value,
        lives=_seconds(said.get("expires_in")),
        scope=said["scope"] if isinstance(said.get("scope"), str) else None,
        further=tuple(one for one in further if isinstance(one, str)),
    )


def _refusal(received: Received, said: Any, auth: Auth, client: Client, url: str) -> str:
    """One sentence about an answer without a token."""
    error = said.get("error") if isinstance(said, dict) else None
    head = f"no token for [{auth.where}]: {url} answered {received.status}"
    if not isinstance(error, str):
        if 300 <= received.status < 400:
            return f"{head}, which leads elsewhere; set {auth.where}.token_url to where tokens are given"
        return f"{head} and no OAuth answer; is {auth.where}.token_url the token endpoint?"
    described = said.get("error_description")
    head += f" {_short(error)}" + (f" ({_short(described)})" if isinstance(described, str) and described else "")
    skew = skew_of(received)
    if client.key is not None and skew is not None and abs(skew) > SKEW:
        return f"{head}; {skew_said(skew)}, and an assertion is good for minutes only: set the clocks"
    return f"{head}; {_remedy(error, auth.where, client)}"


def _remedy(error: str, where: str, client: Client) -> str:
    if error == "invalid_scope":
        return f"set {where}.scope to what the client may ask for"
    if error in {"unauthorized_client", "unsupported_grant_type"}:
        return "the client has to be registered for the grant client_credentials there"
    if client.key is not None:
        return (
            f"is {where}.client_id right, is the public half of {where}.key registered there under the kid "
            f"'{client.key.key_id}' (consent-conformance jwks prints it), and is {where}.audience what it expects?"
        )
    if error == "invalid_client":
        return f"are {where}.client_id and the secret right, and is it sent as the server wants ({where}.send_secret)?"
    return f"look at [{where}] in target.toml"


def _seconds(value: Any) -> float | None:
    """The life of a token; some servers write the number as text."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < 1e9 else None


def _json(received: Received) -> Any:
    try:
        return json.loads(received.body)
    except (ValueError, RecursionError):
        return None


def _short(text: Any) -> str:
    """What a server said, on one line and not without end."""
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)).split())
    return words if len(words) <= 160 else f"{words[:159]}…"
