"""The wizard, driven page by page against a fake microscope and a fake training."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from PyQt6.QtWidgets import QWizard
from wizard_fakes import FakeDesk

from deepz_live.gui.bridge import Bridge
from deepz_live.gui.wizard.desk import ChannelChoice, FieldChoice, Remark, TrainChoice
from deepz_live.gui.wizard.steps import Step
from deepz_live.gui.wizard.wizard import CalibrationWizard
from deepz_live.train.progress import TrainingProgress

WAIT_MS = 10_000


@pytest.fixture
def bench(qtbot, qapp, tmp_path):
    """``bench()`` gives an open wizard on its first page, its desk, and what it was told to use."""
    made = []

    def make(desk=None):
        desk = desk or FakeDesk()
        bridge, used = Bridge(), []
        wizard = CalibrationWizard(desk, bridge, lambda: tmp_path, used.append)
        made.append((wizard, bridge, desk))
        wizard.open()
        return SimpleNamespace(wizard=wizard, desk=desk, used=used, room=wizard.room)

    yield make
    for wizard, bridge, desk in made:
        wizard.stop()
        for run in desk.runs:
            run.ended.set()
        wizard.close()
        bridge.wait(5)
        wizard.finish()
        wizard.deleteLater()
    made.clear()


def go_to(qtbot, wizard, step):
    """Press Next until the page is there; fails where a page does not let one through."""
    while wizard.currentId() < step:
        before = wizard.currentId()
        qtbot.waitUntil(wizard.button(QWizard.WizardButton.NextButton).isEnabled, timeout=WAIT_MS)
        wizard.button(QWizard.WizardButton.NextButton).click()
        assert wizard.currentId() > before


def captured(qtbot, bench):
    """On the check page, after a capture."""
    go_to(qtbot, bench.wizard, Step.ACQUIRE)
    page = bench.wizard.acquire
    page.start.click()
    qtbot.waitUntil(lambda: page.field_bar.value() == 3, timeout=WAIT_MS)
    bench.desk.runs[-1].ended.set()
    go_to(qtbot, bench.wizard, Step.CHECK)
    qtbot.waitUntil(lambda: bool(bench.wizard.check.stacks), timeout=WAIT_MS)


def test_without_a_microscope_nothing_goes_on_until_one_is_open(qtbot, bench):
    made = bench(FakeDesk(open_=False))
    page = made.wizard.microscope
    qtbot.waitUntil(lambda: "No microscope" in page.facts.text(), timeout=WAIT_MS)
    assert not made.wizard.button(QWizard.WizardButton.NextButton).isEnabled()
    page.open.click()
    qtbot.waitUntil(lambda: "fake scope" in page.facts.text(), timeout=WAIT_MS)
    assert made.wizard.button(QWizard.WizardButton.NextButton).isEnabled()


def test_a_profile_that_fails_says_why_on_the_page(qtbot, bench):
    desk = FakeDesk(open_=False)
    desk.fails["open_profile"] = "The camera is off; switch it on."
    made = bench(desk)
    made.wizard.microscope.open.click()
    qtbot.waitUntil(
        lambda: made.wizard.microscope.banner.text == "The camera is off; switch it on.",
        timeout=WAIT_MS,
    )


def test_a_cfg_becomes_a_profile_with_what_was_asked(qtbot, bench, tmp_path):
    made = bench(FakeDesk(open_=False))
    page = made.wizard.microscope
    page.read_cfg(tmp_path / "mine.cfg")
    qtbot.waitUntil(page.cfg.isVisible, timeout=WAIT_MS)
    page.cfg.channel.setCurrentText("DAPI")
    page.cfg.na.setValue(1.4)
    page.cfg.immersion.setCurrentIndex(page.cfg.immersion.findText("oil (1.515)"))
    page.write_profile(tmp_path / "mine.yaml")
    qtbot.waitUntil(lambda: bool(made.desk.asked("open_profile")), timeout=WAIT_MS)
    ((path, draft),) = made.desk.asked("write_profile")
    assert path == tmp_path / "mine.yaml"
    assert (draft.name, draft.channel_group, draft.channel) == ("mine", "Channel", "DAPI")
    assert (draft.na, draft.immersion_index, draft.pixel_size_um) == (1.4, 1.515, None)


@pytest.mark.parametrize(
    "counts_per_ms, verdict", [(100.0, "Good"), (0.1, "Too dark"), (1000.0, "Saturated")]
)
def test_the_live_picture_says_whether_the_exposure_fits(qtbot, bench, counts_per_ms, verdict):
    desk = FakeDesk()
    desk.counts_per_ms = counts_per_ms
    made = bench(desk)
    go_to(qtbot, made.wizard, Step.SAMPLE)
    page = made.wizard.sample
    qtbot.waitUntil(lambda: verdict in page.verdict.text(), timeout=WAIT_MS)


def test_channels_are_ticked_and_exposed_one_by_one(qtbot, bench):
    made = bench()
    go_to(qtbot, made.wizard, Step.SAMPLE)
    page = made.wizard.sample
    assert made.room.order.channels == (ChannelChoice("TexasRed", 10.0),)
    page.tick("FITC")
    page.table.setCurrentCell(1, 0)
    page.auto.click()
    qtbot.waitUntil(
        lambda: ChannelChoice("FITC", 19.5) in made.room.order.channels, timeout=WAIT_MS
    )
    assert made.desk.asked("auto_exposure") == [(ChannelChoice("FITC", 10.0),)]
    qtbot.waitUntil(lambda: made.desk.exposure_ms == 19.5, timeout=WAIT_MS)
    page.tick("FITC", False)
    page.tick("TexasRed", False)
    assert not page.isComplete()


def test_no_picture_is_taken_on_pages_that_show_none(qtbot, bench):
    made = bench()
    go_to(qtbot, made.wizard, Step.SAMPLE)
    qtbot.waitUntil(lambda: len(made.desk.asked("snap")) > 1, timeout=WAIT_MS)
    go_to(qtbot, made.wizard, Step.STACK)
    qtbot.waitUntil(lambda: not made.room._bridge.busy, timeout=WAIT_MS)
    taken = len(made.desk.asked("snap"))
    with qtbot.waitSignal(made.wizard.currentIdChanged, timeout=WAIT_MS, raising=False):
        made.wizard.next()
    qtbot.waitUntil(lambda: not made.room._bridge.busy, timeout=WAIT_MS)
    assert len(made.desk.asked("snap")) == taken


def test_fields_that_overlap_are_refused_by_their_numbers(qtbot, bench):
    made = bench()
    go_to(qtbot, made.wizard, Step.FIELDS)
    page = made.wizard.fields
    qtbot.waitUntil(lambda: page._here is not None, timeout=WAIT_MS)
    assert page.isComplete()
    page.here.click()
    assert "Fields 1 and 4 overlap" in page.state.text()
    assert not made.wizard.button(QWizard.WizardButton.NextButton).isEnabled()
    page.table.selectRow(3)
    page.remove()
    assert page.isComplete()


def test_a_grid_is_shared_out_to_training_validation_and_test(qtbot, bench):
    made = bench()
    go_to(qtbot, made.wizard, Step.FIELDS)
    page = made.wizard.fields
    page.rows.setValue(2)
    page.columns.setValue(3)
    page.checks.setValue(1)
    page.tests.setValue(2)
    page.lay_grid()
    qtbot.waitUntil(lambda: len(made.room.order.fields) == 6, timeout=WAIT_MS)
    roles = [field.role for field in made.room.order.fields]
    assert roles == ["train", "train", "train", "validation", "test", "test"]
    page.table.cellWidget(0, 2).setCurrentText("test")
    assert made.room.order.fields[0] == FieldChoice(0.0, 0.0, "test")


def test_the_cost_is_shown_before_anything_moves(qtbot, bench):
    made = bench()
    go_to(qtbot, made.wizard, Step.STACK)
    page = made.wizard.stack
    pictures = page.cost["planes"]
    qtbot.waitUntil(lambda: "81 planes" in pictures.text(), timeout=WAIT_MS)
    assert "81 planes × 3 fields × 1 channel = 243 pictures" in pictures.text()
    assert "2.5 s of exposure" in page.cost["light"].text()
    page.step.setValue(1.0)
    qtbot.waitUntil(lambda: "41 planes" in pictures.text(), timeout=WAIT_MS)
    page.range.setValue(130.0)
    qtbot.waitUntil(lambda: page.state.text() == "Too far.", timeout=WAIT_MS)
    assert not page.isComplete()
    page.use.click()
    assert (page.range.value(), page.step.value()) == (40.0, 0.5)
    assert page.isComplete()
    assert made.desk.asked("make_run") == []


def test_a_capture_is_steered_from_its_page(qtbot, bench):
    made = bench()
    go_to(qtbot, made.wizard, Step.ACQUIRE)
    page = made.wizard.acquire
    page.start.click()
    qtbot.waitUntil(lambda: page.field_bar.value() == 3, timeout=WAIT_MS)
    run = made.desk.runs[0]
    assert page.curve.points == 3
    assert page.picture.picture is not None
    assert page.whole_bar.value() == 41 + 3
    assert not made.wizard.button(QWizard.WizardButton.NextButton).isEnabled()
    assert not made.wizard.button(QWizard.WizardButton.BackButton).isEnabled()
    page.pause.click()
    assert page.pause.text() == "Go on"
    page.pause.click()
    page.skip.click()
    page.retry.click()
    page.abort.click()
    assert run.calls == ["pause", "resume", "skip_field", "retry_field", "abort"]
    qtbot.waitUntil(lambda: "Aborted" in page.text.text(), timeout=WAIT_MS)
    assert page.banner.text == ""
    assert page.start.isEnabled()
    assert not page.isComplete()


def test_a_capture_that_fails_says_why(qtbot, bench):
    made = bench()
    go_to(qtbot, made.wizard, Step.ACQUIRE)
    page = made.wizard.acquire
    page.start.click()
    qtbot.waitUntil(lambda: page.field_bar.value() == 3, timeout=WAIT_MS)
    made.desk.runs[0].fails = "The stage stalled at 3 µm."
    made.desk.runs[0].ended.set()
    qtbot.waitUntil(lambda: page.banner.text == "The stage stalled at 3 µm.", timeout=WAIT_MS)
    assert page.start.isEnabled()


def test_red_stacks_are_not_trained_on_unless_the_operator_says_so(qtbot, bench):
    desk = FakeDesk()
    desk.remarks.append(Remark("red", "focus", "peak at the edge", "Repeat field 1, move +6 µm."))
    made = bench(desk)
    captured(qtbot, made)
    page = made.wizard.check
    assert not made.wizard.button(QWizard.WizardButton.NextButton).isEnabled()
    assert page.tree.topLevelItem(0).child(1).text(3) == "Repeat field 1, move +6 µm."
    page.anyway.setChecked(True)
    assert page.isComplete()
    page.repeat.click()
    assert made.wizard.currentId() == Step.ACQUIRE
    assert not made.wizard.acquire.isComplete()
    made.wizard.acquire.start.click()
    qtbot.waitUntil(lambda: len(made.desk.runs) == 2, timeout=WAIT_MS)
    assert [fields for _, fields in made.desk.asked("repeat_run")] == [(0,)]
    made.desk.runs[1].ended.set()
    go_to(qtbot, made.wizard, Step.CHECK)
    qtbot.waitUntil(lambda: len(made.desk.asked("check")) == 2, timeout=WAIT_MS)


def test_the_camera_goes_back_to_the_live_view_once_it_is_not_needed(qtbot, bench):
    made = bench()
    captured(qtbot, made)
    assert made.desk.asked("give_back") == [()]
    made.wizard.close()
    qtbot.waitUntil(lambda: len(made.desk.asked("give_back")) == 2, timeout=WAIT_MS)


def test_captured_stacks_are_trained_and_the_model_is_used(qtbot, bench):
    made = bench()
    captured(qtbot, made)
    go_to(qtbot, made.wizard, Step.TRAIN)
    page = made.wizard.train
    page.init.setCurrentIndex(1)
    page.minutes.setValue(2.0)
    qtbot.waitUntil(lambda: page.channel.count() == 2, timeout=WAIT_MS)
    page.channel.setCurrentText("FITC")
    page.train.click()
    qtbot.waitUntil(page.stop.isEnabled, timeout=WAIT_MS)
    ((stacks, out, choice),) = made.desk.asked("make_job")
    assert choice == TrainChoice("quick", "planes", 2.0, made.desk.bundles()[0][1], "FITC")
    assert out.parent == stacks == made.room.stacks
    job = made.desk.jobs[0]
    job.news = [
        TrainingProgress(50, 30.0, 90.0, 0.3, 0.2, 0.2, "", {"mae": 0.5}, {"mae": 0.4}),
        TrainingProgress(100, 60.0, 60.0, 0.2, 0.1, 0.1, "", {"mae": 0.3}, {"mae": 0.2, "ssim": 1}),
    ]
    page.tick()
    assert page.curves.names == ("loss", "mae", "ssim")
    assert page.curves.series("mae") == ([0.5, 1.0], [0.5, 0.3], [0.4, 0.2])
    assert page.bar.value() == 500
    page.stop.click()
    assert job.stop_asked
    job.end()
    page.tick()
    qtbot.waitUntil(lambda: job.closed, timeout=WAIT_MS)
    page.use_now.click()
    assert made.used == [job.out]


def test_a_training_that_dies_says_why(qtbot, bench, tmp_path):
    made = bench()
    qtbot.waitUntil(lambda: made.room.scope is not None, timeout=WAIT_MS)
    made.wizard.microscope.use_stacks(tmp_path)
    assert made.wizard.currentId() == Step.CHECK
    go_to(qtbot, made.wizard, Step.TRAIN)
    page = made.wizard.train
    page.train.click()
    qtbot.waitUntil(page.stop.isEnabled, timeout=WAIT_MS)
    job = made.desk.jobs[0]
    job.running, job.error = False, "Out of memory; lower `batch`."
    page.tick()
    assert page.banner.text == "Out of memory; lower `batch`."
    assert not page.use_now.isEnabled()
    qtbot.waitUntil(lambda: job.closed, timeout=WAIT_MS)


def test_what_blocks_is_never_asked_on_the_gui_thread(qtbot, bench):
    made = bench()
    captured(qtbot, made)
    assert threading.get_ident() not in made.desk.threads


def test_an_interrupted_capture_goes_on(qtbot, bench, tmp_path):
    made = bench()
    qtbot.waitUntil(lambda: made.room.scope is not None, timeout=WAIT_MS)
    made.wizard.microscope.continue_capture(tmp_path)
    assert made.wizard.currentId() == Step.ACQUIRE
    made.wizard.acquire.start.click()
    qtbot.waitUntil(lambda: bool(made.desk.asked("continue_run")), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: made.wizard.acquire.abort.isEnabled(), timeout=WAIT_MS)
    assert made.desk.asked("continue_run") == [(tmp_path,)]
