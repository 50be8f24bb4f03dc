"""S11 and S12: training from a bundle against training from nothing, for another sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deepz_live.app.report.figures import curves
from deepz_live.app.report.section import Picture, Section, Table
from deepz_live.app.reproduce.lab import BEADS, Lab
from deepz_live.app.reproduce.outcome import AGREES, Outcome, Row
from deepz_live.app.reproduce.scenes import scanned
from deepz_live.app.reproduce.step import Step
from deepz_live.app.training import BEST
from deepz_live.app.transfer import STRIDE, compare_trainings
from deepz_live.model.bundle import shipped_names

CLAIMS = ("transfer.faster",)


@dataclass(frozen=True, slots=True)
class Effort:
    fields: int
    tests: int
    side_px: int
    minutes: float
    kind: str = "nuclei"
    first: int = 700


def measure(lab: Lab, effort: Effort) -> Outcome:
    """The row of S11 and S12, and how both trainings went."""
    sample: dict[str, object] = {"kind": effort.kind, "photons": None, "depth_um": None}
    side, first = effort.side_px, effort.first
    with (
        scanned(lab, BEADS, [sample] * effort.fields, side, first) as train,
        scanned(lab, BEADS, [sample] * effort.tests, side, first + effort.fields) as test,
        TemporaryDirectory() as folder,
    ):
        found = compare_trainings(
            train.stacks[0].parent, test.stacks[0].parent, BEST, Path(folder),
            minutes=effort.minutes, note=lab.note,
        )  # fmt: skip
    return Outcome((_row(found, effort),), (_section(found, effort),))


def _row(found: dict[str, Any], effort: Effort) -> Row:
    scratch, moved = found["scratch"], found["transfer"][0]
    more = moved["mae"] / scratch["mae"] - 1
    faster = more <= AGREES
    return Row(
        "transfer.faster",
        f"mean error {moved['mae']:.4f} after {moved['steps']} steps, from nothing "
        f"{scratch['mae']:.4f} after {scratch['steps']}",
        "as in the paper" if faster else "worse",
        f"as good (within {AGREES:.0%}) on unseen fields in 1/{STRIDE} of the steps; error "
        f"unrefocused {scratch['mae_unrefocused']:.4f}",
        f"built-in microscope, {effort.fields} fields of {effort.kind} to train on, "
        f"{effort.tests} to test; from {moved['from']}, the shipped one that `--init best` finds; "
        f"{effort.minutes:g} minutes from nothing",
        f"After a third of the steps the error is {abs(more):.1%} "
        f"{'smaller' if more < 0 else 'larger'}." + ("" if faster else " That was not enough."),
    )


def _section(found: dict[str, Any], effort: Effort) -> Section:
    runs = {"baseline": found["scratch"], "refocused": found["transfer"][0]}
    lines = {
        name: ([p[0] for p in run["curve"]], [p[1] for p in run["curve"]])
        for name, run in runs.items()
    }
    names = {"baseline": "from nothing", "refocused": f"from {found['transfer'][0]['from']}"}
    cells = [
        [names[name], str(run["steps"]), f"{run['best_validation'][1]:.4g}", f"{run['mae']:.4f}"]
        for name, run in runs.items()
    ]
    return Section(
        "transfer",
        "S11, S12: does it help to start from a trained model?",
        f"Two trainings on the same {effort.fields} fields of {effort.kind}, from nothing and from "
        f"{names['refocused'].removeprefix('from ')}, the second one for a third of the steps.",
        tables=[Table(("training", "steps", "best validation", "error on unseen fields"), cells)],
        pictures=[
            Picture("transfer", "Validation loss over the steps.",
                    curves([("validation loss", lines)], "step", names=names))
        ],
        facts=found,
    )  # fmt: skip


FULL = Effort(8, 2, 384, 12.0)
STEP = Step("transfer", ("s11", "s12"), tuple(shipped_names()), FULL, None, measure, CLAIMS)
