"""A checkout behaves like an install."""

pytest_plugins = ["conformance.plugin"]
