"""Vocabularies: text to tokens and back, offline. Asking a server to count is `count`'s; no screen is drawn here."""
