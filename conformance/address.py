"""The base address of a FHIR server."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_EXAMPLE = "'https://fhir.example.org/r4'"


def normalised(text: str) -> str:
    """A base address without trailing slash, host in lower case. Raises ValueError with a sentence and a remedy."""
    if any(letter.isspace() or ord(letter) < 32 for letter in text):
        raise ValueError(f"{text!r} has white space in it; remove it")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"'{text}' is no address; expected something like {_EXAMPLE}") from None
    if "@" in parts.netloc:
        raise ValueError("holds a user name or password; leave it off and use [auth] with kind 'basic'")
    if parts.scheme not in ("http", "https"):
        remedy = f"write 'https://{text}'" if "://" not in text else "only http and https are spoken"
        raise ValueError(f"'{text}' is no http address; {remedy}")
    if not host:
        raise ValueError(f"'{text}' names no server; expected something like {_EXAMPLE}")
    if "?" in text or "#" in text:
        raise ValueError(f"'{text}' has a query or a fragment; leave off what follows the path")
    path = parts.path.rstrip("/")
    root = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port is not None else ''}"
    for ending in ("/metadata", "/Consent"):
        if path.endswith(ending):
            raise ValueError(f"'{text}' ends in {ending}; give the base address, '{root}{path.removesuffix(ending)}'")
    return root + path


def is_loopback(address: str) -> bool:
    """Whether a server at this address is on this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def unfit_for_secrets(address: str) -> str | None:
    """Why no secret may be sent to this address; None: it may."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in {"http", "https"} or not host:
        return "is no http address"
    if "@" in parts.netloc or parts.fragment:
        return "holds a user name or a fragment"
    if parts.scheme == "http" and not is_loopback(address):
        return "is not https, and secrets would travel for all to read"
    return None
