"""Cockpit: a keyboard-only terminal research cockpit for language models."""

__version__ = "0.1.0"
