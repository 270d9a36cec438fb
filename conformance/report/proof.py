"""The matrix of faults against requirements as a table, a page, and one screen of Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.html import environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.matrix import Outcomes, Row

COLUMNS = ("requirement", "level", "basis", "packs", "missing", "caught alone by", "aimed at by", "caught as well by")

HEAD = """\
# Why its verdict can be trusted

Written by `make prove`. The suite is held against a reference server that is right, that differs from it in every
legal way that we know, and that lies, one lie at a time. Three laws are tested:

1. The honest server and each legal variation of it trip nothing.
2. With a lie switched on, exactly the requirements that it breaks trip, each saying what was expected and what was
   found; nothing else is blamed, nothing becomes an error, and what can no longer be exercised is red, not green.
3. Each requirement that can be exercised is the aim of a lie that it alone catches, but for rows that say the same
   again. One that can fail a server is the aim of two.

The server shares no code with the checks, and a test holds it to that.
"""
TAIL = """\
What this does not show: that the sources say what we read in them (each requirement names its source, so that you can
look), and that a server is right where no requirement looks. `consent-conformance explain ID` prints a requirement
with its checks and its lies; `make prove` repeats all of this and writes the whole matrix."""


def as_tsv(rows: Sequence[Row]) -> str:
    """One line for each requirement, tabs between the columns, names of faults separated by blanks."""
    lines = ["\t".join(COLUMNS)]
    lines += ["\t".join(_cells(row)) for row in rows]
    return "\n".join(lines) + "\n"


def as_html(rows: Sequence[Row], outcomes: Sequence[Outcomes]) -> str:
    """A page that loads nothing: what lacks a proof first, then what broke a law, then every requirement."""
    template = environment().get_template("proof.html.j2")
    breaches = [(str(one.trial), line) for one in outcomes for line in one.breaches]
    shared = [row for row in rows if not row.missing and not row.alone and row.requirement.not_tested is None]
    return template.render(
        rows=rows, breaches=breaches, shared=shared, outcomes=outcomes, columns=COLUMNS, cells=_cells
    )


def as_markdown(rows: Sequence[Row], outcomes: Sequence[Outcomes], *, packs: Mapping[str, str]) -> str:
    """What a stranger should believe about the suite, and why, in one screen."""
    lies = {one.trial.name for one in outcomes if one.trial.kind == "fault"}
    liberties = {one.trial.name for one in outcomes if one.trial.kind == "variation"}
    tested = [row for row in rows if row.exercised]
    untested = [row for row in rows if row.requirement.not_tested is not None]
    can_fail = [row for row in tested if row.requirement.can_fail]
    figures = {
        "requirements that are exercised": len(tested),
        "of these, requirements that can fail a server": len(can_fail),
        "requirements nobody can test from outside, each with its reason": len(untested),
        "lies": len(lies),
        "legal variations": len(liberties),
        "requirements that catch a lie of their own alone": sum(bool(row.alone) for row in tested),
        "requirements without their whole proof": sum(bool(row.missing) for row in rows),
        "breaches of a law": sum(len(one.breaches) for one in outcomes),
    }
    lines = [HEAD, "| what | number |", "|---|---|"]
    lines += [f"| {what} | {number} |" for what, number in figures.items()]
    lines += ["", "| pack | exercised | can fail a server |", "|---|---|---|"]
    for name, title in packs.items():
        here = [row for row in tested if name in row.packs]
        firm = sum(row.requirement.can_fail for row in here)
        lines.append(f"| `{name}` {title} | {len(here)} | {firm} |")
    lines += ["", TAIL]
    lacking = [row for row in rows if row.missing]
    if lacking:
        lines += ["", "Without their whole proof:", ""]
        lines += [f"* `{row.requirement.id}`: {row.missing}" for row in lacking]
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    aimed = [name for name in row.aimed if name not in row.alone]
    others = [name for name in row.caught if name not in row.aimed]
    missing = row.missing or row.requirement.not_tested or ("" if row.exercised else "not exercised here")
    return (
        row.requirement.id,
        str(row.requirement.level),
        str(row.requirement.basis),
        " ".join(row.packs),
        missing,
        " ".join(row.alone),
        " ".join(aimed),
        " ".join(others),
    )
