"""Renders a run. Everything is made from results.json's content alone, so that any stored run can be rendered again."""
