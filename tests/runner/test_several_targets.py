"""Several targets in one command: a folder of reports for each, one page about all, the worst exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import servers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runs import Suite


def target(folder: Path, name: str, url: str) -> str:
    path = folder / name / "target.toml"
    path.parent.mkdir()
    path.write_text(f'base_url = "{url}"\nallow_writes = true\n')
    return str(path)


def test_an_honest_and_a_lying_server(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    honest = target(suite.folder, "honest", lying(servers.Honest()))
    liar = target(suite.folder, "liar", lying(servers.ForgetsTheStatus()))

    ended = suite.run("--target", honest, "--target", liar, "--exclude", "SHOULD")

    assert ended.code == 1, ended.output
    reports = suite.folder / "reports"
    assert (reports / "target" / "results.json").is_file()
    assert (reports / "target-2" / "results.json").is_file()
    page = (reports / "index.html").read_text("utf-8")
    assert "target-2/report.html" in page


def test_a_base_url_stands_for_one_target(suite: Suite) -> None:
    ended = suite.run("--target", "a.toml", "--target", "b.toml", "--base-url", "http://127.0.0.1:1/")
    assert ended.code == 2
    assert "--base-url goes with one target; several are given" in ended.output
