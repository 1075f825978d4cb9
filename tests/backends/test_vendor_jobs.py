"""The vendors' own jobs: finetunes and batches are sent once, told in the vendor's words, and keep what they gave."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.backends.anthropic_batches import AnthropicBackend
from cockpit.backends.openai_jobs import OpenAIBackend
from cockpit.core.errors import JobError, Unreachable
from cockpit.core.jobs import Handle, Observation
from cockpit.job_metrics import find_sources, take
from tests.backends.jobs import handle_of
from tests.fake_vendor_jobs import WHEN, FakeVendor

Make = Callable[..., Handle]
CSV = "step,train_loss,train_accuracy,valid_loss\n1,1.5,0.5,\n2,0.75,0.9,0.8\n"


@pytest.fixture
def vendor() -> Iterator[FakeVendor]:
    made = FakeVendor()
    yield made
    made.close()


@pytest.fixture
async def openai(vendor: FakeVendor) -> AsyncIterator[OpenAIBackend]:
    backend = OpenAIBackend(base_url=f"{vendor.url}/v1", env={"OPENAI_API_KEY": "sk-probe"})
    yield backend
    await backend.aclose()


@pytest.fixture
async def anthropic(vendor: FakeVendor) -> AsyncIterator[AnthropicBackend]:
    backend = AnthropicBackend(base_url=vendor.url, env={"ANTHROPIC_API_KEY": "sk-probe"})
    yield backend
    await backend.aclose()


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def handle(kind: str, text: str, **options: str) -> Handle:
        path = tmp_path / "given.jsonl"
        path.write_text(text, "utf-8")
        return handle_of(tmp_path, kind, options={"kind": kind, "file": str(path), "model": "gpt-x", **options})

    return handle


async def sent(backend: OpenAIBackend | AnthropicBackend, job: Handle) -> Handle:
    return replace(job, native=await backend.submit(job))


def kept(job: Handle, name: str) -> bytes:
    """What is in a file of the job's folder; nothing where it is not there."""
    path = Path(job.folder, name)
    return path.read_bytes() if path.exists() else b""


async def one(backend: OpenAIBackend | AnthropicBackend, job: Handle) -> Observation:
    (seen,) = await backend.observe([job])
    return seen


async def test_a_finetune_from_its_file_to_its_curves(openai: OpenAIBackend, vendor: FakeVendor, make: Make) -> None:
    job = await sent(openai, make("finetune", '{"messages": []}\n', epochs="2", learning_rate="0.5"))
    theirs = vendor.jobs[job.native]
    assert vendor.files[theirs["training_file"]] == b'{"messages": []}\n'
    assert theirs["method"]["supervised"]["hyperparameters"] == {"n_epochs": 2, "learning_rate_multiplier": 0.5}
    assert (await one(openai, job)).state == "queued"
    theirs |= {"status": "running", "estimated_finish": WHEN + 3600}
    vendor.say(job.native, "Step 1/2", {"step": 1, "total_steps": 2, "train_loss": 1.5})
    seen = await one(openai, job)
    assert (seen.state, seen.raw) == ("running", "running")
    assert seen.detail["eta"]["source"] == "OpenAI's estimate"
    await one(openai, job)
    theirs |= {"status": "succeeded", "finished_at": WHEN + 99, "fine_tuned_model": "ft:gpt-x:me"}
    theirs["result_files"] = ["file-csv"]
    vendor.files["file-csv"] = base64.b64encode(CSV.encode())
    vendor.checkpoints[job.native] = [
        {
            "object": "fine_tuning.job.checkpoint", "id": "ftckpt-1", "created_at": WHEN + 50, "step_number": 2,
            "fine_tuned_model_checkpoint": "ft:gpt-x:me:ckpt-2", "fine_tuning_job_id": job.native,
            "metrics": {"step": 2, "full_valid_loss": 0.9, "full_valid_mean_token_accuracy": 0.8},
        }
    ]  # fmt: skip
    vendor.say(job.native, "Step 2/2", {"step": 2, "total_steps": 2, "train_loss": 0.75})
    seen = await one(openai, job)
    assert seen.state == "finished" and "ft:gpt-x:me" in seen.evidence
    log = (await openai.logs(job).read(0, 9999)).decode()
    assert log.count("Step 1/2") == 1 and log.count("Step 2/2") == 1
    read = {source.path.name: take(source) for source in find_sources([Path(job.folder)])}
    assert [(p.step, p.value) for p in read["metrics.jsonl"].points if p.name == "train_loss"] == [(1, 1.5), (2, 0.75)]
    table = read["metrics-file-csv.jsonl"].points
    assert [(p.name, p.step, p.value) for p in table if p.name.endswith("accuracy")] == [
        ("train_accuracy", 1, 0.5), ("train_accuracy", 2, 0.9),
    ]  # fmt: skip
    assert read["metrics.jsonl"].progress is not None
    (loss,) = [p for p in read["metrics-checkpoints.jsonl"].points if p.name == "checkpoint/full_valid_loss"]
    assert (loss.step, loss.value) == (2, 0.9)
    assert log.count("checkpoint at step 2: ft:gpt-x:me:ckpt-2") == 1


async def test_a_job_whose_answer_was_lost_is_found_and_not_sent_twice(
    openai: OpenAIBackend, vendor: FakeVendor, make: Make
) -> None:
    job = make("finetune", "{}\n")
    vendor.lose = True
    with pytest.raises(Unreachable):
        await openai.submit(job)
    assert (await one(openai, job)).state == "unreachable"
    vendor.down = 0
    assert await openai.submit(job) == "ftjob-1"
    assert list(vendor.jobs) == ["ftjob-1"]
    assert len(vendor.files) == 1


async def test_refusals_and_failures_are_the_vendors_own_words(
    openai: OpenAIBackend, vendor: FakeVendor, make: Make
) -> None:
    job = await sent(openai, make("finetune", "{}\n"))
    vendor.jobs[job.native] |= {
        "status": "failed", "error": {"code": "invalid", "message": "Line 3 is no JSON", "param": None},
    }  # fmt: skip
    seen = await one(openai, job)
    assert seen.state == "failed" and "Line 3 is no JSON" in seen.evidence
    vendor.down = 400
    with pytest.raises(JobError, match="try later"):
        await openai.submit(make("finetune", "{}\n"))
    keyless = OpenAIBackend(env={})
    (seen,) = await keyless.observe([job])
    assert seen.state == "unreachable" and "OPENAI_API_KEY" in seen.evidence


async def test_cancelled_by_us_and_by_others(openai: OpenAIBackend, vendor: FakeVendor, make: Make) -> None:
    mine, other = await sent(openai, make("finetune", "{}\n")), await sent(openai, make("finetune", "{}\n"))
    await openai.kill(mine, 0)
    vendor.jobs[other.native]["status"] = "cancelled"
    assert (await one(openai, mine)).state == "killed by you"
    assert (await one(openai, other)).state == "killed"


async def test_an_expired_batch_keeps_the_answers_it_gave(
    openai: OpenAIBackend, vendor: FakeVendor, make: Make
) -> None:
    job = await sent(openai, make("batch", '{"custom_id": "a"}\n{"custom_id": "b"}\n'))
    theirs = vendor.batches[job.native]
    theirs["status"] = "in_progress"
    seen = await one(openai, job)
    assert seen.state == "running" and "0 of 2 answered" in seen.evidence
    theirs |= {"status": "expired", "expired_at": WHEN + 5, "output_file_id": "file-out"}
    theirs["request_counts"] = {"total": 2, "completed": 1, "failed": 0}
    vendor.files["file-out"] = b'{"custom_id": "a", "response": {}}\n'
    seen = await one(openai, job)
    assert seen.state == "timed out" and "1 of 2 answered" in seen.evidence
    assert kept(job, "output.jsonl") == vendor.files["file-out"]


async def test_anthropics_batch_has_no_progress_until_it_has_and_keeps_its_results(
    anthropic: AnthropicBackend, vendor: FakeVendor, make: Make
) -> None:
    line = {"custom_id": "a", "params": {"model": "claude-x", "max_tokens": 5, "messages": []}}
    job = await sent(anthropic, make("batch", f"{json.dumps(line)}\n{json.dumps({**line, 'custom_id': 'b'})}\n"))
    seen = await one(anthropic, job)
    assert seen.state == "running" and "2 processing" in seen.evidence
    assert kept(job, "metrics.jsonl") == b""
    theirs = vendor.messages[job.native]
    theirs |= {"processing_status": "ended", "ended_at": "2026-06-01T00:10:00Z", "results_url": f"{vendor.url}/r"}
    theirs["results_url"] = f"{vendor.url}/v1/messages/batches/{job.native}/results"
    theirs["request_counts"] |= {"processing": 0, "succeeded": 1, "expired": 1}
    vendor.results[job.native] = [{"custom_id": "b", "result": {"type": "expired"}}]
    seen = await one(anthropic, job)
    assert seen.state == "timed out" and "1 expired" in seen.evidence
    assert json.loads(kept(job, "results.jsonl"))["custom_id"] == "b"


async def test_a_batch_whose_answer_was_lost_is_never_sent_on_a_guess(
    anthropic: AnthropicBackend, vendor: FakeVendor, make: Make
) -> None:
    line = json.dumps({"custom_id": "a", "params": {"model": "m", "max_tokens": 5, "messages": []}})
    job = make("batch", f"{line}\n")
    vendor.lose = True
    with pytest.raises(Unreachable):
        await anthropic.submit(job)
    vendor.down = 0
    assert await anthropic.submit(job) == "msgbatch_1"
    assert list(vendor.messages) == ["msgbatch_1"]
    await anthropic.submit(make("batch", f"{line}\n"))
    with pytest.raises(Unreachable, match="2 batches could be it"):
        await anthropic.submit(job)
    with pytest.raises(JobError, match="no batch"):
        await anthropic.submit(make("batch", "{}\n"))
    with pytest.raises(JobError, match="cannot be paused"):
        await anthropic.pause(job)
