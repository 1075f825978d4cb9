"""Boxes and samples stand where they fit, at every size."""

from __future__ import annotations

import pytest

from widgets.wall_layout import MIN_WIDTH, plan_wall


@pytest.mark.parametrize("size", [(160, 45), (100, 30), (80, 24), (57, 10), (20, 6), (4, 3)])
@pytest.mark.parametrize("columns", [1, 2, 3, 4, 9, 20])
@pytest.mark.parametrize("rows", [1, 2, 8, 41, 100])
def test_boxes_fill_the_width_and_slots_never_overlap(size: tuple[int, int], columns: int, rows: int) -> None:
    plan = plan_wall(size, [rows] * columns, (columns - 1, rows - 1))
    assert sum(box.width for box in plan.boxes) == size[0]
    assert plan.box_of(columns - 1) is not None
    slot = plan.slot_of(rows - 1)
    assert slot is not None
    assert slot.lines >= 1
    end = 0
    for each in plan.slots:
        assert each.y >= end
        end = each.y + each.lines
    assert end <= size[1] - 2
    assert len(plan.boxes) == 1 or all(box.width >= MIN_WIDTH for box in plan.boxes)


def test_many_samples_take_one_line_each() -> None:
    assert {slot.lines for slot in plan_wall((160, 100), [41], (0, 0)).slots} == {1}
    assert {slot.lines for slot in plan_wall((160, 100), [8] * 9, (0, 0)).slots} == {1}


def test_the_cursor_stays_in_view_when_there_are_more_samples_than_lines() -> None:
    plan = plan_wall((80, 12), [100], (0, 57), first=0)
    assert plan.slot_of(57) is not None
    assert plan_wall((80, 12), [100], (0, 50), first=plan.first).first == plan.first


def test_zoom_gives_one_column_the_whole_width() -> None:
    plan = plan_wall((160, 20), [8, 8, 8], (1, 0), zoomed=True)
    assert [(box.column, box.width) for box in plan.boxes] == [(1, 160)]
    assert (plan.page, plan.pages) == (1, 3)
