"""Whether what the suite sends is right. A mistake of ours must not be blamed on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.examination import examined
from conformance.model import NotTestable, OwnMistake, UsageError
from conformance.observed.structure import row_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.examination import Told
    from conformance.packs import Pack
    from conformance.target import Target


def must_be_right(body: str, pack: Pack, *, after: Iterable[str | None] = ()) -> None:
    """Let a body pass that is a resource of the pack's release; `after` are bodies that the target has shown before.

    What its sources leave out, so that another row replaces the one of R4, the pack may leave out too. And a mistake
    that the target has shown is its own: a check that changes what it has read sends it back.

    Raises:
        OwnMistake: the body is wrong.
        NotTestable: it is, in another way than what the target has shown, and that was wrong: it may come of it.

    """
    mistakes = list(_mistakes(body, pack))
    bodies = [other for other in after if other] if mistakes else []
    shown = [told for other in bodies for told in examined(other, pack.fhir).told if told.severity == "error"]
    for mistake in mistakes:
        if not any((told.rule, told.place) == (mistake.rule, mistake.place) for told in shown):
            if shown:
                raise NotTestable(
                    f"no right body can be made of what the target shows: {shown[0].place}: {shown[0].message}"
                )
            raise OwnMistake(f"a wrong body was about to be sent: {mistake.place}: {mistake.message}")


def check_bodies(target: Target, pack: Pack) -> None:
    """Hold the bodies that the operator gives against the pack's release.

    Raises:
        UsageError: one is wrong.

    """
    for kind, path in target.bodies.items():
        where = f"{target.where}: bodies.{kind}: {path.name}"
        body = path.read_text(encoding="utf-8-sig")
        said = [f"{where}: {mistake.place}: {mistake.message}" for mistake in _mistakes(body, pack)]
        if said:
            raise UsageError("\n".join([*said, "mend the file, or leave the key out to send the pack's own body"]))


def _mistakes(body: str, pack: Pack) -> Iterator[Told]:
    """The errors in a body that the pack does not stand by."""
    replaced = pack.catalogue.replaced()
    for told in examined(body, pack.fhir).told:
        row = row_for(told)
        if told.severity == "error" and not (row is not None and row.requirement in replaced):
            yield told
