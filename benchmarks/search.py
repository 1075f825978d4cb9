"""Saving and searching: rows a second through the writer, and search over a million samples while typing."""

from __future__ import annotations
