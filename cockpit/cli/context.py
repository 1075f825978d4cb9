"""What every command needs: the options given before it, the config, the services. Decides nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cockpit import paths
from cockpit.cli.output import note
from cockpit.config import Config, load_config

if TYPE_CHECKING:
    from cockpit.services import Services
    from cockpit.store.db import Store

F = TypeVar("F", bound=Callable[..., object])


@dataclass
class Context:
    """The options before the command, as given."""

    db: Path | None = None
    config_file: Path | None = None
    project_name: str | None = None

    @cached_property
    def config(self) -> Config:
        """The config, read once."""
        return load_config(self.config_file)

    @property
    def db_path(self) -> Path:
        """The database to use."""
        return self.db or paths.db_path()

    @property
    def project(self) -> str:
        """The project to use: --project, $COCKPIT_PROJECT, the config's, in this order."""
        return self.project_name or self.config.project

    @asynccontextmanager
    async def services(self) -> AsyncIterator[Services]:
        """The services, closed at the end.

        Raises:
            StoreError: the database cannot be opened.
        """
        from cockpit.services import close_services, open_services

        problems = self.config.problems
        if problems:
            more = f" (and {len(problems) - 1} more: cockpit doctor)" if len(problems) > 1 else ""
            note(f"cockpit: {problems[0]}{more}")
        services = open_services(self.config, self.db_path)
        try:
            yield services
        finally:
            await close_services(services)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The database alone, closed at the end.

        Raises:
            StoreError: it cannot be opened.
        """
        import asyncio

        from cockpit.store.db import open_store

        store = open_store(self.db_path)
        try:
            yield store
        finally:
            asyncio.run(store.aclose())


pass_context = click.make_pass_decorator(Context)

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


def text(value: str) -> str:
    """A text that can be sent: words of the command line that are not valid text are refused, not guessed.

    Raises:
        click.BadParameter: the word has bytes that the terminal's encoding does not know.
    """
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise click.BadParameter("this is not valid text in the terminal's encoding.") from error
    return value


TEXT = text


class Amount(click.FloatRange):
    """A number above zero. Python's own reading takes 'nan' and 'inf' too, which are no amounts of anything."""

    def __init__(self) -> None:
        super().__init__(0, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number.

        Raises:
            click.BadParameter: it is none, or not above zero.
        """
        number = float(super().convert(value, param, ctx))
        if not isfinite(number):
            self.fail(f"{number} is not an amount.", param, ctx)
        return number


AMOUNT = Amount()
