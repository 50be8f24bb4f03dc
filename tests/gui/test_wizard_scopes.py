"""The wizard from its first to its last page on microscopes that answer."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from pymmcore_plus import find_micromanager
from PyQt6.QtWidgets import QDoubleSpinBox, QWizard
from wizard_fakes import FakeJob

from deepz_live.acquire.microscope import open_microscope
from deepz_live.app.desk import Desk
from deepz_live.app.paths import find_profile
from deepz_live.config import Camera, ChannelSetting, Profile, load_profile
from deepz_live.gui.main_window import MainWindow
from deepz_live.gui.wizard.desk import CaptureOrder, FieldChoice, StackChoice, TrainChoice
from deepz_live.gui.wizard.real_desk import RealWizardDesk
from deepz_live.session.stack import read_stack
from deepz_live.train.progress import TrainingProgress

WAIT_MS = 60_000


@pytest.fixture
def window(qtbot, tmp_path):
    """The real window, with nothing open."""
    window = MainWindow(Desk(), recordings=tmp_path / "recordings")
    window.show()
    yield window
    window.close()
    window.deleteLater()


@pytest.fixture
def jobs(monkeypatch):
    """Trainings are stood in for; the orders are kept."""
    made = []

    def make_job(_, stacks, out, choice):
        made.append((stacks, choice, FakeJob(out)))
        return made[-1][2]

    monkeypatch.setattr(RealWizardDesk, "make_job", make_job)
    return made


def tiny_profile(tmp_path, name, **changes):
    """A shipped profile with a small sensor and specimen, so that a capture takes a moment."""
    data = yaml.safe_load(find_profile(name).read_text(encoding="utf-8"))
    for section, values in changes.items():
        data[section] = {**data[section], **values} if isinstance(values, dict) else values
    path = tmp_path / f"{name}.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


def window_busy(wizard):
    return wizard.room._bridge.busy


def press_next(qtbot, wizard):
    before = wizard.currentId()
    push = wizard.button(QWizard.WizardButton.NextButton)
    qtbot.waitUntil(push.isEnabled, timeout=WAIT_MS)
    push.click()
    assert wizard.currentId() == before + 1


def opened(qtbot, window, profile):
    """The wizard with the microscope of ``profile`` open."""
    window.actions_by_key["calibrate"].trigger()
    wizard = window.wizard
    qtbot.waitUntil(lambda: not window.bridge.busy, timeout=WAIT_MS)
    wizard.microscope.open_profile(profile)
    banner = wizard.microscope.banner
    qtbot.waitUntil(lambda: wizard.room.scope is not None or banner.text != "", timeout=WAIT_MS)
    assert banner.text == ""
    return wizard


def capture(qtbot, wizard):
    """From the first page to the check of what was captured."""
    press_next(qtbot, wizard)
    qtbot.waitUntil(lambda: wizard.sample.verdict.text() != "", timeout=WAIT_MS)
    press_next(qtbot, wizard)
    page = wizard.fields
    qtbot.waitUntil(lambda: page._here is not None, timeout=WAIT_MS)
    page.rows.setValue(1)
    page.columns.setValue(2)
    page.lay_grid()
    qtbot.waitUntil(lambda: len(wizard.room.order.fields) == 2, timeout=WAIT_MS)
    press_next(qtbot, wizard)
    wizard.stack.range.setValue(8.0)
    wizard.stack.step.setValue(1.0)
    wizard.stack.search.setValue(4.0)
    qtbot.waitUntil(lambda: "9 planes" in wizard.stack.cost["planes"].text(), timeout=WAIT_MS)
    press_next(qtbot, wizard)
    wizard.acquire.start.click()
    qtbot.waitUntil(
        lambda: wizard.acquire.isComplete() or wizard.acquire.banner.text != "", timeout=WAIT_MS
    )
    assert wizard.acquire.banner.text == ""
    press_next(qtbot, wizard)
    qtbot.waitUntil(
        lambda: bool(wizard.check.stacks) or wizard.check.banner.text != "", timeout=WAIT_MS
    )
    assert wizard.check.banner.text == ""


def train(qtbot, wizard, jobs):
    """From the check to a model."""
    if wizard.check.anyway.isVisible():
        wizard.check.anyway.setChecked(True)
    press_next(qtbot, wizard)
    page = wizard.train
    qtbot.waitUntil(lambda: not window_busy(wizard), timeout=WAIT_MS)
    page.train.click()
    qtbot.waitUntil(lambda: bool(jobs) and page.stop.isEnabled(), timeout=WAIT_MS)
    stacks, _, job = jobs[0]
    assert stacks == wizard.room.stacks
    job.news = [TrainingProgress(50, 30.0, 0.0, 0.3, 0.2, 0.2, "", {"mae": 0.5}, {"mae": 0.4})]
    job.end()
    page.tick()
    assert page.curves.names == ("loss", "mae")
    qtbot.waitUntil(page.use_now.isEnabled, timeout=WAIT_MS)
    return job.out


def test_the_built_in_microscope_from_the_first_to_the_last_page(
    qtbot, window, jobs, tmp_path, monkeypatch
):
    profile = tiny_profile(
        tmp_path,
        "simulated",
        camera={"width_px": 96, "height_px": 96},
        channels=[{"name": "TexasRed"}, {"name": "FITC", "exposure_ms": 5.0}],
    )
    wizard = opened(qtbot, window, profile)
    microscope = window.desk.microscope
    home = (microscope.z_um, microscope.xy_um)
    capture(qtbot, wizard)
    folder = wizard.room.stacks
    record = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
    assert [(entry["field"], entry["channel"], entry["role"]) for entry in record["fields"]] == [
        (0, "TexasRed", "train"),
        (0, "FITC", "train"),
        (1, "TexasRed", "test"),
        (1, "FITC", "test"),
    ]
    for entry in record["fields"]:
        stack = read_stack(folder / entry["file"])
        assert stack.voxels.shape == (9, 96, 96)
        assert stack.z_step_um == 1.0
    assert (microscope.z_um, microscope.xy_um) == home
    qtbot.waitUntil(lambda: not window.bridge.busy, timeout=WAIT_MS)
    # The live view has the camera again.
    qtbot.waitUntil(lambda: window.live.live is window.desk.live, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.grid.raw.picture is not None, timeout=WAIT_MS)
    used = []
    monkeypatch.setattr(wizard.train, "_use", used.append)
    model = train(qtbot, wizard, jobs)
    assert jobs[0][1].channel == "TexasRed"
    wizard.train.use_now.click()
    assert used == [model]


def test_a_model_learns_one_channel_and_never_a_test_field(tmp_path):
    stacks = tmp_path / "stacks"
    profile = Profile(
        name="tiny",
        camera=Camera(width_px=64, height_px=64),
        channels=(ChannelSetting(name="TexasRed"), ChannelSetting(name="FITC")),
    )
    with open_microscope(profile) as microscope:
        wizard_desk = RealWizardDesk(Desk(microscope=microscope))
        order = wizard_desk.order()
        planes = StackChoice(4.0, 1.0, "none")
        fields = (FieldChoice(0, 0), FieldChoice(50, 0), FieldChoice(100, 0, "test"))
        order = CaptureOrder(order.channels, fields, planes)
        wizard_desk.make_run(stacks, order).run(lambda _: None)
        assert wizard_desk.channels_of(stacks) == ("TexasRed", "FITC")
        choice = TrainChoice("quick", "planes", 1.0, None, "FITC")
        job = wizard_desk.make_job(stacks, tmp_path / "model", choice)
    try:
        names = [path.name for path in job.order.stacks]
        assert names == ["field_000_FITC.ome.tif", "field_001_FITC.ome.tif"]
    finally:
        job.close()


def test_the_demo_camera_from_the_first_to_the_last_page(qtbot, window, jobs):
    wizard = opened(qtbot, window, find_profile("micromanager-demo"))
    assert wizard.room.scope.channel_group == "Channel"
    assert {"Rhodamine", "FITC", "DAPI"} <= set(wizard.room.scope.channels)
    capture(qtbot, wizard)
    # Its picture does not change with focus: it proves the path, and the page must say so.
    remarks = [remark for stack in wizard.check.stacks for remark in stack.remarks]
    assert any(r.level == "amber" and "asymmetry" in r.text for r in remarks)
    train(qtbot, wizard, jobs)


def test_a_cfg_becomes_a_profile_that_opens(qtbot, window, tmp_path):
    window.actions_by_key["calibrate"].trigger()
    wizard = window.wizard
    page = wizard.microscope
    page.read_cfg(Path(find_micromanager()) / "MMConfig_demo.cfg")
    qtbot.waitUntil(page.cfg.isVisible, timeout=WAIT_MS)
    assert [page.cfg.camera.itemText(n) for n in range(page.cfg.camera.count())][1:] == ["Camera"]
    assert page.cfg.xy_stage.findData("XY") > 0
    page.cfg.xy_stage.setCurrentIndex(page.cfg.xy_stage.findData("XY"))
    page.cfg.channel.setCurrentText("DAPI")
    page.cfg.pixel.setValue(0.65)
    path = tmp_path / "mine.yaml"
    page.write_profile(path)
    qtbot.waitUntil(
        lambda: wizard.room.scope is not None or page.banner.text != "", timeout=WAIT_MS
    )
    assert page.banner.text == ""
    profile = load_profile(path)
    assert (profile.channel, profile.optics.pixel_size_um) == ("DAPI", 0.65)
    assert wizard.room.scope.channel == "DAPI"
    assert wizard.room.scope.pixel_size_um == 0.65


def test_closing_the_window_in_mid_scan_brings_everything_back(qtbot, window, tmp_path):
    profile = tiny_profile(tmp_path, "simulated", camera={"width_px": 96, "height_px": 96})
    wizard = opened(qtbot, window, profile)
    for _ in range(4):
        press_next(qtbot, wizard)
    microscope = window.desk.microscope
    home = (microscope.z_um, microscope.xy_um)
    where = []
    close = microscope.close

    def look_and_close():
        where.append((microscope.z_um, microscope.xy_um, microscope.core.getShutterOpen()))
        close()

    microscope.close = look_and_close
    wizard.acquire.start.click()
    qtbot.waitUntil(lambda: wizard.acquire.field_bar.value() > 3, timeout=WAIT_MS)
    window.close()
    assert where == [(*home, False)]


def test_device_widgets_hear_the_core_on_the_gui_thread(qtbot, window, monkeypatch):
    def no_network():
        pytest.fail("an icon was asked for on the network")

    monkeypatch.setattr("pyconify.api._session", no_network)
    wizard = opened(qtbot, window, find_profile("micromanager-demo"))
    wizard.microscope.show_devices()
    qtbot.waitUntil(lambda: wizard.microscope.dialog is not None, timeout=WAIT_MS)
    dialog = wizard.microscope.dialog
    boxes = dialog.tabs.widget(1).findChildren(QDoubleSpinBox)
    thread = threading.Thread(target=lambda: window.desk.microscope.core.setExposure(33.0))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: any(box.value() == 33.0 for box in boxes), timeout=WAIT_MS)
    dialog.close()


def test_fields_on_either_side_of_a_keep_out_are_refused_on_their_page():
    clamp = {"x_min_um": 100.0, "x_max_um": 150.0, "y_min_um": -50.0, "y_max_um": 50.0}
    with open_microscope(Profile(name="test", stage={"keep_out": [clamp]})) as microscope:
        desk = RealWizardDesk(SimpleNamespace(microscope=microscope, lend=lambda: microscope))
        desk.scope()
        choice = StackChoice(4.0, 1.0, "none")
        across = (FieldChoice(-300.0, 0.0), FieldChoice(400.0, 0.0))
        assert "from field 1 (x = -300" in desk.forbidden(CaptureOrder((), across, choice))
        assert desk.forbidden(CaptureOrder((), across[:1], choice)) == ""
        desk.move_by(-300.0, 0.0, 0.0)
        desk.move_by(0.0, 400.0, 0.0)
        desk.move_by(700.0, 0.0, 0.0)
        corner = CaptureOrder((), across[:1], choice)
        assert "from where the stage stands (x = 400" in desk.forbidden(corner)
