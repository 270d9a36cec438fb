"""per-1: whether the start of a period is not after its end, by `conformance.period`, with a short cut in front."""

from __future__ import annotations

from conformance.validation.primitives import date_time


def order(start: str, end: str) -> str:
    """`ok`, `violation` or `undetermined`; what is no dateTime is nobody's violation of per-1: `ok`."""
    if start <= end and len(start) == len(end) and start[19:] == end[19:]:
        return "ok"  # same shape and zone: the order of the text is the order of time
    if date_time(start) is not True or date_time(end) is not True:
        return "ok"
    from conformance.period import order as order_of_period  # noqa: PLC0415 - most documents never need it

    try:
        return order_of_period({"start": start, "end": end}, None)
    except (ValueError, OverflowError):
        return "undetermined"
