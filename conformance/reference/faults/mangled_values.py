"""Lies about texts, addresses and dates that a column, a template or a library mangles on their way into the store."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from conformance.reference.messages import Resource
    from conformance.reference.store import Stored

R4_ALONE = ("r4",)
READ_BACK = ("r4.create.read-back-is-the-same",)


class _Mangled(Fault):
    """Stores other strings than were sent."""

    def mangled(self, name: str, text: str) -> str:
        """What is stored of the value of an element."""
        raise NotImplementedError

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        stored: Resource = self._within("", super().kept(resource, previous))
        return stored

    def _within(self, name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {inner: self._within(inner, part) for inner, part in value.items()}
        if isinstance(value, list):
            return [self._within(name, part) for part in value]
        return self.mangled(name, value) if isinstance(value, str) else value


class TextsAreCut(_Mangled, name="texts-are-cut", breaks=READ_BACK, packs=R4_ALONE):
    """Of a text and of a display 255 characters are stored."""

    def mangled(self, name: str, text: str) -> str:
        return text[:255] if name in {"text", "display"} else text


class TextsAreEscaped(_Mangled, name="texts-are-escaped", breaks=READ_BACK, packs=R4_ALONE):
    """A text and a display are stored as HTML would write them."""

    def mangled(self, name: str, text: str) -> str:
        return html.escape(text, quote=False) if name in {"text", "display"} else text


class AddressesLoseTheirLastSlash(_Mangled, name="addresses-lose-their-last-slash", breaks=READ_BACK, packs=R4_ALONE):
    """The address of a policy is stored without the slash at its end."""

    def mangled(self, name: str, text: str) -> str:
        return text.rstrip("/") if name in {"authority", "uri"} else text


class DaysGetATime(_Mangled, name="days-get-a-time", breaks=READ_BACK, packs=R4_ALONE):
    """A consent that is dated by day is stored with midnight in UTC."""

    def mangled(self, name: str, text: str) -> str:
        return f"{text}T00:00:00Z" if name == "dateTime" and len(text) == len("2024-03-01") else text


class MonthsBecomeDays(_Mangled, name="months-become-days", breaks=READ_BACK, packs=R4_ALONE):
    """A consent that is dated by month is stored with the first day of it."""

    def mangled(self, name: str, text: str) -> str:
        return f"{text}-01" if name == "dateTime" and len(text) == len("2024-03") else text


class _Fewer(Fault):
    """Stores fewer of a kind than were sent."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        stored = super().kept(resource, previous)
        rule = stored.get("provision")
        return {**stored, "provision": {**rule, **self.fewer(rule)}} if isinstance(rule, dict) else stored

    def fewer(self, rule: Resource) -> Resource:
        """What of a rule is stored otherwise."""
        raise NotImplementedError


class TenRulesAreStored(
    _Fewer,
    name="ten-rules-are-stored",
    breaks=("r4.write.meaning-survives", "r4.consent.accepts-published-examples"),
    packs=R4_ALONE,
):
    """Of the rules within a rule ten are stored."""

    def fewer(self, rule: Resource) -> Resource:
        return {"provision": rule["provision"][:10]} if "provision" in rule else {}


class ThreePurposesAreStored(
    _Fewer, name="three-purposes-are-stored", breaks=("r4.write.meaning-survives",), packs=R4_ALONE
):
    """Of the purposes of a rule three are stored."""

    def fewer(self, rule: Resource) -> Resource:
        return {"purpose": rule["purpose"][:3]} if "purpose" in rule else {}
