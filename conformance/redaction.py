"""Takes secrets and people out of what a run records, before anything is stored.

Four layers, each of which is enough on its own for what it knows: the run's own secrets wherever and however encoded
they appear; header values and parameters that are secret by name; tokens and keys that are secret by shape; and
people, by the identities in a provenance header, which are then looked for everywhere, and by Swedish personal
identity numbers. What stands in base64 is looked into.
"""

from __future__ import annotations

import base64
import json
import re
from functools import cached_property, lru_cache
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

from conformance.identities import REDACTED, recoded, without_people, without_person_numbers, without_provenance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SECRET_HEADERS = re.compile(
    r"(?:proxy-)?authorization|(?:proxy-)?authentication-info|(?:set-)?cookie2?"
    r"|(?:[a-z0-9-]*[-_])?(?:api|subscription|access|function|functions|auth|session|security|csrf|xsrf|id|refresh)"
    r"[-_]?(?:key|token|secret)|apikey|x-amz-signature|dpop",
    re.IGNORECASE,
)
"""Headers whose whole value is secret."""

SCHEMES = re.compile(
    r"(?:bearer|basic|digest|negotiate|ntlm|dpop|hawk|token|apikey|oauth|mutual)(?=\s|$)", re.IGNORECASE
)
"""Words before a credential that are kept, since a reader needs to see which kind was sent."""

SECRET_NAMES = re.compile(
    r"token|secret|passw|credential|authori[sz]ation|cookie|(?:api|private)[_-]?key", re.IGNORECASE
)
"""Names of settings whose values are secret, such as environment variables that a CI hands on."""

_NAMED = (
    "access_token|refresh_token|id_token|subject_token|actor_token|client_secret|client_assertion|assertion"
    "|password|passwd|code_verifier|api_?key|token|signature|sig"
)
_PARAMETER = re.compile(rf"(?<![\w-])({_NAMED})=(?!\[redacted\])[^&\s\"'<>#;]+", re.IGNORECASE)
_ENDINGS = frozenset(name[-2:] for name in _NAMED.split("|"))
"""How those names end, which is looked at first."""
_MEMBER = re.compile(rf'("(?:{_NAMED})"\s*:\s*)"(?!\[redacted\]")(?:[^"\\]|\\.)*"', re.IGNORECASE)
_NESTED = r'((\\+)"(?:{names})\2"\s*:\s*\2")(?!\[redacted\]).{{1,10000}}?(?=(?<!\\)\2")'
_NESTED_MEMBER = re.compile(_NESTED.format(names=_NAMED), re.IGNORECASE | re.DOTALL)
"""As above in JSON that was quoted in JSON, however often: a quote of the same depth ends the value."""
_PRIVATE_IN_JWK = "d|p|q|dp|dq|qi|k"
_JWK_MEMBER = re.compile(rf'("(?:{_PRIVATE_IN_JWK})"\s*:\s*)"(?:[^"\\]|\\.)*"')
_NESTED_JWK_MEMBER = re.compile(_NESTED.format(names=_PRIVATE_IN_JWK), re.DOTALL)
_USERINFO = re.compile(r"(?<=://)[^/@\s\"'<>]*(?=@)")
_DOT = r"(?:\.|%2[Ee])"
_JWT = re.compile(rf"eyJ[\w-]{{5,}}(?:{_DOT}[\w-]*){{1,4}}|ZXlK[\w+/-]{{24,}}={{0,2}}")
_SPACE = r"(?:\s|\+|%20)"
_PEM = re.compile(
    rf'-----BEGIN{_SPACE}[^-"]{{0,40}}?PRIVATE{_SPACE}KEY-----[^"]*?(?:-----END{_SPACE}[^-"]{{0,40}}-----|(?=")|\Z)'
)
_ENCODED_PEM = re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/\s]+={0,2}")
_BASE64 = re.compile(r"(?<![\w+/-])[A-Za-z0-9+/_-]{15,}={0,2}(?![\w+/=-])")
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*')
_WORD = "A-Za-z0-9+/_-"

LATEST = 16
"""So many of the tokens that were obtained during a run are looked for in what it records."""


class Redactor:
    """Replaces by `[redacted]` what must not be recorded; anything else comes back as it was, JSON as JSON.

    `secrets` are the run's own: tokens, passwords, values of environment variables. `people` also takes out the names,
    addresses, telecoms and birth dates of the people in FHIR bodies.
    """

    def __init__(self, secrets: tuple[str, ...] = (), *, people: bool = False) -> None:
        self._secrets = tuple(_Secret(secret) for secret in sorted({s for s in secrets if s.strip()}, key=len)[::-1])
        self._learnt: tuple[_Secret, ...] = ()
        self._people = people
        self._met: set[str] = set()
        self._identities: tuple[_Secret, ...] = ()
        self._header = lru_cache(maxsize=1024)(self._redacted_header)

    def learn(self, secret: str) -> None:
        """Another secret, met during the run. The latest few count: a token that was replaced is refused anyway."""
        if secret.strip() and all(secret != known.whole for known in (*self._secrets, *self._learnt)):
            self._learnt = (_Secret(secret), *self._learnt)[:LATEST]
            self._header.cache_clear()

    def text(self, text: str) -> str:
        """Any text: a message, a log line, a traceback."""
        known = (*self._learnt, *self._secrets, *self._identities)
        for secret in known:
            text = secret.removed_from(text)
        if known:
            plain = _plain(text)
            for secret in known:
                if not secret.short and secret.plain in plain:
                    text = secret.scattered.sub(REDACTED, text)
                    plain = _plain(text)
                    if secret.plain in plain:
                        return REDACTED  # it is in there in a way that nobody thought of
        return _BASE64.sub(self._looked_into, _by_shape(text))

    def _looked_into(self, match: re.Match[str]) -> str:
        """A word that may be base64: when it is, and of a text, it comes back without what the text must not hold."""
        word = match[0]
        if len(word) == 36 and word[8] == word[13] == word[18] == word[23] == "-":
            return word  # a UUID, of which there are thousands
        return recoded(word, self._inner, any_text=True) or word

    def _inner(self, text: str) -> str:
        return self.text(self._anonymous(text) if '"Provenance"' in text else text)

    def _anonymous(self, provenance: str) -> str:
        """A provenance that names nobody. Those whom it named are looked for in all that follows."""
        met: set[str] = set()
        anonymous = without_provenance(provenance, met)
        self._look_for(met)
        return anonymous

    def _look_for(self, met: set[str]) -> None:
        if not met <= self._met:
            self._met |= met
            self._identities = tuple(_Secret(word) for word in sorted(self._met, key=len)[::-1])
            self._header.cache_clear()

    def url(self, text: str) -> str:
        """An address: user information goes too."""
        return _USERINFO.sub(REDACTED, self.text(text)) if "@" in text else self.text(text)

    def headers(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Header pairs in their order: credentials whole, but for the scheme's word; identities in a provenance."""
        return tuple((name, self._header(name.lower(), value)) for name, value in pairs)

    def body(self, text: str | None, content_type: str = "") -> str | None:
        """A body as text. What is JSON stays JSON: a number that goes is replaced by a string."""
        if not text:
            return text
        before = text
        if self._people:
            met: set[str] = set()
            before = without_people(text, met)
            self._look_for(met)
        redacted = self.text(before)
        if redacted == text or not ("json" in content_type.lower() or text.lstrip()[:1] in {"{", "["}):
            return redacted
        return redacted if not _is_json(text) or _is_json(redacted) else self._by_token(text)

    def _by_token(self, text: str) -> str:
        """JSON, string by string and number by number, for the cases where plain replacement would break it."""

        def replaced(match: re.Match[str]) -> str:
            token = match[0]
            if token[0] == '"':
                return f'"{self.text(token[1:-1])}"'
            return token if self.text(token) == token else f'"{REDACTED}"'

        text = _JSON_TOKEN.sub(replaced, _members(text))
        return text if _is_json(text) else json.dumps(REDACTED)

    def _redacted_header(self, name: str, value: str) -> str:
        if SECRET_HEADERS.fullmatch(name):
            scheme = SCHEMES.match(value.strip())
            if scheme is None:
                return REDACTED if value.strip() else value
            return f"{scheme[0]} {REDACTED}" if value.strip() != scheme[0] else value
        if name.endswith("provenance"):
            return self.text(recoded(value, self._anonymous) or (REDACTED if value.strip() else value))
        return self.url(value)


class _Secret:
    """One secret in every form in which it may turn up."""

    def __init__(self, secret: str) -> None:
        self.short = len(secret) < 6
        self.plain = _plain(secret)
        self._forms = sorted({secret, *_escaped(secret)}, key=len)[::-1]
        self._encoded = tuple(_in_base64(secret)) if not self.short else ()
        self._cut = secret[:8] if len(secret) >= 12 else None
        self.whole = secret

    @cached_property
    def scattered(self) -> re.Pattern[str]:
        return _scattered("".join(self.whole.split()))

    def removed_from(self, text: str) -> str:
        for form in self._forms:
            if form in text:
                text = _whole_words(form, text) if self.short else text.replace(form, REDACTED)
        for core in self._encoded:
            if core in text:
                # the whole run goes: its neighbours would give away the secret's first and last bits
                text = re.sub(rf"[{_WORD}]*{re.escape(core)}[{_WORD}]*(?:=|%3[Dd]){{0,2}}", REDACTED, text)
        return self._without_beginnings(text) if self._cut and self._cut in text else text

    def _without_beginnings(self, text: str) -> str:
        """Somebody shortened a message: what is left of the secret before the `…` goes as well."""
        for end in range(len(self.whole) - 1, len(self._cut or "") - 1, -1):
            for mark in ("…", "..."):
                text = text.replace(self.whole[:end] + mark, REDACTED + mark)
        return text


def _scattered(secret: str) -> re.Pattern[str]:
    """The secret with any of its characters escaped, and with white space anywhere between: wrapped lines."""

    def one(character: str) -> str:
        percent = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
        units = character.encode("utf-16-be", "surrogatepass")
        escaped = "".join(rf"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
        return rf"(?:\\*{re.escape(character)}|(?i:{percent})|\\*(?i:{escaped}))"

    between = r"(?:\s|\\+[nrt]|\\+u00(?i:20|0[9ad])|(?i:%20|%0[9ad])|\+)*"
    return re.compile(between.join(one(character) for character in secret))


def _plain(text: str) -> str:
    """The text without white space and with escapes undone: only to find out whether a closer look is needed."""
    if "%" in text:
        text = unquote(text)
    if "\\" in text:
        text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
        text = re.sub(r"\\+[nrt]", "", text).replace("\\", "")
    return "".join(text.split())


def _whole_words(form: str, text: str) -> str:
    """Shorter than six characters it is hardly a secret, and replacing it inside words would tear texts apart."""
    return re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", REDACTED, text)


def _escaped(secret: str) -> Iterator[str]:
    lone = "surrogatepass"
    for quoted in (quote(secret, safe="", errors=lone), quote_plus(secret, errors=lone), quote(secret, errors=lone)):
        yield quoted
        yield re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), quoted)
    for ascii_only in (True, False):
        quoted = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield quoted
        yield quoted.replace("/", r"\/")
    yield escape(secret)


def _in_base64(secret: str) -> Iterator[str]:
    """The characters that every base64 text around the secret must hold, for each of the three alignments."""
    raw = secret.encode("utf-8", "surrogatepass")
    for before, skipped in ((0, 0), (1, 2), (2, 3)):
        whole = (before + len(raw)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            core = encode(b"\0" * before + raw).decode()[skipped:whole]
            yield core
            yield quote(core, safe="")


def _by_shape(text: str) -> str:
    # What has a shape goes first: a value that is secret by name may run on into it and leave half of it.
    if "PRIVATE" in text:
        text = _PEM.sub(REDACTED, text)
    if "LS0tLS1CRUdJTi" in text:
        text = _ENCODED_PEM.sub(REDACTED, text)
    if "eyJ" in text or "ZXlK" in text:
        text = _JWT.sub(REDACTED, text)
    text = _members(text)
    if any(text[max(0, sign - 2) : sign].casefold() in _ENDINGS for sign in _signs(text)):
        text = _PARAMETER.sub(rf"\1={REDACTED}", text)
    return without_person_numbers(text)


def _signs(text: str) -> Iterator[int]:
    """Where the text has a `=`: there are few, and looking for all the names at every place takes long."""
    sign = text.find("=")
    while sign >= 0:
        yield sign
        sign = text.find("=", sign + 1)


def _members(text: str) -> str:
    if '"' in text:
        text = _MEMBER.sub(rf'\1"{REDACTED}"', text)
        if '\\"' in text:
            text = _NESTED_MEMBER.sub(rf"\g<1>{REDACTED}", text)
            if "kty\\" in text:
                text = _NESTED_JWK_MEMBER.sub(rf"\g<1>{REDACTED}", text)
        if '"kty"' in text:
            text = _JWK_MEMBER.sub(rf'\1"{REDACTED}"', text)
    return text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
