"""`cockpit demo`: the app on a throw-away database, or without a terminal one small send. Leaves nothing."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

import click

from cockpit.cli import output
from cockpit.cli.context import Context, as_json, pass_context

PROMPT = "In one sentence: what is a control group for?"


@click.command("demo")
@as_json
@pass_context
def demo_command(ctx: Context, as_json: bool) -> int:
    """Try Cockpit with the local model; nothing is kept. Without a terminal it prints two answers."""
    from cockpit.__main__ import no_terminal, open_app

    with tempfile.TemporaryDirectory(prefix="cockpit-demo-") as folder:
        db = Path(folder) / "demo.db"
        if not as_json and not no_terminal():
            config = str(ctx.config_file) if ctx.config_file else None
            return open_app(str(db), config, ctx.project, demo=True)
        return asyncio.run(_send(replace(ctx, db=db), as_json=as_json))


async def _send(ctx: Context, *, as_json: bool) -> int:
    from cockpit.cli.flight import conclude, fly_and_print
    from cockpit.cli.send import LOCAL_MODEL
    from cockpit.core.params import Params
    from cockpit.core.prompts import single
    from cockpit.runner import Draft, launch

    if not as_json:
        output.say(f"{LOCAL_MODEL} ▸ {PROMPT}\n")
    async with ctx.services() as services:
        params = Params(temperature=1.0, max_tokens=60, seed=1)
        draft = Draft(version=single(PROMPT), models=(LOCAL_MODEL,), params=params, n=2, project=ctx.project)
        plan, live = await launch(services, draft)
        return conclude(plan, await fly_and_print(services, plan, live, as_json=as_json))
