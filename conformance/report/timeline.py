"""Draws the period that was expected above the one that was found, when a failure is about a period."""

from __future__ import annotations

import calendar
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_OBJECT = re.compile(r"\{[^{}]*\"(?:start|end)\"[^{}]*\}")
_BECAME = re.compile(r"[pP]eriod\.(start|end): (nothing|[\w\":.+-]+) became (nothing|[\w\":.+-]+)")
_BOUND = re.compile(r"\b(?:the|no|a) (start|end)\b(?: \"?(\d{4}[\w:.+-]*)\"?)?")
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$")
WIDTH = 640.0
_LEFT, _RIGHT = 90.0, 610.0
_LETTER = 7.3
"""Width of a letter of a date."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One period on the axis, in the drawing's units. A side that is open runs to the edge, as one that is not told."""

    label: str
    start: str
    end: str
    x: float
    width: float
    opens_left: bool
    opens_right: bool

    @property
    def labels(self) -> tuple[tuple[str, float], ...]:
        """Texts below the bar with their left edges: start and end, side by side, both within the drawing."""
        start, end = len(self.start) * _LETTER, len(self.end) * _LETTER
        left = min(self.x, WIDTH - start)
        right = max(0.0, min(self.x + self.width, WIDTH) - end)
        if self.start and self.end and right < left + start + _LETTER:
            left = max(0.0, min(left, WIDTH - start - end - 4 * _LETTER))
            return ((f"{self.start} to {self.end}", round(left, 1)),)
        return tuple((text, round(at, 1)) for text, at in ((self.start, left), (self.end, right)) if text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """How far apart two starts or two ends are, such as `the end is 2 h later`, and from where to where."""

    label: str
    x: float
    width: float

    @property
    def label_x(self) -> float:
        """The left edge of the label: below its stretch, within the drawing."""
        length = len(self.label) * _LETTER
        return round(min(max(0.0, self.x + self.width / 2 - length / 2), WIDTH - length), 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """Expected above actual on one axis, and below them how far apart they are, where that can be told."""

    bars: tuple[Bar, Bar]
    gaps: tuple[Gap, ...] = ()

    @property
    def described(self) -> str:
        """The same in words, for who cannot see it."""
        told = [f"{bar.label}: {f'{bar.start} to {bar.end}'.strip()}" for bar in self.bars]
        return "; ".join([*told, *(gap.label for gap in self.gaps)])


def timeline(expected: str, actual: str) -> Timeline | None:
    """A drawing when both texts tell a period, None otherwise."""
    wanted, found = _both(expected, actual)
    if not (wanted or found) or wanted is None or found is None or wanted == found:
        return None
    whole = _OBJECT.search(expected) or _OBJECT.search(actual)
    told = {"start", "end"} if whole else wanted.keys() | found.keys()
    moments = [_moment(text, last=bound == "end") for one in (wanted, found) for bound, text in one.items()]
    known = [moment for moment in moments if moment is not None]
    if len(known) < len(moments):
        return None
    first, last = min(known), max(known)
    span = max((last - first).total_seconds(), 1.0)

    def x(moment: datetime) -> float:
        share = 0.5 if first == last else (moment - first).total_seconds() / span
        return _LEFT + (0.12 + 0.76 * share) * (_RIGHT - _LEFT)

    def bar(label: str, period: dict[str, str]) -> Bar:
        start, end = period.get("start", ""), period.get("end", "")
        begins, ends = _moment(start, last=False), _moment(end, last=True)
        left = x(begins) if begins else _LEFT
        right = x(ends) if ends else _RIGHT
        return Bar(
            label=label,
            start=start or ("open" if "start" in told else ""),
            end=end or ("open" if "end" in told else ""),
            x=round(left, 1),
            width=round(max(right - left, 3.0), 1),
            opens_left=begins is None and "start" in told,
            opens_right=ends is None and "end" in told,
        )

    def gap(bound: str) -> Gap | None:
        one, other = wanted.get(bound, ""), found.get(bound, "")
        before, after = _moment(one, last=bound == "end"), _moment(other, last=bound == "end")
        if before is None or after is None or not _alike(one, other) or before == after:
            return None
        label = f"the {bound} is {_lasting(abs(after - before))} {'later' if after > before else 'earlier'}"
        return Gap(label=label, x=round(min(x(before), x(after)), 1), width=round(abs(x(after) - x(before)), 1))

    gaps = tuple(found_gap for bound in ("start", "end") if (found_gap := gap(bound)))
    return Timeline(bars=(bar("expected", wanted), bar("actual", found)), gaps=gaps)


def _alike(one: str, other: str) -> bool:
    """Whether two dates can be subtracted: both are whole days or longer, or both are moments with an offset."""
    first, second = _DATE.match(one), _DATE.match(other)
    if first is None or second is None:
        return False
    return bool(first[7]) == bool(second[7]) and all(bool(match[7]) == bool(match[4]) for match in (first, second))


def _lasting(span: timedelta) -> str:
    """A span in its two largest units: `2 h`, `1 d 3 h`."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    units = ((span.days, "d"), (hours % 24, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join([f"{number} {unit}" for number, unit in units if number][:2])


def _both(expected: str, actual: str) -> tuple[dict[str, str] | None, dict[str, str] | None]:
    """The periods that the two texts tell; what `became` another thing in the actual one may leave the rest unsaid."""
    wanted, found = _period(expected), _period(actual)
    changes = _BECAME.findall(actual)
    if changes:
        before = {bound: text.strip('"') for bound, text, _ in changes if text != "nothing"}
        after = {bound: text.strip('"') for bound, _, text in changes if text != "nothing"}
        wanted = {**(wanted or {}), **before}
        found = {bound: text for bound, text in wanted.items() if bound not in {change[0] for change in changes}}
        return wanted, {**found, **after}
    if wanted and found is None and actual.strip() in {"none", "nothing", "null"}:
        return wanted, {}
    return wanted, found


def _period(text: str) -> dict[str, str] | None:
    match = _OBJECT.search(text)
    if match is None:
        bounds = _BOUND.findall(text)
        return {bound: date for bound, date in bounds if date} if bounds else None
    try:
        value = json.loads(match[0])
    except (ValueError, RecursionError):
        return None
    return {bound: value[bound] for bound in ("start", "end") if isinstance(value.get(bound), str)}


def _moment(text: str, *, last: bool) -> datetime | None:
    """The first or last moment that a FHIR date or dateTime covers; without a zone it is taken as UTC, for drawing."""
    match = _DATE.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    try:
        number = int(month or (12 if last else 1))
        number_of_day = int(day or (calendar.monthrange(int(year), number)[1] if last else 1))
        if hour is None:
            moment = datetime(int(year), number, number_of_day, tzinfo=UTC)
            return moment + timedelta(days=1) if last else moment
        offset = "+00:00" if zone in {None, "Z"} else zone
        return datetime.fromisoformat(f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{offset}")
    except (ValueError, OverflowError):
        return None
