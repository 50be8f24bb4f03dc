"""Engine speed beside the plain back ends and the machine's own matrix rate (JSON).

    uv run python bench/engine.py [--bundle beads_20x075] [--networks planes generator]
        [--widths 1 0.5 0.25] [--sizes 256 512] [--planes 41] [--generator-planes 2] [--rounds 7]
        [--threads N]

The plain back ends are the network as it was trained in torch (eager float32, channels last,
bfloat16 where the processor multiplies in it) and its ONNX file in onnxruntime, given a
normalised image. The engine is given camera counts and hands out camera counts: normalisation,
padding, all planes and their way back are in its time. All take turns, a round each, so that
whatever else the machine does meets all alike. In its turn each is called twice and timed the
second time: in a stream a frame finds the caches as one of its own kind left them. Seconds are
medians. The generator's planes are made one by one where that is how a plain back end is quickest.
Networks have random weights, except the bundle's, which the first rows are about.

``cpu_seconds`` is the processor time of all threads, for machines that others use as well: with
``--threads 1`` it is what the wall clock shows on a quiet one.

``ratio_to_best_plain`` compares with the quickest plain back end whose planes are right: within
1e-2 of the bundle's test output, as the engine's own must be (``deviation``);
``ratio_to_fastest_plain`` with the quickest of all.

``gflops``: operations of the network (torch's count) over the time. ``matrix_gflops``: large
matrix products in the same numbers, measured in the same run. The paper took 0.2 s a plane of
512 x 512 on a GeForce 1080 Ti: ``ratio_to_paper`` is our time over that, pixel for pixel; compare
it with the two devices in mind.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np
import onnxruntime

from deepz_live.config import Optics
from deepz_live.image.normalization import Normalization
from deepz_live.model.bundle import Bundle, BundleFacts, load_bundle
from deepz_live.refocus.choice import deviation
from deepz_live.refocus.engine import open_engine
from deepz_live.refocus.providers import available_providers
from deepz_live.refocus.runner import REDUCED_PRECISION

# Before torch: the engine's back end loads it so that its waiting threads sleep.
PROVIDERS = available_providers()

import torch  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from deepz_live.model.generator import Generator  # noqa: E402
from deepz_live.model.planes import PlanesNet  # noqa: E402
from deepz_live.train.export import export_bundle  # noqa: E402

PAPER_S, PAPER_SIDE, PAPER_DEVICE = 0.2, 512, "GeForce 1080 Ti"
MATRIX = {"cpu": 2048, "cuda": 8192}
WIDE_UM = 10.0

Call = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default="beads_20x075", help="folder or shipped name; '' none")
    parser.add_argument("--networks", nargs="*", default=["planes", "generator"])
    parser.add_argument("--widths", type=float, nargs="*", default=[1.0, 0.5, 0.25])
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--planes", type=int, default=41)
    parser.add_argument("--generator-planes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--provider", help="of the engine; default: its own choice")
    parser.add_argument("--threads", type=int, help="of all back ends; default: their own choice")
    parser.add_argument("--json", action="store_true", help="the output is JSON in any case")
    args = parser.parse_args()
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rates = {name: matrix_rate(device, dtype) for name, dtype in DTYPES.items()}
    rows, engines = [], []
    with TemporaryDirectory() as folder:
        for bundle, network in cases(args, Path(folder)):
            for size in args.sizes:
                made, reason = measure(bundle, network, size, args, device, rates)
                rows += made
                engines.append(reason)
    report = {
        "device": device_name(device),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "onnxruntime": onnxruntime.__version__,
        "providers": [*PROVIDERS[0], *PROVIDERS[1]],
        "paper": {"seconds": PAPER_S, "side": PAPER_SIDE, "device": PAPER_DEVICE},
        "engines": engines,
        "rows": rows,
    }
    print(json.dumps(report, indent=1))


DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def cases(args, folder: Path) -> Iterator[tuple[Bundle, torch.nn.Module]]:
    """The trained bundle, then random networks of all kinds and widths."""
    if args.bundle:
        bundle = load_bundle(Path(args.bundle))
        yield bundle, trained(bundle)
    for name in args.networks:
        count = args.planes if name == "planes" else args.generator_planes
        for width in args.widths:
            yield random_bundle(folder / f"{name}_{width:g}", name, width, count)


def measure(bundle, network, size: int, args, device: str, rates) -> tuple[list[dict], str]:
    """Rows of all back ends on one network and size, and why the engine runs where it does."""
    facts = bundle.facts
    pixels = np.random.default_rng(0).poisson(400, (size, size)).astype(np.uint16)
    image = facts.normalization.forward(pixels)[None, None]
    given = [image]
    if facts.network == "generator":
        given = [
            np.concatenate([image, np.full_like(image, z / 10)], axis=1) for z in facts.z_planes_um
        ]
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.from_numpy(given[0]))
    operations = counter.get_total_flops() * len(given)
    onnx = plain_onnx(bundle, given, args.threads)
    with closing(open_engine(bundle, provider=args.provider, threads=args.threads)) as engine:
        calls = {**plain_torch(network, given, device), "onnxruntime": onnx}
        plain = list(calls)
        calls["engine"] = lambda: engine.volume(pixels)
        seconds, cpu_seconds = in_turns(calls, args.rounds)
        reason = engine.reason
        provider = engine.provider
    off = deviations(bundle, network, device)
    right = [name for name in plain if off[name] < REDUCED_PRECISION]
    best, fastest = (min(seconds[name] for name in names) for names in (right, plain))
    best_cpu = min(cpu_seconds[name] for name in right)
    rows = []
    for name, taken in seconds.items():
        backend = f"engine ({provider})" if name == "engine" else name
        number = next((key for key in ("bf16", "fp16") if key in backend), "fp32")
        paper_s = PAPER_S * len(facts.z_planes_um) * (size / PAPER_SIDE) ** 2
        rows.append(
            {
                "network": bundle.name if bundle.name == args.bundle else facts.network,
                "width": facts.width,
                "size": size,
                "planes": len(facts.z_planes_um),
                "backend": backend,
                "seconds": taken,
                "cpu_seconds": cpu_seconds[name],
                "gflops": operations / taken / 1e9,
                "matrix_gflops": rates[number],
                "deviation": off.get(name),
                "ratio_to_best_plain": taken / best,
                "cpu_ratio_to_best_plain": cpu_seconds[name] / best_cpu,
                "ratio_to_fastest_plain": taken / fastest,
                "ratio_to_eager_fp32": taken / seconds["torch eager fp32"],
                "ratio_to_paper": taken / paper_s,
            }
        )
    return rows, f"{facts.network}, width {facts.width:g}, {size} px: {reason}"


PLAIN = {
    "torch eager fp32": (torch.float32, torch.contiguous_format),
    "torch channels-last fp32": (torch.float32, torch.channels_last),
    "torch channels-last bf16": (torch.bfloat16, torch.channels_last),
}

BF16_HERE = any("bf16" in name for name in PROVIDERS[1])
"""Elsewhere it is imitated, and takes minutes for the larger networks."""


def plain_torch(network, given, device: str) -> dict[str, Callable[[], torch.Tensor]]:
    """The network as trained, called on ``given`` one after the other."""
    return {
        name: partial(
            run_plain,
            deepcopy(network).to(device, dtype).to(memory_format=order),
            [
                torch.from_numpy(one).to(device, dtype).contiguous(memory_format=order)
                for one in given
            ],
        )
        for name, (dtype, order) in PLAIN.items()
        if dtype == torch.float32 or device == "cuda" or BF16_HERE
    }


def run_plain(network, arrays) -> torch.Tensor:
    with torch.inference_mode():
        for array in arrays:
            made = network(array)
        if made.device.type == "cuda":
            torch.cuda.synchronize()
    return made


def deviations(bundle: Bundle, network, device: str) -> dict[str, float]:
    """How far each plain back end is from the bundle's test output."""
    given = np.load(bundle.path / "test_input.npy")
    wanted = np.load(bundle.path / "test_output.npy")
    found = {
        name: deviation(call().float().cpu().numpy(), wanted)
        for name, call in plain_torch(network, [given], device).items()
    }
    return {**found, "onnxruntime": 0.0}  # export has checked it


def plain_onnx(bundle: Bundle, given, threads: int | None) -> Call:
    """The ONNX file with onnxruntime as it comes, on the first provider it was built with."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    session = onnxruntime.InferenceSession(
        str(bundle.onnx_path), options, providers=onnxruntime.get_available_providers()
    )

    def call() -> None:
        for one in given:
            session.run(None, {"image": one})

    return call


def in_turns(calls: dict[str, Call], rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Median seconds of each call, by the clock and of processor time.

    In its turn each is called twice: after the others, the first would find cold caches.
    """
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            call()
            begin, used = perf_counter(), process_time()
            call()
            taken[name].append((perf_counter() - begin, process_time() - used))
    by_clock, of_processor = (
        {name: median(times[n] for times in all_times) for name, all_times in taken.items()}
        for n in (0, 1)
    )
    return by_clock, of_processor


def matrix_rate(device: str, dtype: torch.dtype) -> float:
    """GFLOP a second of large matrix products, the best of several."""
    if dtype == torch.float16 and device == "cpu":
        return 0.0
    side = MATRIX[device]
    a = torch.randn(side, side, device=device).to(dtype)
    best = 0.0
    for _ in range(8):
        begin = perf_counter()
        a @ a
        if device == "cuda":
            torch.cuda.synchronize()
        best = max(best, 2 * side**3 / (perf_counter() - begin) / 1e9)
    return best


def trained(bundle: Bundle) -> torch.nn.Module:
    """The network of a bundle with its weights."""
    from safetensors.torch import load_file

    network = blank(bundle.facts.network, bundle.facts.z_planes_um, bundle.facts.width)
    network.load_state_dict({k: v.float() for k, v in load_file(bundle.weights_path).items()})
    return network.eval()


def blank(name: str, z_planes_um: tuple[float, ...], width: float) -> torch.nn.Module:
    return Generator(width) if name == "generator" else PlanesNet(z_planes_um, width)


def random_bundle(
    path: Path, name: str, width: float, count: int
) -> tuple[Bundle, torch.nn.Module]:
    """A bundle of an untrained network, exported as training exports it."""
    torch.manual_seed(0)
    z_planes_um = tuple(np.linspace(-WIDE_UM, WIDE_UM, max(count, 2)).tolist())
    network = blank(name, z_planes_um, width).eval()
    facts = BundleFacts(
        network=name,
        width=width,
        z_planes_um=z_planes_um,
        pixel_size_um=0.325,
        optics=Optics(),
        channel="random",
        exposure_ms=10.0,
        normalization=Normalization(background_counts=100, scale_counts=1000),
        intensity_counts=(0, 1000),
        multiple=network.multiple,
        margin_px=128,
    )
    channels = 2 if name == "generator" else 1
    example = np.random.default_rng(0).random((1, channels, 64, 64), np.float32)
    export_bundle(network, facts, example, path)
    return load_bundle(path), network


def device_name(device: str) -> str:
    if device == "cuda":
        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {torch.get_num_threads()} threads"


if __name__ == "__main__":
    main()
