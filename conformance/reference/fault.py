"""What a fault and a variation are: one class, one lie or one liberty, mixed in over a personality."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    # For the type checker a fault stands over the personality that has all seams; at run time it is a bare mixin.
    from conformance.reference.medicasoft import MedicaSoft
    from conformance.reference.nll_2019 import NLL2019
    from conformance.reference.nll_2023 import NLL2023
    from conformance.reference.oracle_health import OracleHealth
    from conformance.reference.r5_ballot import R5Ballot

    class Personality(MedicaSoft, NLL2019, NLL2023, OracleHealth, R5Ballot):  # type: ignore[misc]
        """Every seam there is."""

else:
    Personality = object

FAULTS: dict[str, type[Fault]] = {}
VARIATIONS: dict[str, type[Variation]] = {}
EVERYWHERE = ("nll-2023", "r4")
ALL = ("nll-2019", "nll-2023", "r4")


class Fault(Personality):
    """One deliberate lie of the server; the docstring of each says it in one sentence.

    `breaks` is every requirement that the lie violates and `aim` the one that it was made for, named first;
    `blocks` those that can no longer be exercised; `packs` the personalities that can tell the lie, its home first.
    One `on_the_wire` shows on a socket alone: where requests are handed over in a process, nothing is framed.
    """

    name: ClassVar[str]
    aim: ClassVar[str]
    breaks: ClassVar[frozenset[str]]
    blocks: ClassVar[frozenset[str]]
    packs: ClassVar[tuple[str, ...]]
    on_the_wire: ClassVar[bool]

    def __init_subclass__(
        cls,
        *,
        name: str | None = None,
        breaks: Sequence[str] = (),
        blocks: Sequence[str] = (),
        packs: tuple[str, ...] = EVERYWHERE,
        on_the_wire: bool = False,
    ) -> None:
        super().__init_subclass__()
        if name is None:  # a service made of faults, not a fault
            return
        _must_be_said(cls, name, FAULTS)
        if not breaks:
            raise TypeError(f"the fault {name!r} breaks nothing")
        cls.name, cls.aim, cls.packs, cls.on_the_wire = name, breaks[0], packs, on_the_wire
        cls.breaks = frozenset(breaks)
        cls.blocks = frozenset(blocks) - cls.breaks  # lists of what needs a working close are shared
        FAULTS[name] = cls


class Variation(Personality):
    """One legal way in which a server may differ; the docstring of each says which, and why it is legal."""

    name: ClassVar[str]
    packs: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, *, name: str | None = None, packs: tuple[str, ...] = ALL) -> None:
        super().__init_subclass__()
        if name is None:
            return
        _must_be_said(cls, name, VARIATIONS)
        cls.name, cls.packs = name, packs
        VARIATIONS[name] = cls


def _must_be_said(cls: type, name: str, known: dict[str, type[Fault]] | dict[str, type[Variation]]) -> None:
    if name in known:
        raise TypeError(f"{name!r} is the name of two classes: {cls.__qualname__} and {known[name].__qualname__}")
    if not inspect.cleandoc(cls.__doc__ or ""):
        raise TypeError(f"{cls.__qualname__} has no docstring that says what it does")
