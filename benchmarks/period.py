"""How many questions about periods one core answers in a second. Each call has texts of its own; nothing is cached.

    python benchmarks/period.py [number of calls]

Prints one line per question and kind of text: the best of five rounds, in calls per second of processor time.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator

from conformance.period import in_force, order, same, search_matches

ROUNDS = 5
ZONES = ("UTC", "Europe/Stockholm", "Asia/Kolkata", "Pacific/Chatham", "America/New_York", "Pacific/Apia", None)
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")


class Texts:
    """Distinct dates, and times with an offset, from 1990 to 2040."""

    def __init__(self, kind: str) -> None:
        self.dice = random.Random(kind)  # noqa: S311 - cases, not keys
        self.kind = kind

    def date(self) -> str:
        return f"{self.dice.randint(1990, 2040)}-{self.dice.randint(1, 12):02}-{self.dice.randint(1, 28):02}"

    def time(self) -> str:
        seconds = self.dice.randrange(86_400)
        decimals = f".{self.dice.randrange(10**6):06}" if self.kind == "decimals" else ""
        offset = self.dice.choice(("Z", "+02:00", "-05:00"))
        return f"{self.date()}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{decimals}{offset}"

    def bound(self) -> str:
        if self.kind == "mixed":
            return self.dice.choice((self.date, self.time))()
        return self.date() if self.kind == "dates" else self.time()

    def period(self) -> dict[str, str]:
        start, end = sorted((self.bound(), self.bound()))
        return {"start": start, "end": end}


def calls(question: str, kind: str, number: int) -> Iterator[tuple[object, ...]]:
    texts = Texts(kind)
    for _ in range(number):
        zone = texts.dice.choice(ZONES)
        match question:
            case "in_force":
                yield texts.period(), texts.time(), zone
            case "search_matches":
                yield texts.period(), texts.dice.choice(PREFIXES) + texts.bound(), zone
            case "order":
                yield texts.period(), zone
            case _:
                yield texts.period(), texts.period()


def calls_per_second(function: Callable[..., object], arguments: list[tuple[object, ...]]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        before = time.process_time()
        for each in arguments:
            function(*each)
        best = min(best, time.process_time() - before)
    return len(arguments) / best


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    for function in (in_force, search_matches, order, same):
        for kind in ("dates", "times", "decimals", "mixed"):
            rate = calls_per_second(function, list(calls(function.__name__, kind, number)))
            print(f"{function.__name__:15} {kind:9} {rate:10,.0f} calls/s")


if __name__ == "__main__":
    main()
