"""A checkout behaves like an install."""

import pytest

from conformance.plugin import add_options


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.import_plugin("conformance.plugin")
    add_options(parser)
