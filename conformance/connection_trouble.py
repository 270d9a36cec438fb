"""Says in one sentence why no response came, and what to look at."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from http.client import HTTPException
from urllib.parse import urlsplit

import requests

BROKEN_OFF = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, HTTPException)
"""What a connection meets that was there and is not any more."""


REFUSED_OURS = {
    "CERTIFICATE_REQUIRED": "the server asks for a client certificate; set tls.certificate and tls.key in target.toml",
    "CERTIFICATE_EXPIRED": "the server finds the client certificate expired; renew tls.certificate of target.toml",
    "CERTIFICATE_REVOKED": "the server finds the client certificate revoked; get a new one for tls.certificate",
    "UNKNOWN_CA": "the server does not know who signed the client certificate; is tls.certificate the one for it?",
    "BAD_CERTIFICATE": "the server does not accept the client certificate; is tls.certificate the one for it?",
    "UNSUPPORTED_CERTIFICATE": "the server does not accept this kind of client certificate in tls.certificate",
    "CERTIFICATE_UNKNOWN": "the server does not accept the client certificate; is tls.certificate the one for it?",
    "HANDSHAKE_FAILURE": "the server refused the handshake; does it ask for a client certificate (tls.certificate)?",
    "WRONG_VERSION_NUMBER": "the server does not speak TLS there; is the address one with http://?",
    "PROTOCOL_VERSION": "the server speaks no version of TLS that this machine speaks",
}
"""The end of OpenSSL's word for an alert or a broken handshake → what it means here."""

_OVER_TLS = " (it may do so where it wants a client certificate, or another one: tls.certificate of target.toml)"


def explain(problem: BaseException, url: str, timeout: float) -> str:
    """One sentence about a request without a response."""
    place = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    reason = innermost(problem)
    root = root_of(problem)
    if isinstance(problem, requests.exceptions.ProxyError):
        return f"the proxy did not lead to {place}: {reason} (http.proxy of target.toml)"
    if isinstance(problem, requests.exceptions.SSLError) or isinstance(root, ssl.SSLError):
        return f"TLS with {place} failed: {_tls(root, reason)}"
    if isinstance(problem, requests.exceptions.ConnectTimeout):
        return f"{place} did not accept a connection within {timeout:g} s"
    if isinstance(problem, requests.exceptions.Timeout):
        return f"{place} did not answer within {timeout:g} s (http.timeout of target.toml)"
    if isinstance(problem, requests.exceptions.ConnectionError) and isinstance(root, BROKEN_OFF):
        return f"{place} broke the connection off: {reason}{_OVER_TLS if place.startswith('https') else ''}"
    return f"{place} cannot be reached: {reason}"


def _tls(root: BaseException, reason: str) -> str:
    """What is wrong, and what to do about it."""
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(root, ssl.SSLCertVerificationError):
        match root.verify_code:
            case 10:  # X509_V_ERR_CERT_HAS_EXPIRED (x509_vfy.h)
                return f"the server's certificate has expired; it has to be renewed (this machine's clock says {now})"
            case 9:  # CERT_NOT_YET_VALID
                return f"the server's certificate is not valid yet; is this machine's clock right? It says {now}"
            case 62 | 64:  # HOSTNAME_MISMATCH, IP_ADDRESS_MISMATCH
                return f"{root.verify_message or reason}; base_url has to use a name that the certificate is for"
        return f"{root.verify_message or reason} (the server's CA goes into tls.ca of target.toml)"
    if isinstance(root, ssl.SSLEOFError):
        return f"the server broke the connection off{_OVER_TLS}"
    alert = str(getattr(root, "reason", "") or "").upper()
    said = next((sentence for end, sentence in REFUSED_OURS.items() if alert.endswith(end)), None)
    return said or f"{reason} (the server's CA goes into tls.ca of target.toml)"


def root_of(problem: BaseException) -> BaseException:
    """What is at the bottom of an exception that libraries have wrapped in their own."""
    wrapped = [getattr(problem, "reason", None), problem.__cause__, *problem.args]
    inner = next((one for one in wrapped if isinstance(one, BaseException) and one is not problem), None)
    return problem if inner is None else root_of(inner)


def innermost(problem: BaseException) -> str:
    """What the first of the exceptions says."""
    seen = root_of(problem)
    if isinstance(seen, OSError) and seen.strerror:
        return str(seen.strerror)
    text = str(seen) or type(seen).__name__
    return text.rsplit(": ", 1)[-1] if "object at 0x" in text else text
