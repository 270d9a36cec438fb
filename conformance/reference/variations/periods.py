"""Legal differences in how periods are written, taken and searched."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from conformance.reference import dates
from conformance.reference.fault import Variation
from conformance.reference.messages import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reference.messages import Request, Resource, Write
    from conformance.reference.parameters import Criterion, Parameter
    from conformance.reference.store import Stored

R4 = ("r4",)
Period = dict[str, Any]


class _Written(Variation):
    """Shows the bounds of periods in another form, at every depth."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        if "provision" not in resource:
            return resource
        return {**resource, "provision": self.rewritten(resource["provision"])}

    def rewritten(self, rule: Resource) -> Resource:
        changed: Resource = {name: self.shown_period(rule[name]) for name in ("period", "dataPeriod") if name in rule}
        inner = {"provision": [self.rewritten(each) for each in rule["provision"]]} if "provision" in rule else {}
        return {**rule, **changed, **inner}

    def shown_period(self, period: Period) -> Period:
        return {name: self.bound(value) if "T" in value else value for name, value in period.items()}

    def bound(self, written: str) -> str:
        """Return a bound with a time of day in another form."""
        return written


class PeriodsAreNormalised(_Written, name="periods-are-normalised"):
    """Times in periods are shown in UTC: the same instants (http.html#update asks for the same content, SHOULD)."""

    def bound(self, written: str) -> str:
        return datetime.fromisoformat(written).astimezone(UTC).isoformat().replace("+00:00", "Z")


class PeriodsAreShownInAnotherZone(_Written, name="periods-are-shown-in-another-zone"):
    """Times in periods are shown as in India: the same instants, by another offset (datatypes.html#dateTime)."""

    def bound(self, written: str) -> str:
        return datetime.fromisoformat(written).astimezone(ZoneInfo("Asia/Kolkata")).isoformat()


class MillisecondsAreAdded(_Written, name="milliseconds-are-added"):
    """Times in periods are shown with .000: seconds and decimals are one precision (FHIRPath 6.1.1)."""

    def bound(self, written: str) -> str:
        return f"{written[:19]}.000{written[19:]}" if written[19:20] != "." else written


class PeriodsHaveIds(_Written, name="periods-have-ids"):
    """Periods are shown with an id and an extension: any element may have both (element.html)."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        for number, period in enumerate(self.shown_periods(resource.get("provision") or {}), 1):
            period["id"] = f"p{number}"
        return resource

    def shown_periods(self, rule: Resource) -> Iterator[Period]:
        yield from (rule[name] for name in ("period", "dataPeriod") if name in rule)
        for inner in rule.get("provision", ()):
            yield from self.shown_periods(inner)

    def shown_period(self, period: Period) -> Period:
        own = {"url": "http://example.org/StructureDefinition/entered-at", "valueString": "desk 4"}
        return {"extension": [own], **period}


class _Ruled(Variation):
    """Has a business rule of its own about periods (http.html#update: 422)."""

    def business_complaints(self, write: Write) -> Iterator[str]:
        yield from super().business_complaints(write)
        if write.route.type == "Consent":
            new = (write.resource.get("provision") or {}).get(self.validity) or {}
            old = (write.previous.content.get("provision") or {}).get(self.validity) or {} if write.previous else {}
            yield from self.minds(new, old)

    def minds(self, new: Period, old: Period) -> Iterator[str]:
        raise NotImplementedError


class PastEndsAreRefused(_Ruled, name="past-ends-are-refused"):
    """An end that has passed is refused: no source says that it may be set."""

    def minds(self, new: Period, old: Period) -> Iterator[str]:
        today = str(self.clock().date())
        if new.get("end") and new["end"][:10] < today and new.get("end") != old.get("end") and "T" not in new["end"]:
            yield "the end has passed"


class EndsStay(_Ruled, name="ends-stay", packs=("nll-2019", "nll-2023")):
    """An end that was set can neither be moved nor removed: no source says that it can."""

    def minds(self, new: Period, old: Period) -> Iterator[str]:
        if old.get("end") and new.get("end") != old["end"]:
            yield "the consent has an end"


class BothBoundsAreNeededToEnd(_Ruled, name="a-start-is-needed", packs=R4):
    """A period without start is refused with 422: a server may have rules of business (http.html#create)."""

    def minds(self, new: Period, old: Period) -> Iterator[str]:  # noqa: ARG002 - as in _Ruled
        if "end" in new and "start" not in new:
            yield "a consent has a first day"


class OneDayIsTooShort(_Ruled, name="one-day-is-too-short"):
    """A period of one day is refused with 422: a server may have rules of business (http.html#create)."""

    def minds(self, new: Period, old: Period) -> Iterator[str]:  # noqa: ARG002 - as in _Ruled
        if new.get("start") and new.get("start", "")[:10] == new.get("end", "")[:10]:
            yield "a consent lasts two days or more"


class UnlikePrecisionsAreRefused(Variation, name="unlike-precisions-are-refused"):
    """A start with a time on the day of a date-only end is refused as HL7's validator does: per-1 has no answer."""

    def complaints(self, resource: Resource, route: Any) -> list[str]:
        minded = super().complaints(resource, route)
        provision = resource.get("provision")
        period = provision.get(self.validity) if isinstance(provision, dict) else None
        bounds = period if isinstance(period, dict) else {}
        start, end = str(bounds.get("start", "")), str(bounds.get("end", ""))
        unlike = start and end and len(start) != len(end) and (start.startswith(end) or end.startswith(start))
        return [*minded, "per-1: cannot compare start and end"] if unlike else minded


class PlainDatesOnly(Variation, name="plain-dates-only", packs=("nll-2019", "nll-2023")):
    """Bounds other than plain dates are refused: the page's examples have no others, and rules may be stricter."""

    def check_write(self, write: Write) -> None:
        period = (write.resource.get("provision") or {}).get(self.validity) or {}
        bounds = [period[name] for name in ("start", "end") if name in period]
        if write.route.type == "Consent" and any(len(bound) != len("2031-12-02") for bound in bounds):
            raise Refused(400, "value", "a period is from a day to a day")
        super().check_write(write)


class _Searched(Variation):
    """Reads the prefixes of a date search in another way that the wording allows."""

    def matches_date(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        prefix, written = dates.split_prefix(wanted)
        target = self.searched_range(value)
        return self.reads(target, prefix, dates.span(written), usual=super().matches_date(value, criterion, wanted))

    def reads(self, target: dates.Range, prefix: str, sought: tuple[int, int], *, usual: bool) -> bool:
        raise NotImplementedError


class PrefixesReachBeyondTheValue(_Searched, name="prefixes-reach-beyond-the-value", packs=R4):
    """ge and le look beyond the value, or for what is contained in it: so the page says, word for word."""

    def reads(self, target: dates.Range, prefix: str, sought: tuple[int, int], *, usual: bool) -> bool:
        beyond = {"ge": "gt", "le": "lt"}.get(prefix)
        if beyond is None:
            return usual
        now = self.clock()
        return dates.relates(target, beyond, sought, now=now) or dates.relates(target, "eq", sought, now=now)


class PrefixesReachFromTheValue(_Searched, name="prefixes-reach-from-the-value", packs=R4):
    """gt reaches from the first instant of the value and lt to its last: "the range above the value" can mean both."""

    def reads(self, target: dates.Range, prefix: str, sought: tuple[int, int], *, usual: bool) -> bool:
        return dates.relates(target, "ge", sought, now=self.clock()) if prefix == "gt" else usual


class FewPrefixes(Variation, name="few-prefixes", packs=R4):
    """The prefixes ne, sa, eb and ap are refused: R4 obliges no server to have them all."""

    def check_values(self, criterion: Criterion) -> None:
        super().check_values(criterion)
        if criterion.name == "period":
            for value in criterion.values:
                if dates.split_prefix(value)[0] in {"ne", "sa", "eb", "ap"}:
                    raise Refused(400, "not-supported", "there are the prefixes gt, ge, lt and le")


class NestedPeriodsAreSearched(Variation, name="nested-periods-are-searched", packs=R4):
    """Rules within rules are searched by period too: later versions of FHIR say so (consent.html#search)."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        found = super().searched_values(stored, parameter)
        if parameter.name != "period":
            return found
        return [*found, *_inner_periods(stored.content.get("provision") or {})]


def _inner_periods(rule: Resource) -> Iterator[Period]:
    for each in rule.get("provision", []):
        if "period" in each:
            yield each["period"]
        yield from _inner_periods(each)


class EndsArePoints(Variation, name="ends-are-points", packs=R4):
    """An end to the second is a point and not a second long: the page leaves it open (datatypes.html#Period)."""

    def searched_range(self, value: Any) -> dates.Range:
        start, end = super().searched_range(value)
        exact = isinstance(value, dict) and "T" in value.get("end", "")
        return (start, end - dates.SECOND + 1) if exact and end is not None else (start, end)


class DatesLiveInSweden(Variation, name="dates-live-in-sweden", packs=R4):
    """Dates without zone are read in Swedish time: whose midnight a date means is the server's (search.html#date)."""

    zone = "Europe/Stockholm"

    def matches_date(self, value: Any, criterion: Criterion, wanted: str) -> bool:  # noqa: ARG002 - as in Searching
        prefix, written = dates.split_prefix(wanted)
        return dates.relates(self.searched_range(value), prefix, self.local(written), now=self.clock())

    def searched_range(self, value: Any) -> dates.Range:
        if not isinstance(value, dict):
            return self.local(value)
        start, end = value.get("start"), value.get("end")
        return (self.local(start)[0] if start else None, self.local(end)[1] if end else None)

    def local(self, written: str) -> tuple[int, int]:
        """Return the range of a written date, by the clocks of the zone."""
        low, high = dates.span(written)
        return (low, high) if "T" in written else (low - self.offset(low), high - self.offset(high))

    def offset(self, midnight: int) -> int:
        """Return the zone's offset, in microseconds, at a midnight of its own."""
        ordinal = min(max(1, midnight // dates.DAY), date.max.toordinal())  # 9999 ends where the calendar does
        day = datetime.fromordinal(ordinal).replace(tzinfo=ZoneInfo(self.zone))
        behind = day.utcoffset()
        return int(behind.total_seconds()) * dates.SECOND if behind is not None else 0
