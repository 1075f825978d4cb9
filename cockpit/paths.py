"""Where the files are: config, database, state. Paths only; nothing here reads or creates a file."""

from __future__ import annotations

import os
from pathlib import Path


def config_path() -> Path:
    """The config file: $COCKPIT_CONFIG, else config.toml in the platform's config directory."""
    given = os.environ.get("COCKPIT_CONFIG")
    if given:
        return Path(given).expanduser()
    from platformdirs import user_config_path

    return user_config_path("cockpit", appauthor=False) / "config.toml"


def db_path() -> Path:
    """The database: $COCKPIT_DB, else cockpit.db in the platform's data directory."""
    given = os.environ.get("COCKPIT_DB")
    if given:
        return Path(given).expanduser()
    from platformdirs import user_data_path

    return user_data_path("cockpit", appauthor=False) / "cockpit.db"


def state_dir() -> Path:
    """Where logs and yanked text go: the platform's state directory."""
    from platformdirs import user_state_path

    return user_state_path("cockpit", appauthor=False)


def themes_dir(config: Path | None = None) -> Path:
    """Where a person's own themes are: `themes` beside the config file."""
    return (config or config_path()).parent / "themes"
