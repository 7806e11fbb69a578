"""Filters: what a placeholder may do to its value, a closed set."""

from pipeline.rules.templates.filters.table import FILTERS, Apply

__all__ = ["Apply", "FILTERS"]
