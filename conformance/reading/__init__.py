"""Reads data files loudly: each thing that is wrong is one sentence with file, line, key and remedy; all at once."""

from conformance.reading.documents import Document, Place, Problems, json_file, shown, table, toml

__all__ = ["Document", "Place", "Problems", "json_file", "shown", "table", "toml"]
