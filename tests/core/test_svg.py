"""Charts as SVG: well-formed whatever the labels say, true to their numbers, spikes kept when points are many."""

from __future__ import annotations

import math
from xml.etree import ElementTree

from cockpit.core.figures import Figure
from cockpit.core.svg import MOST_POINTS, bars, curve


def elements(svg: str, name: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(name))


def test_a_bar_is_as_long_as_its_share_and_hostile_labels_stay_text() -> None:
    svg = bars("<b>&", [("<script>x</script>", Figure(0.5, "share", 0.25, 0.75, 8)), ("b", Figure(1.0, "share", n=4))])
    half, whole = (float(one.attrib["width"]) for one in elements(svg, "rect"))
    assert half == whole / 2
    texts = [one.text for one in elements(svg, "text")]
    assert texts == ["<script>x</script>", "50 % [25, 75], n = 8", "b", "100 %, n = 4"]
    assert len(elements(svg, "path")) == 1
    assert bars("none", []) == ""


def test_a_curve_keeps_its_spike_and_its_ends_and_what_is_not_finite_is_left_out() -> None:
    ys = [1.0] * 10_000
    ys[5_001], ys[7] = 9.0, math.nan
    svg = curve("loss", list(range(10_000)), ys)
    path = elements(svg, "path")[0].attrib["d"]
    assert path.count("L") <= MOST_POINTS
    assert "nan" not in svg
    assert [one.text for one in elements(svg, "text")] == ["9", "1", "0", "9999"]
    assert curve("one", [1.0], [2.0]) == ""
