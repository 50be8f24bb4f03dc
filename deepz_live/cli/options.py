"""Arguments and options that several commands share, described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Profile = Annotated[
    str,
    typer.Option(
        "--profile", "-p", help="Microscope profile: a .yaml file or the name of a shipped one."
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change one value of the profile; may be repeated."
    ),
]
Model = Annotated[
    Path | None,
    typer.Option(
        "--model", "-m", help="Bundle of a trained network: a folder, or the name of a shipped one."
    ),
]
ChannelModel = Annotated[
    list[str] | None,
    typer.Option(
        "--channel-model",
        metavar="CHANNEL=BUNDLE",
        help="Another model for one of several channels; may be repeated.",
    ),
]
Seconds = Annotated[
    float | None,
    typer.Option("--seconds", min=0.1, help="Stop after this time; default: when told to."),
]
Headless = Annotated[bool, typer.Option("--headless", help="Without a window.")]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object last; the rest goes to stderr.")
]
Region = Annotated[
    str | None,
    typer.Option("--region", metavar="Y0:Y1,X0:X1", help="Only this part of the field, in pixels."),
]
Target = Annotated[
    Path | None,
    typer.Option(
        "--target",
        help="For a model of another modality: its stacks (a folder or one), as in training.",
    ),
]
PixelSize = Annotated[
    float | None,
    typer.Option(min=0.001, help="Size of a pixel in µm, where the file does not say it right."),
]
Interval = Annotated[
    float | None,
    typer.Option(min=1e-6, help="Time between two frames in s, where the file does not say it."),
]
Channel = Annotated[
    str | None, typer.Option(help="Which channel of a file with several: number or name.")
]
Plane = Annotated[int | None, typer.Option(min=0, help="Which plane of a z-stack to take, from 0.")]
PlanesAreTimes = Annotated[
    bool, typer.Option("--planes-are-times", help="The planes are times saved as slices.")
]
Resample = Annotated[
    bool, typer.Option("--resample", help="Bring another pixel size to the model's.")
]
