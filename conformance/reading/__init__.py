"""Reads data files loudly: each thing that is wrong is one sentence with file, line, key and remedy; all at once."""

from conformance.reading.documents import Document, Problems, json_file, shown, table, toml
from conformance.reading.lines import Key

__all__ = ["Document", "Key", "Problems", "json_file", "shown", "table", "toml"]
