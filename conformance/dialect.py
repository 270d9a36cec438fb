"""How to talk to a system where the sources leave a choice. Never right or wrong."""

from __future__ import annotations

import dataclasses
import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from conformance import reading
from conformance.reading import Place, Problems
from conformance.reading.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Coding:
    """A code of a code system; no system where the source prints none."""

    code: str
    system: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """The keys of `[dialect]` in pack.toml, overridden by target.toml; `schemas/dialect.schema.json` describes each."""

    update: Literal["PUT /Consent", "PUT /Consent/{id}"] = "PUT /Consent/{id}"
    patient_parameter: str = "patient"
    reference_form: Literal["bare", "typed", "both"] = "both"
    period_element: Literal["provision.period", "provision.dataPeriod"] = "provision.period"
    close_by: Literal["status", "period", "both"] = "both"
    dose_category: Coding | None = None
    provenance_header: Literal["raw", "base64"] = "raw"
    header_encoding: Literal["base64", "plain"] = "base64"
    media_types: tuple[str, ...] = ("application/fhir+json",)
    default_end: str | None = None
    hidden_status: int | None = None
    duplicates_across_pages: bool = False
    patients: Literal["any", "create", "given"] = "any"
    marker: Literal["none", "tag", "identifier"] | None = None
    """How what a run creates is marked as its own; None: by an identifier where patients are given, else not."""
    if_match: Literal["never", "always"] = "never"
    zone: str | None = None
    """IANA name of the time zone in which the server reads dates; None: unknown."""
    settle: float = 0.0
    """How many seconds a search may lag behind a write."""
    lenient_validation: bool = False

    def with_overrides(self, mapping: Mapping[str, Any]) -> Dialect:
        """The dialect with the keys of `mapping` in their place. Raises UsageError for what no dialect has."""
        if not mapping:
            return self
        problems = Problems()
        document = reading.table(dict(mapping), where="dialect", schema="dialect", problems=problems)
        if document is not None:
            check(document)
        problems.stop()
        return dataclasses.replace(self, **_typed(mapping))


def check(place: Place) -> None:
    """Says what the schema cannot see about a dialect, if there is one: time zones that do not exist."""
    zone = (place / "zone").value
    if zone is not None and not _is_zone(zone):
        (place / "zone").say(f"'{zone}' is no IANA time zone; {nearest(zone, zoneinfo.available_timezones())}")


def read(place: Place) -> Dialect:
    """The dialect of a pack, whose shape was checked; the defaults where it has none."""
    check(place)
    return Dialect(**_typed(place.value or {}))


def _is_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _typed(mapping: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(mapping)
    if "dose_category" in values:
        values["dose_category"] = Coding(**values["dose_category"])
    if "media_types" in values:
        values["media_types"] = tuple(values["media_types"])
    if "settle" in values:
        values["settle"] = float(values["settle"])
    return values
