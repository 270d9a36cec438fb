"""The way to a target, from its name up: address, certificate, clock. The first looks of `conformance.doctor`."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import certifi

from conformance import address, tls, token_endpoint
from conformance.connection_trouble import explain
from conformance.finding import Broken, Finding, State
from conformance.model import Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.target import Target
    from conformance.wire import Wire

SOON = 14
"""Days before the end of a certificate from which it is mentioned."""


class Approach:
    """The looks at the network; a method per look."""

    def __init__(self, target: Target, wire: Wire) -> None:
        self._target, self._wire = target, wire
        self._place = urlsplit(target.base_url)

    def dns(self) -> Iterator[Finding]:
        host = self._place.hostname or ""
        if self._target.http.proxy:
            yield Finding(look="dns", state="skipped", seen=f"the proxy looks {host} up (http.proxy)")
            return
        try:
            found = socket.getaddrinfo(host, self._port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as problem:
            means = "nothing can be checked; is base_url right, and this machine in the right network?"
            said = problem.strerror if isinstance(problem, OSError) else "no name that a host can have"
            raise Broken(Finding(look="dns", state="broken", seen=f"{host}: {said}", means=means)) from problem
        addresses = dict.fromkeys(str(row[4][0]) for row in found)
        yield Finding(look="dns", state="ok", seen=f"{host} is {', '.join(addresses)}")

    def tls(self) -> Iterator[Finding]:
        if self._place.scheme == "http":
            if address.is_loopback(self._target.base_url):
                yield Finding(look="tls", state="ok", seen="plain http to this machine")
            else:
                means = "credentials and consents travel for all to read, and security.transport.is-encrypted warns"
                yield Finding(look="tls", state="warning", seen="plain http", means=means)
        else:
            yield from self._of_server()
        certificate = self._target.tls.certificate
        if certificate is not None:
            yield _ends("the client certificate", tls.validity(certificate)[1], "tls.certificate")

    def _of_server(self) -> Iterator[Finding]:
        """The certificate, where no proxy stands before it; trust itself is judged by the wire that runs use."""
        if not self._target.tls.verify:
            means = "anybody on the way can read and change what is sent; give the server's CA in tls.ca instead"
            yield Finding(look="tls", state="warning", seen="the certificate is not checked (tls.verify)", means=means)
            return
        if self._target.http.proxy:
            yield Finding(look="tls", state="skipped", seen="behind a proxy; the next request shows whether it holds")
            return
        context = ssl.create_default_context(cafile=str(self._target.tls.ca or certifi.where()))
        self._present(context)
        try:
            with (
                socket.create_connection((self._place.hostname or "", self._port), self._target.http.timeout) as plain,
                context.wrap_socket(plain, server_hostname=self._place.hostname) as secured,
            ):
                until = str((secured.getpeercert() or {}).get("notAfter", ""))
                version = secured.version()
        except OSError as problem:
            said = explain(problem, self._target.base_url, self._target.http.timeout)
            raise Broken(Finding(look="tls", state="broken", seen=said, means="nothing can be checked")) from problem
        end = datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC)
        yield _ends(f"{version}; the server's certificate", end, "the server")

    def _present(self, context: ssl.SSLContext) -> None:
        mine = self._target.tls
        if mine.certificate is not None:
            context.load_cert_chain(mine.certificate, mine.key, mine.key_password)

    @property
    def _port(self) -> int:
        return self._place.port or (443 if self._place.scheme == "https" else 80)

    def clock(self) -> Iterator[Finding]:
        try:
            received = self._wire.send("GET", self._target.base_url + "/metadata", (("Accept", "*/*"),))
        except Unreachable as problem:
            raise Broken(
                Finding(look="clock", state="broken", seen=str(problem), means="nothing can be checked")
            ) from problem
        skew = token_endpoint.skew_of(received)
        if skew is None:
            yield Finding(look="clock", state="note", seen="answers have no Date, so clocks cannot be compared")
        elif abs(skew) <= 5:
            yield Finding(look="clock", state="ok", seen=f"the server's clock and ours differ by {abs(skew):.0f} s")
        else:
            state: State = "warning" if abs(skew) > token_endpoint.SKEW else "note"
            means = "tokens and signed assertions may be refused; checks go by the server's own times: set the clocks"
            yield Finding(look="clock", state=state, seen=token_endpoint.skew_said(skew), means=means)


def _ends(what: str, until: datetime, whose: str) -> Finding:
    days = (until - datetime.now(UTC)).days
    seen = f"{what} is valid until {until:%Y-%m-%d}"
    if days < SOON:
        return Finding(look="tls", state="warning", seen=seen, means=f"{days} days are left; renew that of {whose}")
    return Finding(look="tls", state="ok", seen=seen)
