"""Colour themes as TOML files, and the loader that checks them; no widget is drawn here."""

from __future__ import annotations

from themes.loader import load_themes

__all__ = ["load_themes"]
