"""Code systems and value sets, as far as they are known here. What is not known is answered with None."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

UCUM = "http://unitsofmeasure.org"


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """A code system. Only a complete one can say that a code is unknown."""

    url: str
    codes: frozenset[str]
    complete: bool
    any_case: bool = False
    version: str | None = None

    def has(self, code: str) -> bool | None:
        """Whether the code is one of the system's; None when the system is not known completely."""
        if code in self.codes or (self.any_case and code.casefold() in self.codes):
            return True
        return False if self.complete else None


@dataclass(frozen=True, slots=True, eq=False)
class ValueSet:
    """An enumerated value set. `codes_of` holds what is known per system, None for a whole system."""

    url: str
    codes_of: Mapping[str, CodeSystem | frozenset[str]]
    complete: bool = True
    open_systems: frozenset[str] = frozenset()

    def has(self, system: str | None, code: str) -> bool | None:
        """Whether a coding is in the set; None when that cannot be known here. Without system: any system's code."""
        if system is None:
            answers = [self._has(known, code) for known in self.codes_of]
            if True in answers:
                return True
            return None if None in answers or not self.complete else False
        if system in self.codes_of:
            answer = self._has(system, code)
            return None if answer is False and system in self.open_systems else answer
        if self.complete:
            return False
        return None if system in self.open_systems or not self.open_systems else False

    def _has(self, system: str, code: str) -> bool | None:
        known = self.codes_of[system]
        return known.has(code) if isinstance(known, CodeSystem) else code in known

    def plain_codes(self) -> frozenset[str] | None:
        """All codes regardless of system, when they are known completely and to the letter."""
        if not self.complete:
            return None
        codes: set[str] = set()
        for known in self.codes_of.values():
            if isinstance(known, CodeSystem):
                if not known.complete or known.any_case:
                    return None
                codes |= known.codes
            else:
                codes |= known
        return frozenset(codes)

    def allowed(self) -> str:
        """A few codes, for messages."""
        return _few(self)


@lru_cache(maxsize=512)
def _few(value_set: ValueSet) -> str:
    codes: list[str] = []
    for known in value_set.codes_of.values():
        codes.extend(sorted(known.codes if isinstance(known, CodeSystem) else known))
    return ", ".join(codes[:12]) + (f" … ({len(codes)})" if len(codes) > 12 else "")


def code_system(url: str, record: Mapping[str, Any]) -> CodeSystem:
    """From the stripped form of a definitions pack."""
    codes = record["codes"]
    listed = codes.split(" ") if isinstance(codes, str) else codes
    any_case = bool(record.get("anyCase"))
    known = frozenset(listed) | (frozenset(code.casefold() for code in listed) if any_case else frozenset())
    return CodeSystem(url, known, record["content"] == "complete", any_case, record.get("version"))


def code_system_from_resource(resource: Mapping[str, Any]) -> CodeSystem:
    """From a CodeSystem resource, such as a package of a vendor brings."""
    codes: set[str] = set()
    pending = list(resource.get("concept", ()))
    while pending:
        concept = pending.pop()
        codes.add(concept["code"])
        pending.extend(concept.get("concept", ()))
    any_case = resource.get("caseSensitive") is False
    if any_case:
        codes |= {code.casefold() for code in codes}
    return CodeSystem(
        resource["url"], frozenset(codes), resource.get("content") == "complete", any_case, resource.get("version")
    )
