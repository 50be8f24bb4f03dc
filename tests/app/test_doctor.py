"""The doctor finds what is there, never breaks down, and says what to do."""

from __future__ import annotations

from pathlib import Path

from deepz_live.app import doctor as doctor_module
from deepz_live.app.doctor import Finding, disk, doctor, micromanager, write_speed


def ticks(*times: float):
    return iter(times).__next__


def test_write_speed_is_megabytes_over_seconds(tmp_path: Path):
    assert write_speed(tmp_path, clock=ticks(10.0, 10.5), probe_mb=2) == 4.0
    assert list(tmp_path.iterdir()) == []


def test_a_slow_disk_is_a_warning_with_a_cure(tmp_path: Path):
    finding = disk(tmp_path, clock=ticks(0.0, 1.0), probe_mb=1)
    assert finding.status == "warning"
    assert "writes 1 MB/s" in finding.found
    assert "SSD" in finding.advice


def test_a_folder_that_is_not_yet_there_is_measured_at_its_parent(tmp_path: Path):
    finding = disk(tmp_path / "new" / "session", clock=ticks(0.0, 0.001), probe_mb=1)
    assert str(tmp_path) in finding.found
    assert "new" not in finding.found.removeprefix(str(tmp_path))


def test_a_check_that_breaks_down_is_a_finding(tmp_path: Path):
    def icons() -> Finding:
        raise RuntimeError("no\nfolder")

    last = doctor(tmp_path, [icons], clock=ticks(0.0, 1.0))[-1]
    assert (last.name, last.status, last.found) == ("icons", "missing", "no folder")
    assert last.advice


def test_whatever_is_not_fine_says_what_to_do(tmp_path: Path):
    for finding in doctor(tmp_path, clock=ticks(0.0, 1.0)):
        assert (finding.status == "ok") == (finding.advice == ""), finding


def test_without_micromanager_the_advice_is_to_install_it(monkeypatch):
    from deepz_live.acquire import installation

    monkeypatch.setattr(installation, "micromanager_folders", list)
    finding = micromanager()
    assert finding.status == "missing"
    assert "mmcore install" in finding.advice


def test_the_demo_adapters_alone_are_not_a_microscope(tmp_path: Path, monkeypatch):
    from deepz_live.acquire import installation

    folder = tmp_path / installation.TEST_ADAPTERS / "libs"
    folder.mkdir(parents=True)
    (folder / "libmmgr_dal_DemoCamera.so.0").touch()
    (folder / "mmgr_dal_Utilities.dll").touch()
    (folder / "MMConfig_demo.cfg").touch()
    assert installation.adapter_names(folder) == ["DemoCamera", "Utilities"]
    monkeypatch.setattr(installation, "micromanager_folders", lambda: [folder])
    assert micromanager().status == "warning"


CARD = "RTX 4090, 560.1, 24564 MiB"


def test_an_unused_graphics_card_does_not_go_unnoticed(monkeypatch):
    from deepz_live.refocus import providers

    monkeypatch.setattr(doctor_module, "nvidia_cards", lambda: [CARD])
    monkeypatch.setattr(
        providers, "available_providers", lambda: (("CPU",), (), "torch is not installed")
    )
    finding = doctor_module.providers()
    assert finding.status == "warning"
    assert "torch is not installed" in finding.found
    assert "onnxruntime-gpu" in finding.advice


def test_a_card_that_torch_alone_can_use_is_used(monkeypatch):
    from deepz_live.refocus import providers

    monkeypatch.setattr(doctor_module, "nvidia_cards", lambda: [CARD])
    torch = ("torch CUDA fp16", "torch CPU fp32")
    monkeypatch.setattr(providers, "available_providers", lambda: (("CPU",), torch, ""))
    finding = doctor_module.providers()
    assert finding.status == "ok"
    assert "torch CUDA fp16" in finding.found


def test_where_the_shipped_model_runs_is_said_with_the_timings_of_all():
    finding = doctor_module.shipped_model()
    assert finding.status == "ok"
    for name in ("CPU", "torch CPU fp32"):
        assert f"{name} " in finding.found
    assert " ms" in finding.found
