"""What answers give away: to somebody who was refused, to caches on the way, and over lines that are not encrypted."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from conformance.meaning import patient_element
from conformance.observed import observes
from conformance.observed.bodies import mentions, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.model import Exchange
    from conformance.observed import Answers

CHALLENGE = re.compile(r"\s*[A-Za-z0-9!#$%&'*+.^_`|~-]+(\s+[^\s=,]|\s*(,|$))")
"""The name of a scheme, and then parameters, another challenge or nothing (RFC 9110 section 11.6.1)."""

INTERNALS = {
    "a stack trace": re.compile(
        r"Traceback \(most recent call last\)|^\s*File \"[^\"]+\", line \d+"
        r"|\bat (?:[\w.@-]+/)*[\w$.<>]+\((?:[\w$]+\.(?:java|kt|scala|groovy):\d+|Native Method|Unknown Source)\)"
        r"|^\s*at .+ in .+:line \d+|^\s*at [A-Z]\w*(?:\.[\w`<>\[\]]+){2,}\([^()\n]*\)\s*$"
        r"|\bat .+ \(.+\.[jt]s:\d+:\d+\)|^\s*at (?:file:/|node:|/|[A-Z]:).+\.[cm]?[jt]s:\d+:\d+"
        r"|goroutine \d+ \[|panicked at .+\.rs:\d+:\d+"
        r"|\.rb:\d+:in [`']|#\d+ /.+\.php\(\d+\)|\.php on line \d+",
        re.MULTILINE,
    ),
    "query text": re.compile(
        r"\bSQLSTATE\b|\bORA-\d{5}\b|syntax error at or near|error in your SQL syntax|\bno such (?:table|column): \w"
        r"|\bSELECT\b.+\bFROM\b.+\bWHERE\b|\bINSERT INTO \w+ ?\(|\bUPDATE \w+ SET\b|\bDELETE FROM \w+ WHERE\b"
        r"|\bviolates (?:unique|foreign key|not-null|check) constraint \W?\w",
        re.DOTALL,
    ),
    "a file path": re.compile(
        r"(?<![\w.:/])/(usr|home|var|opt|srv|etc|root|tmp)/[\w.-]+/[\w./-]+|\b[A-Z]:\\{1,2}\w+\\"
    ),
}


@observes("security.token.challenge-is-sent")
def every_401_carries_a_challenge(answers: Answers) -> str | None:
    """Every 401 of the run has WWW-Authenticate with the name of a scheme."""

    def fault(answer: Exchange) -> str | None:
        if answer.status != 401:
            return None
        value = answer.header("WWW-Authenticate")
        if value is None:
            return "401 without it"
        return None if CHALLENGE.match(value) else f"'{value}' names no scheme"

    answers.none_may(fault, expected="WWW-Authenticate with a scheme on every 401")
    return None if any(answer.status == 401 for answer in answers) else "no 401 was met in this run"


@observes("security.denied.body-holds-no-content")
def no_refusal_tells_of_the_consent(answers: Answers) -> str | None:
    """No 401, 403 or 404 to a read of a consent that exists names its patient, its actors or how they are called.

    And none to any GET holds a Consent, as a refused search might.
    """
    known = {id: list(_telling(consent)) for answer in answers for id, consent in _consents(answer)}  # noqa: A001

    def fault(answer: Exchange) -> str | None:
        if answer.status not in {401, 403, 404} or answer.method != "GET":
            return None
        if any(found.get("resourceType") == "Consent" for found in _resources(parsed(answer.response_body))):
            return f"{answer.status} whose body holds a Consent"
        told = next(
            (word for word in known.get(_id_read(answer.url), ()) if _holds(answer.response_body or "", word)), None
        )
        return f"{answer.status} whose body holds '{told}'" if told else None

    return answers.none_may(fault, expected="a refusal that says nothing of the consent")


@observes("security.errors.no-internals")
def no_error_shows_internals(answers: Answers) -> str | None:
    """No 4xx or 5xx has a stack trace, query text or a file path of the server in its body."""

    def fault(answer: Exchange) -> str | None:
        if (answer.status or 0) < 400:
            return None
        body = _unescaped(answer.response_body)
        shown = next((word for word, pattern in INTERNALS.items() if pattern.search(body)), None)
        return f"{answer.status} with {shown}" if shown else None

    return answers.none_may(fault, expected="an error without anything from inside the server")


@observes("security.transport.is-encrypted")
def every_address_is_encrypted(answers: Answers) -> str | None:
    """The base URL is https, and so are Location, the links of Bundles and fullUrls on the same host."""
    base = urlsplit(answers.target.base_url)

    def fault(answer: Exchange) -> str | None:
        if _is_plain(answers.target.base_url):
            return f"the base URL is {base.scheme}://{base.netloc}"
        plain = [address for address in _addresses(answer) if _is_plain(address)]
        own = [address for address in _full_urls(answer) if _is_plain(address) and _host(address) == base.hostname]
        return f"the address {(plain + own)[0]}" if plain or own else None

    return answers.none_may(fault, expected="https wherever the server is not on this machine")


@observes("security.cache.consents-are-not-shared")
def no_answer_may_be_shared(answers: Answers) -> str | None:
    """No answer with a consent tells caches that others may have it; without a word of it RFC 9111 §3.5 forbids it."""
    silent = 0

    def fault(answer: Exchange) -> str | None:
        nonlocal silent
        if not 200 <= (answer.status or 0) < 300 or answer.method != "GET" or not _consents(answer):
            return None
        control = (answer.header("Cache-Control") or "").lower()
        directives = {part.partition("=")[0].strip() for part in control.split(",")}
        silent += not directives & {"no-store", "no-cache", "private"}
        if directives & {"no-store", "private"}:
            return None
        return f"Cache-Control: {control}" if directives & {"public", "s-maxage"} else None

    answers.none_may(fault, expected="no leave to share in Cache-Control")
    return f"{silent} answers with consents say nothing in Cache-Control" if silent else None


def _consents(answer: Exchange) -> list[tuple[str, dict[str, Any]]]:
    """(id, resource) of each Consent in a successful answer, alone or in a Bundle."""
    if not 200 <= (answer.status or 0) < 300 or not mentions(answer.response_body, "Consent"):
        return []
    return [
        (str(found.get("id")), found)
        for found in _resources(parsed(answer.response_body))
        if found.get("resourceType") == "Consent"
    ]


def _resources(body: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(body, dict):
        return
    yield body
    entries = body.get("entry") if body.get("resourceType") == "Bundle" else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            yield entry["resource"]


def _telling(consent: dict[str, Any]) -> Iterator[str]:
    """The words of a consent that tell who is concerned: references to people and organizations, and displays."""
    yield from _words(consent.get(patient_element(consent)))
    rules = [consent.get("provision")]
    while rules:
        rule = rules.pop()
        if isinstance(rule, dict):
            actors, inner = rule.get("actor"), rule.get("provision")
            for actor in actors if isinstance(actors, list) else ():
                yield from _words(actor.get("reference") if isinstance(actor, dict) else None)
            rules.extend(inner if isinstance(inner, list) else ())


def _words(reference: Any) -> Iterator[str]:
    """Type and id, and a display of several words: a single one may be in any message."""
    if isinstance(reference, dict):
        address, display = reference.get("reference"), reference.get("display")
        if isinstance(address, str) and "/" in address:
            yield "/".join(address.partition("/_history")[0].split("/")[-2:])
        if isinstance(display, str) and " " in display.strip():
            yield display


def _holds(body: str, word: str) -> bool:
    """Whether the body has the word, and not only as a part of a longer one."""
    return word in body and re.search(rf"(?<!\w){re.escape(word)}(?![\w-])", body) is not None


def _id_read(url: str) -> str:
    """The id of a read's address; empty for any other request."""
    address = urlsplit(url)
    before, _, last = address.path.rpartition("/")
    return last if before.endswith("/Consent") and not address.query else ""


def _addresses(answer: Exchange) -> Iterator[str]:
    """Where an answer sends its reader: Location, and the links of a Bundle."""
    for name in ("Location", "Content-Location"):
        yield from filter(None, [answer.header(name)])
    body = parsed(answer.response_body) if '"link"' in (answer.response_body or "") else None
    links = body.get("link") if isinstance(body, dict) else None
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and isinstance(link.get("url"), str):
            yield link["url"]


def _full_urls(answer: Exchange) -> Iterator[str]:
    body = parsed(answer.response_body) if '"fullUrl"' in (answer.response_body or "") else None
    entries = body.get("entry") if isinstance(body, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("fullUrl"), str):
            yield entry["fullUrl"]


def _is_plain(address: str) -> bool:
    """An address over plain http that leads off this machine."""
    host = _host(address)
    if host is None or urlsplit(address).scheme != "http":
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:  # `http://[` is no address
        return None


def _unescaped(body: str | None) -> str:
    """The body as a reader sees it: the strings of JSON without their escapes."""
    read = parsed(body)
    return "\n".join(_strings(read)) if isinstance(read, dict | list) else body or ""


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)
