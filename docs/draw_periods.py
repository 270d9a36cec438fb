"""Draw the intervals of docs/period-end.md: `python docs/draw_periods.py` writes docs/period/*.svg.

What is drawn is asked of `conformance.period`, so that a drawing says what the suite judges. Colours suit light and
dark pages; what is open is hatched, so that no meaning hangs on a colour.
"""
# ruff: noqa: INP001 - a script, not a package

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from conformance.period import in_force, search_matches

FOLDER = Path(__file__).parent / "period"
WIDTH, ROW, TOP, LEFT, RIGHT = 760, 34, 44, 210, 40

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .code { font-family: ui-monospace, monospace; font-size: 12px; }
  .quiet { fill: #59636e; font-size: 12px; }
  .grid { stroke: #d1d9e0; }
  .value { fill: #0969da; opacity: 0.14; }
  .yes { fill: #1a7f37; }
  .ambiguous { fill: url(#open); stroke: #9a6700; }
  .hatch { stroke: #9a6700; }
  .none { fill: none; stroke: #59636e; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .quiet { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .value { fill: #4493f8; opacity: 0.25; }
    .yes { fill: #3fb950; }
    .ambiguous { stroke: #d29922; }
    .hatch { stroke: #d29922; }
    .none { stroke: #9198a1; }
  }
"""
HATCH = """<defs><pattern id="open" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
    <line class="hatch" x1="0" y1="0" x2="0" y2="6" stroke-width="2.5"/></pattern></defs>"""

Period = dict[str, str]


class Axis:
    """A line of time from left to right, with a tick each `tick`."""

    def __init__(self, first: str, last: str, *, tick: timedelta, label: str) -> None:
        self.first = datetime.fromisoformat(first)
        self.last = datetime.fromisoformat(last)
        self.tick = tick
        self.label = label

    def x(self, moment: datetime, right: int = RIGHT) -> float:
        return round(LEFT + (moment - self.first) / (self.last - self.first) * (WIDTH - LEFT - right), 1)

    def ticks(self) -> Iterator[datetime]:
        moment = self.first
        while moment <= self.last:
            yield moment
            moment += self.tick

    def segments(self, answer: Callable[[str], str], steps: int = 1200) -> Iterator[tuple[datetime, datetime, str]]:
        """Ask at that many moments, and gather neighbours with the same answer."""
        step = (self.last - self.first) / steps
        asked = [(self.first + step * number) for number in range(steps)]
        for found, moments in groupby(
            asked, key=lambda moment: answer(moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        ):
            gathered = list(moments)
            yield gathered[0], gathered[-1] + step, found


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{style}>{escape(words)}</text>'


def picture(title: str, description: str, rows: int, body: Sequence[str]) -> str:
    height = TOP + rows * ROW + 34
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t d">',
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(description)}</desc>',
        f"<style>{STYLE}</style>",
        HATCH,
        *body,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def grid(axis: Axis, rows: int, right: int = RIGHT) -> Iterator[str]:
    bottom = TOP + rows * ROW
    for moment in axis.ticks():
        x = axis.x(moment, right)
        yield f'<line class="grid" x1="{x}" y1="{TOP - 8}" x2="{x}" y2="{bottom}"/>'
        yield text(x, TOP - 16, moment.strftime(axis.label), "quiet", "middle")


def bars(axis: Axis, number: int, answer: Callable[[str], str], *, right: int = RIGHT) -> Iterator[str]:
    """One row: a bar where the answer is yes, a hatched one where it is open, an arrow where it runs on."""
    y = TOP + number * ROW + 6
    for first, last, found in axis.segments(answer):
        if found == "no":
            continue
        x, end = axis.x(first, right), axis.x(last, right)
        yield f'<rect class="{found}" x="{x}" y="{y}" width="{round(end - x, 1)}" height="{ROW - 14}" rx="2"/>'
        middle, tip = y + (ROW - 14) / 2, 9
        if last >= axis.last:
            yield f'<path class="{found}" d="M{end} {y - 3} L{end + tip} {middle} L{end} {y + ROW - 11} Z"/>'
        if first <= axis.first:
            yield f'<path class="{found}" d="M{x} {y - 3} L{x - tip} {middle} L{x} {y + ROW - 11} Z"/>'


def legend(rows: int, *, open_means: str = "") -> Iterator[str]:
    y = TOP + rows * ROW + 14
    yield f'<rect class="yes" x="{LEFT}" y="{y}" width="22" height="11" rx="2"/>'
    yield text(LEFT + 30, y + 10, "in force", "quiet")
    if open_means:
        yield f'<rect class="ambiguous" x="{LEFT + 110}" y="{y}" width="22" height="11" rx="2"/>'
        yield text(LEFT + 140, y + 10, open_means, "quiet")


def label(number: int, words: str, kind: str = "code") -> str:
    return text(8, TOP + number * ROW + 21, words, kind)


def precision() -> str:
    axis = Axis("2019-12-01T18:00+01:00", "2019-12-03T06:00+01:00", tick=timedelta(hours=6), label="%d Dec %H:00")
    ends = ("2019-12-02T00:00:00+01:00", "2019-12-02T10:00:00+01:00", "2019-12-02", "2019-12", "2019")
    body = [*grid(axis, len(ends)), *legend(len(ends)), label(-1, "end (times in UTC+1)", "quiet")]
    for number, end in enumerate(ends):
        body += [label(number, end), *bars(axis, number, lambda at, end=end: in_force({"end": end}, at, "Etc/GMT-1"))]
    return picture(
        "An end covers all that matches it",
        "A time ends at its instant, a date with its day, a month with its last day, a year with its last day. "
        "Midnight written as a time ends a whole day before the date does.",
        len(ends),
        body,
    )


def zone() -> str:
    axis = Axis("2019-11-30T00:00Z", "2019-12-05T00:00Z", tick=timedelta(days=1), label="%d %b 00:00Z")
    zones = ("Pacific/Kiritimati", "Europe/Stockholm", "America/New_York", "Pacific/Niue", None)
    period = {"start": "2019-12-01", "end": "2019-12-03"}
    body = [*grid(axis, len(zones)), *legend(len(zones), open_means="depends on the zone: either answer is accepted")]
    for number, name in enumerate(zones):
        body += [
            label(number, name or "not declared", "code" if name else ""),
            *bars(axis, number, lambda at, name=name: in_force(period, at, name)),
        ]
    return picture(
        "A date has no zone",
        "A consent from 2019-12-01 to 2019-12-03 begins and ends at other instants in other zones. Where no zone is "
        "declared, 26 hours around the start and 26 hours around the end are left open.",
        len(zones),
        body,
    )


def bounds() -> str:
    axis = Axis("2019-01-01T00:00Z", "2021-01-01T00:00Z", tick=timedelta(days=182.75), label="%Y-%m")
    periods: tuple[Period, ...] = (
        {"start": "2019-07-01", "end": "2020-06-15"},
        {"start": "2019-07-01"},
        {"end": "2020-06-15"},
        {},
        {"start": "2020-06-16", "end": "2020-06-15"},
    )
    body = [*grid(axis, len(periods)), *legend(len(periods))]
    for number, period in enumerate(periods):
        start, end = period.get("start", "…"), period.get("end", "…")
        body += [
            label(number, f"{start} to {end}") if period else label(number, "no period at all", ""),
            *bars(axis, number, lambda at, period=period: in_force(period, at, "UTC")),
        ]
    body.append(text(LEFT + 8, TOP + 4 * ROW + 21, "ends before it starts: never in force", "quiet"))
    return picture(
        "A missing bound does not end anything",
        "Without an end a consent runs on, without a start it has always run, without a period time sets no limit. "
        "One that ends before it starts is never in force.",
        len(periods),
        body,
    )


def mark(x: float, number: int, answer: str) -> str:
    kind = {"yes": "yes", "no": "none", "ambiguous": "ambiguous"}[answer]
    return f'<circle class="{kind}" cx="{x}" cy="{TOP + number * ROW + 16}" r="6"/>'


def search() -> str:
    axis = Axis("2020-06-12T00:00Z", "2020-06-19T00:00Z", tick=timedelta(days=1), label="%d")
    prefixes = ("eq", "ne", "lt", "gt", "le", "ge", "sa", "eb")
    periods: tuple[Period, ...] = (
        {"start": "2020-06-13", "end": "2020-06-14"},
        {"start": "2020-06-13", "end": "2020-06-15"},
        {"start": "2020-06-15", "end": "2020-06-15"},
        {"start": "2020-06-15", "end": "2020-06-17"},
        {"start": "2020-06-16", "end": "2020-06-17"},
        {"start": "2020-06-14"},
    )
    right = 30 + len(prefixes) * 30
    rows = len(periods)
    sought, after = (axis.x(datetime(2020, 6, day, tzinfo=UTC), right) for day in (15, 16))
    width = round(after - sought, 1)
    body = [
        f'<rect class="value" x="{sought}" y="{TOP - 8}" width="{width}" height="{rows * ROW + 8}"/>',
        *grid(axis, rows, right),
        label(-1, "period=…2020-06-15"),
    ]
    for column, prefix in enumerate(prefixes):
        x = WIDTH - right + 36 + 30 * column
        body.append(text(x, TOP - 16, prefix, "code", "middle"))
        body += [
            mark(x, row, search_matches(period, f"{prefix}2020-06-15", None)) for row, period in enumerate(periods)
        ]
    for row, period in enumerate(periods):
        words = (
            f"{period['start'][8:]} to {period['end'][8:]} June"
            if "end" in period
            else f"from {period['start'][8:]} June"
        )
        body += [
            label(row, words, ""),
            *bars(axis, row, lambda at, period=period: in_force(period, at, "UTC"), right=right),
        ]
    for x, answer, words in (
        (LEFT, "yes", "found"),
        (LEFT + 80, "no", "not found"),
        (LEFT + 180, "ambiguous", "either"),
    ):
        body += [mark(x + 6, rows, answer), text(x + 20, TOP + rows * ROW + 20, words, "quiet")]
    return picture(
        "What a search by period finds",
        "Six consents around the 15th of June 2020, and which of the prefixes eq, ne, lt, gt, le, ge, sa and eb find "
        "them when that day is searched for.",
        rows,
        body,
    )


DRAWINGS = {"precision.svg": precision, "zone.svg": zone, "bounds.svg": bounds, "search.svg": search}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, draw in DRAWINGS.items():
        (FOLDER / name).write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
