"""The matrix of faults against requirements as a table, a page, and one screen of Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.model import UsageError
from conformance.report.html import environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.matrix import Counted, Outcomes, Row

COLUMNS = ("requirement", "level", "basis", "packs", "missing", "caught alone by", "aimed at by", "caught as well by")

BEGIN = "<!-- figures: written by `make prove` -->"
END = "<!-- end of the figures -->"
"""Between these lines a page is rewritten; the rest of it is people's."""


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


def figures(rows: Sequence[Row], outcomes: Sequence[Outcomes], *, counted: Counted, titles: Mapping[str, str]) -> str:
    """What there is to prove by the catalogues, and what a whole run has proven of it, as two tables in Markdown.

    `titles` are those of the packs; a row for each.
    """
    found = catalogue_figures(counted) | {
        "requirements that a server of ours exercised": sum(row.exercised for row in rows),
        "requirements that catch a lie of their own alone": sum(bool(row.alone) for row in rows),
        "requirements without their whole proof": sum(bool(row.missing) for row in rows),
        "runs that were made for it": len(outcomes),
        "breaches of a law": sum(len(one.breaches) for one in outcomes),
    }
    lines = ["| what | number |", "|---|---|", *(f"| {what} | {number} |" for what, number in found.items())]
    lines += ["", "| pack | requirements with a check | that can fail a server |", "|---|---|---|"]
    lines += [f"| `{name}` {titles[name]} | {checked} | {firm} |" for name, (checked, firm) in counted.by_pack.items()]
    lacking = [row for row in rows if row.missing]
    if lacking:
        lines += ["", "Without their whole proof:", ""]
        lines += [f"* `{row.requirement.id}`: {row.missing}" for row in lacking]
    return "\n".join(lines) + "\n"


def catalogue_figures(counted: Counted) -> dict[str, int]:
    """The figures that need no run."""
    return {
        "requirements with a check": len(counted.checked),
        "of these, requirements that can fail a server": len(counted.can_fail),
        "requirements nobody can test from outside, each with its reason": len(counted.untested),
        "lies": counted.lies,
        "legal variations": counted.liberties,
    }


def rewritten(page: str, told: str) -> str:
    """The page with these figures between its two marks.

    Raises:
        UsageError: it has no such marks.

    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UsageError(f"--write: the file has no line {BEGIN!r} with a line {END!r} below; docs/proof.md has them")
    return f"{before}{begin}\n\n{told}\n{end}{after}"


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
