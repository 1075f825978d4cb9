"""Sending the probe that tells a stop from an end, as a run like any other. What it asks, core decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING

from cockpit.core.stop_probe import Probe, Seen, plan_probe, proves, sends
from cockpit.screens.stops_read import prices_of
from cockpit.screens.words import count, money
from cockpit.store import runs

if TYPE_CHECKING:
    from cockpit.core.runs import Plan
    from cockpit.runner import Draft
    from cockpit.screens.stops import StopsScreen
    from cockpit.services import Services


def plan_for(services: Services, plan: Plan, seen: Mapping[int, Seen]) -> Probe:
    """The probe of a stored run, priced as of today.

    Raises:
        PlanError: there is nothing to tell apart.
    """
    return plan_probe(plan, seen, prices_of(services, plan))


def words(probe: Probe) -> str:
    """What a person agrees to: what is sent, what it costs, what it shows and what not."""
    cost = "Cost unknown." if probe.usd_most is None else f"At most {money(probe.usd_most)}."
    about = f"{count(probe.merged)} stored samples ended in a way that could be either."
    return "\n\n".join([about, f"{sends(probe)} {cost} It is stored as a run.", "\n".join(proves(probe))])


def drafts(services: Services, plan: Plan, probe: Probe, project: str) -> list[Draft]:
    """In a thread: the runs to send, one for each group of columns with the same params."""
    from cockpit.runner import Draft

    row = runs.get_run(services.store.read(), plan.run_id)
    return [
        Draft(
            version=plan.version,
            models=asking.models,
            params=asking.params,
            n=probe.n,
            inputs=tuple(plan.inputs[at] for at in probe.rows),
            cap_usd=services.config.cap_usd,
            prompt_id=row.prompt_id,
            project=project,
            unsupported="leave out",
            idea_id=row.idea_id,
        )
        for asking in probe.askings
    ]


async def send(services: Services, drafts: list[Draft]) -> AsyncIterator[int]:
    """Send them one after another; yields how many samples are done, as they come.

    Closing the iterator cancels what is in flight; what came is saved and the run can be resumed.

    Raises:
        PlanError: it must not be sent.
        StoreError: it cannot be stored.
    """
    from cockpit import runner
    from cockpit.core.sampling import Finished

    done = 0
    for draft in drafts:
        plan, live = await runner.launch(services, draft)
        async with aclosing(runner.fly(services, plan, live)) as events:  # type: ignore[type-var]
            async for event in events:
                if isinstance(event, Finished):
                    done += 1
                    yield done


async def probe(screen: StopsScreen) -> None:
    """Ask, send, and have the audit made anew; for a worker of the screen.

    Raises:
        PlanError: there is nothing to tell apart, or it must not be sent.
    """
    from cockpit.screens.dialogs import Confirm

    flow, ground = screen.flow, screen.flow.ground
    if flow.audited is None or ground is None:
        screen.notify_plain("The samples are still being read.")
        return
    plans = [ground.plans[run_id] for run_id, seen in flow.audited.seen.items() if any(s.merged for s in seen.values())]
    plan = plans[0] if plans else next(iter(ground.plans.values()), None)
    if plan is None:
        screen.notify_plain("There is no run to probe.")
        return
    planned = plan_for(screen.services, plan, flow.audited.seen.get(plan.run_id, {}))
    if not await screen.cockpit.push_screen_wait(
        Confirm("Ask again without stop strings?", words(planned), yes="Send")
    ):
        return
    todo = await asyncio.to_thread(drafts, screen.services, plan, planned, screen.cockpit.project)
    flow.sending = f"probe 0 of {planned.requests}"
    screen.start_flush()
    try:
        async with aclosing(send(screen.services, todo)) as progress:  # type: ignore[type-var]
            async for done in progress:
                flow.sending = f"probe {done} of {planned.requests}"
    finally:
        flow.sending = ""
        screen.stop_flush()
        screen.probed()
