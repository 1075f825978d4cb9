"""The stop audit against what is known to have happened: scripted servers to the last count, and the local model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cockpit.core.models import Price
from cockpit.core.samples import Sample
from cockpit.core.stats import clustered, wilson
from cockpit.core.stop_audit import Audit, Group, apply, audit, sent_stops
from cockpit.core.stops import first_stop
from cockpit.providers import local_server
from tests.cli.conftest import Cli
from tests.cli.test_send import coded
from tests.journeys.conftest import stored

try:
    import xllamacpp  # noqa: F401
except ImportError:
    INSTALLED = False
else:
    INSTALLED = local_server.bundled_weights() is not None

WHOLE = "The answer is 42.\n\nQ: and what is 43?"
STOPS = ("--stop", r"\n\nQ:", "--stop", "END")
LONG = "fake-vllm-tok30"
"""Says which stop string was hit, and never writes any of these."""


def group(found: Audit, model: str) -> Group:
    return next(g for g in found.models if g.model in (model, f"openai:{model}"))


def counts(one: Group) -> dict[str, int]:
    return {ended: rate.k for ended, rate in one.endings.items() if rate.k}


def ask(cli: Cli, models: Sequence[str], *words: str) -> list[Sample]:
    """Send and read the run back from the database."""
    names = [word for model in models for word in ("-m", model if ":" in model else f"openai:{model}")]
    done = cli("send", "--json", *names, *words, "hi")
    return stored(cli.db, done.rows()[0]["run"])


def test_servers_that_tell_are_counted_exactly(cli: Cli) -> None:
    """20 samples of each: every one hit, none hit, all cut by length, refused, filtered, failed."""
    hit, none = f"fake-vllm-text={coded(WHOLE)}", f"fake-sglang-text={coded('All there is.')}"
    models = [hit, none, LONG, "fake-refusal-tok2", "fake-filter-tok2", "fake-err400"]
    samples = ask(cli, models, *STOPS, "-n", "20", "--max-tokens", "10")
    found = audit(samples)
    assert found.n == 120
    assert counts(group(found, hit)) == {"stop": 20}
    assert counts(group(found, none)) == {"ended": 20}
    assert counts(group(found, LONG)) == {"length": 20}
    assert counts(group(found, "fake-refusal-tok2")) == {"refusal": 20}
    assert counts(group(found, "fake-filter-tok2")) == {"filter": 20}
    assert counts(group(found, "fake-err400")) == {"error": 20}
    by_stop = {(g.model, g.stop): g.hit for g in found.stops}
    # Twenty samples of one input that all agree are one observation.
    assert by_stop[f"openai:{hit}", "\n\nQ:"] == clustered([(20, 20)])
    assert by_stop[f"openai:{hit}", "END"].k == 0
    assert found.missed == ()


def test_inputs_are_the_clusters(cli: Cli) -> None:
    inputs = cli.home / "in.csv"
    model = f"fake-vllm-text={coded(WHOLE)}"
    inputs.write_text("q\n" + "".join(f"{n}\n" for n in range(12)), "utf-8")
    done = cli("send", "--json", "-m", f"openai:{model}", *STOPS, "--inputs", str(inputs), "{{q}}")
    assert done.status == 0, done.err
    assert group(audit(stored(cli.db)), model).hit == wilson(12, 12)


def test_tokens_and_cost_of_length_cuts_are_exact(cli: Cli) -> None:
    samples = ask(cli, [LONG], *STOPS, "-n", "7", "--max-tokens", "11")
    one = group(audit(samples, prices={f"openai:{LONG}": Price(1.0, 8.0)}), LONG)
    assert (one.wasted_tokens, one.uncounted) == (77, 0)
    assert one.wasted_usd == pytest.approx(77 * 8e-6)
    row = cli("stops", "--json", "--run", "1", "--stop", "END").rows()[0]
    assert (row["cut_by_length"], row["audit"]["wasted_tokens"], row["audit"]["wasted_usd"]) == (7, 77, None)
    uncounted = ask(cli, ["fake-nousage-tok30"], "-n", "3", "--max-tokens", "5")
    assert group(audit(uncounted), "fake-nousage-tok30").uncounted == 3


def test_openais_own_ending_is_unknown_and_said_in_words(cli: Cli) -> None:
    hit, none = f"fake-text={coded(WHOLE)}", f"fake-text={coded('All there is.')}"
    found = audit(ask(cli, [hit, none], *STOPS, "-n", "5"))
    for model in (hit, none):
        one = group(found, model)
        assert (counts(one), one.unclear, one.rate, one.hit.k) == ({"unknown": 5}, 5, None, 0)
        assert (one.hit.low, one.hit.high) == (0.0, 1.0)
    assert sum("says the same for both" in said for said in found.remarks) == 2
    done = cli("stops", "--run", "1")
    assert "says the same for both" in done.out
    assert "5 unknown" in done.out


def test_anthropic_tells_and_so_is_counted(cli: Cli) -> None:
    hit, none = f"anthropic:fake-text={coded(WHOLE)}", f"anthropic:fake-text={coded('All there is.')}"
    found = audit(ask(cli, [hit, none], *STOPS, "-n", "3"))
    assert counts(group(found, hit)) == {"stop": 3}
    assert counts(group(found, none)) == {"ended": 3}
    assert {g.stop: g.hit.k for g in found.stops if g.model == hit} == {"\n\nQ:": 3, "END": 0}


def test_what_a_server_ignored_is_found_where_it_stands(cli: Cli) -> None:
    """A server that knows no stop strings, played by asking without and saying that they were sent."""
    model = f"fake-vllm-text={coded(WHOLE)}"
    samples = ask(cli, [model], "-n", "4")
    found = audit(samples, lambda sample: ("\n\nQ:",))
    assert [(m.at, m.chars_after, m.ignored) for m in found.missed] == [(17, 16, True)] * 4
    assert group(found, model).ignored == 4
    loosely = audit(samples, lambda sample: ("\nq:",))
    assert [(m.at, m.written, m.ignored) for m in loosely.missed] == [(17, "\n\nQ:", False)] * 4


def test_new_stops_on_stored_samples_send_nothing_and_equal_sampling_with_them(cli: Cli, fake_process: Any) -> None:
    model = "fake-vllm-tok60"
    without = ask(cli, [model], "-n", "6", "--seed", "3")
    sent = fake_process.stats()["total"]
    tried = list(apply(without, [" count", " and"]))
    assert fake_process.stats()["total"] == sent
    with_stops = ask(cli, [model], "-n", "6", "--seed", "3", "--stop", " count", "--stop", " and")
    assert [row.after_text for row in tried] == [sample.text for sample in with_stops]
    assert [row.cut.stop if row.cut else None for row in tried] == [sample.stop for sample in with_stops]
    assert {row.now_ended for row in tried} == {"stop"}
    assert all(row.before_chars - row.saved_chars == len(row.after_text) for row in tried)


@pytest.mark.local_model
@pytest.mark.skipif(not INSTALLED, reason="THE LOCAL MODEL IS NOT INSTALLED: make run installs it")
def test_on_the_local_model_it_agrees_with_the_raw_text(cli: Cli, tmp_path: Path) -> None:
    """The same draws with and without stop strings: what the audit counts is what the whole texts say."""
    inputs = tmp_path / "in.csv"
    questions = ("Count from 1 to 9, separated by commas.", "Name three animals.", "Say hi.", "Write two lines.")
    inputs.write_text("q\n" + "".join(f'"{question}"\n' for question in questions), "utf-8")
    ask_it = ["send", "--json", "-m", "local:smollm2", "--inputs", str(inputs), "-n", "2", "--temperature", "0.7"]
    ask_it += ["--seed", "11", "--max-tokens", "40", "{{q}}"]
    assert cli(*ask_it).status == 0
    assert cli(*ask_it, "--stop", ", 5", "--stop", r"\n").status == 0
    whole = {sample.key: sample for sample in stored(cli.db, 1)}
    samples = stored(cli.db, 2)
    stops = [", 5", "\n"]
    assert {sent_stops(sample) for sample in samples} == {tuple(stops)}
    cuts = {key: first_stop(sample.text, stops) for key, sample in whole.items()}
    found = audit(samples)
    (one,) = found.models
    assert one.unclear == 0
    assert one.endings["stop"].k == one.hit.k == sum(cut is not None for cut in cuts.values()) > 0
    for each in found.stops:
        assert each.hit.k == sum(cut is not None and cut.stop == each.stop for cut in cuts.values())
    uncut = [whole[key].ended for key, cut in cuts.items() if cut is None]
    assert (one.endings["length"].k, one.endings["ended"].k) == (uncut.count("length"), uncut.count("ended"))
    assert one.wasted_tokens == 40 * uncut.count("length")
    assert [row.after_text for row in apply(whole.values(), stops)] == [sample.text for sample in samples]
    assert not any(miss.ignored for miss in found.missed)
