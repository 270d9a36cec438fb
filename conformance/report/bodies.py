"""Bodies for people to read: JSON laid out without touching a token, hostile characters made visible, long ones cut."""

from __future__ import annotations

import re

WIDTH = 64
"""An object or a list that fits into this many characters stays on one line."""
DEEPEST = 60
"""Deeper nesting is shown as it came."""

_TOKEN = re.compile(r'\s*("(?:[^"\\\x00-\x1f]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}\[\],:])')
_SCALAR = re.compile(r'["\d-]|true|false|null')
# C0 controls but tab and line feed, C1 controls, marks that turn the direction of text around, lone surrogates
_HOSTILE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def visible(text: str) -> str:
    """The text with the characters that a page cannot or should not show spelled out by number."""
    return _HOSTILE.sub(lambda match: rf"\u{ord(match[0]):04x}", text.replace("\r\n", "\n"))


def cut(text: str, limit: int) -> tuple[str, str]:
    """At most `limit` characters, and a note about the rest; the note is empty when nothing was left out."""
    if len(text) <= limit:
        return text, ""
    return text[:limit], f"{len(text) - limit:,} of {len(text):,} characters left out here; results.json has them all"


def laid_out(text: str) -> str:
    """JSON with line breaks and indentation. Every token stays as it came: `1.0`, escapes, repeated members.

    Anything that is no JSON comes back unchanged.
    """
    tokens = _tokens(text)
    if tokens is None:
        return text
    try:
        written, end = _value(tokens, 0, 0)
    except (IndexError, RecursionError):
        return text
    return written if end == len(tokens) else text


def _tokens(text: str) -> list[str] | None:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            return None
        tokens.append(match[1])
        position = match.end()
    return tokens or None


def _value(tokens: list[str], at: int, depth: int) -> tuple[str, int]:
    """The value that begins at token `at`, written, and the index after it. IndexError when it is no JSON."""
    first = tokens[at]
    if first not in "{[":
        if not _SCALAR.match(first):
            raise IndexError
        return first, at + 1
    if depth > DEEPEST:
        raise RecursionError
    closing = "}" if first == "{" else "]"
    parts: list[str] = []
    at += 1
    if tokens[at] == closing:
        return first + closing, at + 1
    while True:
        name = ""
        if first == "{":
            if tokens[at][0] != '"' or tokens[at + 1] != ":":
                raise IndexError
            name, at = f"{tokens[at]}: ", at + 2
        written, at = _value(tokens, at, depth + 1)
        parts.append(name + written)
        if tokens[at] == closing:
            return _joined(first, parts, closing, depth), at + 1
        if tokens[at] != ",":
            raise IndexError
        at += 1


def _joined(opening: str, parts: list[str], closing: str, depth: int) -> str:
    length = sum(len(part) + 2 for part in parts) + 2 * depth
    if length <= WIDTH and depth and not any("\n" in part for part in parts):
        return f"{opening}{', '.join(parts)}{closing}"
    if opening == "[" and len(parts) == 1:
        return f"[{parts[0].replace(chr(10) + '  ', chr(10))}]"  # a list of one is as deep as what it holds
    inner = ",\n".join("  " * (depth + 1) + part for part in parts)
    return f"{opening}\n{inner}\n{'  ' * depth}{closing}"
