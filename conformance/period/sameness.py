"""Whether a period that was read back is the one that was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.period import written

if TYPE_CHECKING:
    from collections.abc import Mapping


def same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Say whether two periods have the same instants and the same precision.

    http, update: a server returns what was submitted. An offset written otherwise (`+01:00` and `Z`) and closing zeros
    of decimals change neither; FHIRPath 6.1.1 makes seconds and decimals one precision. A date that became a time did
    change, and so did a time without zone that was given one: nothing says that it is the same instant. A ValueError
    names a bound that is no dateTime.
    """
    ours, theirs = (written.bounds(period, written.stored_date_time) for period in (a, b))
    return all(_same(one, other) for one, other in zip(ours, theirs, strict=True))


def _same(one: written.Written | None, other: written.Written | None) -> bool:
    if one is None or other is None:
        return one is other
    alike = one.parts == other.parts and (one.offset is None) is (other.offset is None)
    return alike and one.first == other.first
