"""Keeps secrets out of what pytest itself writes of a run: tracebacks, captured output, log records, metadata."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from conformance.redaction import SECRET_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from conformance.redaction import Redactor

HIDDEN = "(not shown: the values of a check may be secret; its exchanges are in the report)"
"""Stands where --showlocals would show values. pytest shortens these in their middle, and half a secret is one, too."""


class Discretion:
    """Hooks of pytest, in controller and workers. `concerns` tells the suite's own checks from other people's tests."""

    def __init__(self, redactor: Redactor, *, concerns: Callable[[pytest.Item], bool]) -> None:
        self._redactor = redactor
        self._concerns = concerns
        self._records = LogRecords(redactor)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Before anybody shows what was collected about the run: pytest-metadata fills it, pytest-html prints it."""
        metadata = session.config.pluginmanager.get_plugin("metadata")
        if metadata is not None and hasattr(metadata, "metadata_key"):
            without_secrets_in_metadata(session.config.stash[metadata.metadata_key], self._redactor)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        if self._concerns(item) and call.excinfo is not None:
            _hush(call.excinfo.value, self._redactor)
        report = yield
        if self._concerns(item):
            without_secrets(report, self._redactor)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            without_secrets(report, self._redactor)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: Any) -> None:
        _redacted(excrepr, self._redactor)

    def pytest_unconfigure(self) -> None:
        self._records.remove()


def without_secrets(report: pytest.TestReport | pytest.CollectReport, redactor: Redactor) -> None:
    """Take secrets out of a report's traceback and of the output captured with it, in place."""
    report.longrepr = _redacted(report.longrepr, redactor)
    report.sections = [(title, redactor.text(content)) for title, content in report.sections]


def without_secrets_in_metadata(metadata: dict[str, Any], redactor: Redactor) -> None:
    """Take secrets out of what pytest-metadata collects about the run, in place: addresses, what a CI sets."""
    for name, value in metadata.items():
        metadata[name] = "[redacted]" if SECRET_NAMES.search(name) else _plain(value, redactor)


class LogRecords:
    """While installed, log records hold no secrets, whoever shows them: on the terminal, in a file, in a report."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._before = logging.getLogRecordFactory()
        logging.setLogRecordFactory(self._record)

    def remove(self) -> None:
        logging.setLogRecordFactory(self._before)

    def _record(self, *arguments: Any, **named: Any) -> logging.LogRecord:
        record = self._before(*arguments, **named)
        try:
            said = record.getMessage()
        except (TypeError, ValueError, KeyError):
            said = f"{record.msg} {record.args}"
        record.msg, record.args = self._redactor.text(said), None
        if record.exc_info:
            record.exc_text = self._redactor.text(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return record


def _hush(problem: BaseException, redactor: Redactor) -> None:
    """Take secrets out of the words of an exception and of those behind it, before a traceback breaks up the lines."""
    seen: set[int] = set()
    behind: list[BaseException | None] = [problem]
    while behind:
        one = behind.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            one.args = tuple(redactor.text(word) if isinstance(word, str) else word for word in one.args)
            behind += [one.__cause__, one.__context__, *(getattr(one, "exceptions", ()))]


def _redacted(value: Any, redactor: Redactor) -> Any:
    """A representation of an exception as pytest makes it: texts, lists, and objects that hold such."""
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, list | tuple):
        return type(value)(_redacted(item, redactor) for item in value)
    if type(value).__module__.startswith("_pytest."):
        for name, held in vars(value).items():
            if name == "reprlocals" and held is not None:
                held.lines = [HIDDEN]
            elif name == "reprfuncargs" and held is not None:
                held.args = []
            else:
                object.__setattr__(value, name, _redacted(held, redactor))
    return value


def _plain(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str):
        return redactor.url(value)
    if isinstance(value, dict):
        return {name: _plain(item, redactor) for name, item in value.items()}
    return [_plain(item, redactor) for item in value] if isinstance(value, list | tuple) else value
