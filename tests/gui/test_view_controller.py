"""What the hand does to the panes becomes one request that the model can answer."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.gui.view_controller import ViewController, ViewState
from deepz_live.image.dpm import Cylinder, Tilt
from deepz_live.refocus.cuts import PlaneCut, ProjectionCut, SectionCut, SurfaceCut, plane_depths

Z_UM = tuple(np.arange(-10.0, 10.5, 0.5).tolist())


class Knob:
    def set_range(self, range_um):
        self.range_um = range_um

    def set_value(self, depth_um):
        self.value_um = depth_um

    def set_marks(self, distances_um):
        self.marks_um = distances_um


class Grid:
    def show_cuts(self, cuts, selected):
        self.cuts, self.selected = cuts, selected

    def set_cross(self, at):
        self.cross = at


class Live:
    def set_view(self, request):
        self.request = request


@pytest.fixture
def rig():
    knob, grid, live = Knob(), Grid(), Live()
    view = ViewController(knob, grid, lambda: None)
    view.use(live, Z_UM, (64, 80), 0.5)
    return view, knob, grid, live


def depths(live) -> tuple[float, ...]:
    return plane_depths(live.request.cuts)


def test_the_knob_turns_the_selected_pane_and_marks_the_others(rig):
    view, knob, _, live = rig
    view.turn(2.5)
    assert depths(live) == (2.5, -6.0, -3.0, 3.0, 6.0)
    assert knob.value_um == 2.5
    assert knob.marks_um == (-6.0, -3.0, 3.0, 6.0)
    view.select(4)
    assert knob.value_um == -6.0
    view.turn(-99.0)
    assert depths(live) == (2.5, -10.0, -3.0, 3.0, 6.0)


def test_a_pane_without_a_depth_switches_the_knob_off(rig):
    view, knob, _, live = rig
    before = live.request
    view.select(0)
    assert knob.range_um == (0.0, 0.0)
    view.turn(3.0)
    assert live.request == before


@pytest.mark.parametrize("selected", [0, 2])
def test_planes_chosen_while_a_pane_without_a_depth_is_selected_keep_theirs(rig, selected):
    view, _, grid, live = rig
    view.show(ViewState((None, PlaneCut(1.0), ProjectionCut("max")), selected))
    view.set_cut(1, PlaneCut(-4.0))
    assert grid.cuts[1] == PlaneCut(-4.0)
    view.show(ViewState((None, PlaneCut(5.0), PlaneCut(-12.0)), 1))
    assert depths(live) == (5.0, -10.0)


def test_the_wheel_turns_the_pane_under_it_and_moves_a_section(rig):
    view, _, grid, live = rig
    view.nudge(5, 2)
    assert view.cuts[5] == PlaneCut(-2.6)
    assert view.selected == 1
    view.nudge(3, -1)
    assert view.cuts[3] == SectionCut("xz", 30.0)
    assert grid.cross == (30.0, 40.0)
    assert SectionCut("xz", 30.0) in live.request.cuts


def test_undo_takes_back_one_change_and_turning_on_is_one(rig):
    view, _, grid, live = rig
    begin = view.cuts
    for depth in (0.2, 0.4, 0.6):
        view.turn(depth)
    view.set_cut(2, ProjectionCut("depth"))
    view.remove(7)
    assert len(grid.cuts) == 7
    view.undo()
    assert len(grid.cuts) == 8
    assert view.cuts[2] == ProjectionCut("depth")
    view.undo()
    assert view.cuts[2] == ProjectionCut("max")
    assert view.cuts[1] == PlaneCut(0.6)
    view.undo()
    assert view.cuts == begin
    assert not view.can_undo
    view.redo()
    assert view.cuts[1] == PlaneCut(0.6)
    assert live.request == view.request()
    view.turn(1.0)
    assert not view.can_redo


def test_one_to_twelve_panes_and_always_a_raw_one(rig):
    view, _, _, _ = rig
    for _ in range(20):
        view.add(PlaneCut(1.0))
    assert len(view.cuts) == 12
    for _ in range(20):
        view.remove(len(view.cuts) - 1)
    assert view.cuts == (None,)
    view.remove(0)
    view.set_cut(0, PlaneCut(0.0))
    assert view.cuts == (None,)
    assert view.selected == 0


def test_panes_that_show_the_same_cost_one_image(rig):
    view, _, _, live = rig
    view.set_cut(5, PlaneCut(6.0))
    assert depths(live) == (0.0, -6.0, 6.0, 3.0)


def test_spacing_spreads_the_planes_that_are_not_selected(rig):
    view, _, _, live = rig
    view.turn(1.5)
    view.space(2.0)
    assert depths(live) == (1.5, -4.0, -2.0, 2.0, 4.0)
    view.space(9.0)  # beyond the range: evenly over it
    assert depths(live) == (1.5, -10.0, -3.333, 3.333, 10.0)


def test_another_model_or_camera_gets_what_it_can_answer(rig):
    view, _, _, live = rig
    view.set_cut(2, SurfaceCut(Cylinder(0.05), 1.0))
    view.set_cut(4, SurfaceCut(Tilt(1.0, 0.0)))
    assert live.request.cuts[1] == view.cuts[2]
    view.use(live, (-4.0, 0.0, 4.0), (32, 32), 5.0)
    assert view.cuts[2] == PlaneCut(1.0)  # the field is wider than the cylinder now
    assert view.cuts[4] == SurfaceCut(Tilt(1.0, 0.0))
    assert max(depths(live)) == 4.0
    assert view.cross_at == (16.0, 16.0)
    view.use(None, ())
    view.turn(1.0)


def test_a_state_that_was_kept_is_shown_again(rig):
    view, _, grid, _ = rig
    state = ViewState((None, PlaneCut(2.0)), 1, (3.0, 4.0))
    view.show(state)
    assert grid.cuts == (None, PlaneCut(2.0))
    assert grid.cross == (3.0, 4.0)
    assert view.state() == state
    view.show(ViewState((None, SectionCut("yz", 0.0)), 0))
    assert view.cuts == (None, SectionCut("yz", 4.0))  # through the cross, which stays
