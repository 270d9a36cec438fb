"""Generated periods, instants, search values and zones, crowded around the edges where answers change."""

import functools
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap", "")
OFFSETS = ("Z", "Z", "+00:00", "-00:00", "+01:00", "+02:00", "-05:00", "+05:45", "+12:45", "+14:00", "-12:00", "-14:00")
TIMES = ("00:00:00", "00:00:01", "23:59:59", "23:59:60", "10:00:00", "09:59:59", "12:00:00", "11:59:59", "02:30:00")
DECIMALS = ("", "", "", ".0", ".000", ".5", ".999", ".001", ".123456789", ".999999999999", ".000000000000000000001")
STEPS = (0, 0, 0, 1, -1, 60, -60, 3600, -3600, 12 * 3600, -12 * 3600, -14 * 3600, 86_400, -86_400)

ZONES = (
    None,
    "UTC",
    "Europe/Stockholm",
    "Europe/London",
    "Asia/Kolkata",
    "Asia/Beirut",  # puts its clock back from midnight to the day before
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Niue",
    "Pacific/Apia",  # left out 2011-12-30
    "America/New_York",
    "America/Sao_Paulo",  # days without midnight
    "America/St_Johns",  # put its clock back at one minute past midnight
    "America/Havana",
    "Australia/Lord_Howe",  # half an hour of summer time
)
EDGES = ("0001-01-01", "0001-12-31", "9999-01-01", "9999-12-31", "2020-02-29", "1900-02-28", "2000-02-29", "2016-12-31")


@dataclass(frozen=True)
class Case:
    period: dict[str, str]
    read_back: dict[str, str]
    instant: str
    value: str
    zone: str | None


def generated_case(seed: str) -> Case:
    """The case of that seed, on any machine."""
    dice = random.Random(seed)  # noqa: S311 - cases, not keys
    zone = dice.choice(ZONES) if dice.random() < 0.6 else None
    around = base_day(dice, zone)
    crowd = dice.random()
    if crowd < 0.04:
        return within_one_minute(dice, around, zone)
    if crowd < 0.08:
        return as_long_as_a_day(dice, around)
    # A time without zone is no dateTime; servers of 2019 store it. Rare, since the answers say little.
    bounds = [written(dice, around, zoneless=0.04) for _ in range(2)]
    if dice.random() < 0.15:
        bounds[1] = bounds[0]
    instant, value = near(dice, dice.choice(bounds), around), sought(dice, bounds, around)
    if any(is_zoneless(text) for text in (*bounds, value)):
        bounds, instant, value = [*map(without_leap_second, bounds)], *map(without_leap_second, (instant, value))
    period = some_of(dice, bounds)
    return Case(
        period=period,
        read_back={name: rewritten(dice, text) for name, text in period.items() if dice.random() < 0.95},
        instant=instant,
        value=dice.choice(PREFIXES) + value,
        zone=zone,
    )


def some_of(dice: random.Random, bounds: list[str]) -> dict[str, str]:
    kept = dice.choice(((0, 1), (0, 1), (0, 1), (0, 1), (0,), (1,), ()))
    return {("start", "end")[index]: bounds[index] for index in kept}


def within_one_minute(dice: random.Random, day: date, zone: str | None) -> Case:
    """Times that differ in seconds and decimals only, the leap second among them."""
    hour, offset = dice.choice(("10:00", "23:59")), dice.choice(OFFSETS)
    zoneless = zone is None and dice.random() < 0.5

    def moment(zone: str) -> str:
        second = dice.choice(("00", "30", "58", "59", "59", "60", "60"))
        text = f"{day}T{hour}:{second}{dice.choice(DECIMALS)}{zone}"
        return without_leap_second(text) if zoneless else text

    bounds = [moment("" if zoneless else offset) for _ in range(2)]
    period = some_of(dice, bounds)
    return Case(
        period=period,
        read_back={name: dice.choice((text, moment(text[19:].lstrip(".0123456789")))) for name, text in period.items()},
        instant=moment(offset),
        value=dice.choice(PREFIXES) + moment(offset),
        zone=zone,
    )


def as_long_as_a_day(dice: random.Random, day: date) -> Case:
    """A period of 23, 24 or 25 hours, give or take a second, and a date that may contain it."""
    day = min(max(day, date(1, 1, 3)), date(9999, 12, 28))
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=15 * dice.randrange(-56, 56))
    end = start + timedelta(hours=dice.choice((23, 24, 25)), seconds=dice.choice((-60, -2, -1, 0, 1)))
    bounds = [f"{moment:%H:%M:%S}".join((f"{moment.date()}T", "Z")) for moment in (start, end)]
    return Case(
        period=dict(zip(("start", "end"), bounds, strict=True)),
        read_back={},
        instant=bounds[0],
        value=dice.choice(("eq", "ne", "")) + dice.choice((str(day), bounds[0], written(dice, day, zoneless=0))),
        zone=None,
    )


def base_day(dice: random.Random, zone: str | None) -> date:
    chance = dice.random()
    if chance < 0.1:
        return date.fromisoformat(dice.choice(EDGES))
    if chance < 0.55:
        return dice.choice(nights(zone or dice.choice(ZONES[1:])))
    return date(dice.randint(1971, 2090), 1, 1) + timedelta(days=dice.randint(0, 365))


@functools.cache
def nights(zone: str) -> list[date]:
    """Days around which the zone puts its clock, 1971 to 2037; some day if it never does."""
    place = ZoneInfo(zone)
    noons = [datetime(1971, 1, 1, 12, tzinfo=UTC) + timedelta(days=days) for days in range(67 * 365)]
    offsets = [noon.astimezone(place).utcoffset() for noon in noons]
    return [noons[i].date() for i in range(1, len(noons)) if offsets[i] != offsets[i - 1]] or [date(2020, 6, 15)]


def written(dice: random.Random, around: date, *, zoneless: float) -> str:
    """A year, month, date or time within some days of a day."""
    day = shifted(around, dice.choice((-400, -31, -2, -1, -1, 0, 0, 0, 0, 1, 1, 2, 31, 400)))
    form = dice.random()
    if form < 0.05:
        return day.isoformat()[:4]
    if form < 0.12:
        return day.isoformat()[:7]
    if form < 0.5:
        return day.isoformat()
    zone = "" if dice.random() < zoneless and 1 < day.year < 9999 else dice.choice(OFFSETS)
    return f"{day.isoformat()}T{clock(dice)}{dice.choice(DECIMALS)}{zone}"


def is_zoneless(text: str) -> bool:
    return "T" in text and not text.endswith("Z") and text[-6] not in "+-"


def without_leap_second(text: str) -> str:
    """Beside a time without zone there is none: nobody knows which minute of UTC that time lies in."""
    return text.replace(":60", ":59")


def clock(dice: random.Random) -> str:
    if dice.random() < 0.7:
        return dice.choice(TIMES)
    return f"{dice.randrange(24):02}:{dice.choice((0, 15, 30, 59)):02}:{dice.choice((0, 1, 30, 59)):02}"


def shifted(day: date, days: int) -> date:
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def near(dice: random.Random, text: str, around: date) -> str:
    """A time with offset: at a bound, or a step away from it, written in some offset; or anywhere near."""
    if dice.random() < 0.3 or not 1 < int(text[:4]) < 9999:
        return (
            f"{shifted(around, dice.choice((-1, 0, 0, 1)))}T{clock(dice)}{dice.choice(DECIMALS)}{dice.choice(OFFSETS)}"
        )
    day = text[:10] + "-01-01"[len(text[:10]) - 4 :] if len(text) < 10 else text[:10]
    time = text[11:19].replace(":60", ":59") or "00:00:00"
    zone = text[19:].lstrip(".0123456789")
    decimals = text[19 : len(text) - len(zone)] if zone else ""
    moment = datetime.fromisoformat(f"{day}T{time}{zone or dice.choice(OFFSETS)}") + timedelta(
        seconds=dice.choice(STEPS), days=0 if zone else dice.choice((0, 1))
    )
    offset = dice.choice(OFFSETS)
    there = moment.astimezone(datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo)
    return f"{there:%H:%M:%S}".join((f"{there.date()}T", dice.choice((decimals, *DECIMALS)) + offset))


def sought(dice: random.Random, bounds: list[str], around: date) -> str:
    """What follows the prefix: a bound itself, a time near it, to the minute or without zone now and then."""
    chance = dice.random()
    if chance < 0.1:
        return dice.choice(bounds)
    if chance < 0.55:
        return written(dice, around, zoneless=0.1)
    text = near(dice, dice.choice(bounds), around)
    if dice.random() < 0.15:
        text = text[:16] + text[19:].lstrip(".0123456789")
    if dice.random() < 0.1 and 1 < int(text[:4]) < 9999:
        text = text.rstrip("Z") if text.endswith("Z") else text[:-6]
    return text


def rewritten(dice: random.Random, text: str) -> str:
    """What a server may hand back: the same, otherwise written, or something else."""
    chance = dice.random()
    if len(text) < 19 or chance < 0.3:
        return dice.choice((text, text, text[:7], f"{text}T00:00:00Z" if len(text) == 10 else text))
    zone = text[19:].lstrip(".0123456789")
    if chance < 0.5:
        decimals = text[19 : len(text) - len(zone)] or "."
        return text[:19] + dice.choice((decimals + "00", decimals + "1")) + zone
    if chance < 0.6:
        return text[:19] + zone
    return near(dice, text, date.fromisoformat(text[:10]))
