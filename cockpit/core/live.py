"""The state that streams fold into while a run is under way. Plain memory: no I/O, no tasks, no drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from cockpit.core.attempts import Attempt
from cockpit.core.ports import Chunk
from cockpit.core.runs import Plan
from cockpit.core.samples import Sample, SampleKey

State = Literal["waiting", "sending", "streaming", "retrying", "done"]
CHARS_A_TOKEN = 4
"""Of English text, roughly: only for what is shown until the API reports its own count."""


def _join(parts: list[str]) -> str:
    """The parts as one text, kept joined so that looking again is free."""
    if len(parts) > 1:
        parts[:] = ["".join(parts)]
    return parts[0] if parts else ""


class LiveSample:
    """One sample as it comes in; `version` grows with every change a person could see."""

    __slots__ = (
        "chars",
        "counted",
        "key",
        "parts",
        "reasoning_parts",
        "retry_at",
        "retry_reason",
        "sample",
        "started",
        "state",
        "ttft_ms",
        "version",
    )

    def __init__(self, key: SampleKey) -> None:
        self.key = key
        self.state: State = "waiting"
        self.parts: list[str] = []
        self.reasoning_parts: list[str] = []
        self.chars = 0
        self.counted: int | None = None
        """Output tokens as the API counted them; None until it did."""
        self.ttft_ms: float | None = None
        self.started: float | None = None
        """On the monotonic clock, like `retry_at`."""
        self.retry_at: float | None = None
        self.retry_reason = ""
        self.sample: Sample | None = None
        self.version = 0

    @property
    def tokens(self) -> int:
        """Output tokens: the API's count, or until that comes an estimate from the length."""
        return -(-self.chars // CHARS_A_TOKEN) if self.counted is None else self.counted

    @property
    def text(self) -> str:
        """The answer so far."""
        return _join(self.parts)

    @property
    def reasoning(self) -> str:
        """The reasoning so far, where the API shows it."""
        return _join(self.reasoning_parts)


class LiveRun:
    """The fold of one run, on one event loop; screens read it when they repaint."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        keys = list(plan.keys())
        self.samples: dict[SampleKey, LiveSample] = dict(zip(keys, map(LiveSample, keys), strict=True))
        self.ids: dict[SampleKey, int] = {}
        """Database ids of the samples that are stored."""
        self.total = len(self.samples)
        self.in_flight = 0
        self.done = 0
        self.failed = 0
        """Of those done: without a whole answer."""
        self.started: float | None = None
        self.finished = False
        self.spent_usd = 0.0
        self.spent_unknown = 0
        self.capped = False
        """The spend cap kept samples from being sent."""
        self.uncapped: tuple[str, ...] = tuple(
            t.name for t in plan.targets if plan.cap_usd is not None and t.price is None
        )
        """Models whose price is unknown, so that the cap cannot hold them."""
        self.unsaved = 0
        """Samples that are done and not on the disk yet; whoever saves them counts."""
        self.halted = False
        """Nothing more is sent; what is in flight may end."""
        self.cancelled = False
        self._dirty: set[SampleKey] = set()
        self._on_cancel: Callable[[SampleKey | None], None] | None = None

    @property
    def run_id(self) -> int:
        """The stored run's id; 0 before it is stored."""
        return self.plan.run_id

    def take_dirty(self) -> set[SampleKey]:
        """What changed since the last call."""
        dirty, self._dirty = self._dirty, set()
        return dirty

    # What a person does

    def cancel(self) -> None:
        """End every stream, keep what came, send nothing more."""
        self.cancelled = self.halted = True
        if self._on_cancel:
            self._on_cancel(None)

    def halt(self) -> None:
        """Send nothing more; what is in flight may end."""
        self.halted = True

    def cancel_sample(self, key: SampleKey) -> None:
        """End one stream, or keep one sample from being sent."""
        if self._on_cancel and self.samples[key].state != "done":
            self._on_cancel(key)

    # What the engine folds in

    def attach(self, on_cancel: Callable[[SampleKey | None], None] | None) -> None:
        """Name who ends streams when a person cancels."""
        self._on_cancel = on_cancel

    def load(self, samples: Iterable[Sample]) -> None:
        """Put in samples that finished earlier."""
        for sample in samples:
            if sample.key in self.samples:
                self.finish(sample)
                if sample.id is not None:
                    self.ids[sample.key] = sample.id

    def begin(self, key: SampleKey, now: float) -> LiveSample:
        """A request leaves: the first of its sample, or a retry."""
        sample = self.samples[key]
        if sample.state == "done":
            self._forget(sample)
        if sample.state == "waiting":
            self.in_flight += 1
            sample.started = now
        sample.state = "sending"
        sample.retry_at = None
        self.touch(sample)
        return sample

    def fold(self, sample: LiveSample, chunk: Chunk, attempt: Attempt) -> None:
        """Show one chunk, which the attempt already holds; the attempt's lists are looked at, not copied."""
        if sample.parts is not attempt.parts:
            # A retry replaces the earlier partial answer only now that it has something to show.
            sample.parts, sample.reasoning_parts, sample.chars = attempt.parts, attempt.reasoning, 0
            sample.ttft_ms = attempt.ttft_ms
        sample.state = "streaming"
        sample.chars += len(chunk.text) + len(chunk.reasoning)
        sample.version += 1
        self._dirty.add(sample.key)

    def retry(self, key: SampleKey, at: float, reason: str) -> None:
        """The request failed for now; it leaves again at `at`."""
        sample = self.samples[key]
        sample.state, sample.retry_at, sample.retry_reason = "retrying", at, reason
        self.touch(sample)

    def finish(self, sample: Sample) -> None:
        """The sample is done, whole or not."""
        live = self.samples[sample.key]
        if live.state == "done":
            self._forget(live)
        if live.state != "waiting":
            self.in_flight -= 1
        live.state, live.sample, live.retry_at = "done", sample, None
        live.parts, live.reasoning_parts = [sample.text], [sample.reasoning]
        live.ttft_ms = sample.ttft_ms
        live.chars, live.counted = len(sample.text) + len(sample.reasoning), sample.usage.output_tokens
        self._count(sample, 1)
        self.touch(live)

    def touch(self, sample: LiveSample) -> None:
        """Mark a sample as changed."""
        sample.version += 1
        self._dirty.add(sample.key)

    def _forget(self, live: LiveSample) -> None:
        """Take a finished sample out of the counts, because it is sent again."""
        if live.sample is not None:
            self._count(live.sample, -1)
        live.state, live.sample = "waiting", None

    def _count(self, sample: Sample, by: int) -> None:
        self.done += by
        self.failed += 0 if sample.ok else by
        self.spent_usd += by * (sample.cost_usd or 0.0)
        self.spent_unknown += by if sample.cost_usd is None else 0
