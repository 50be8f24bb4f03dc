"""The paper's quantitative claims: where they stand, their numbers, and the passage itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NO_NUMBER = "no number in the text"


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim.

    Attributes
    ----------
    figure
        Where it belongs: figure, supplementary figure or video.
    says
        What is claimed, in our words.
    paper
        Its numbers, or :data:`NO_NUMBER`.
    quote
        The passage, word for word.
    """

    figure: str
    says: str
    paper: str
    quote: str


CLAIMS: Mapping[str, Claim] = {
    "beads.count": Claim(
        "Fig. 1b, c",
        "One image does for a scan of 41: widths of isolated beads",
        "461 beads; N = 1 image against N = 41",
        "the histograms of both the lateral and the axial full-width-half-maximum (FWHM) values "
        "of 461 individual/isolated nano-beads",
    ),
    "beads.lateral": Claim(
        "Fig. 1b",
        "Lateral FWHM agrees with the mechanical scan's",
        NO_NUMBER + ": “very good match”",
        "provide a very good match to each other",
    ),
    "beads.axial": Claim(
        "Fig. 1c",
        "Axial FWHM agrees with the mechanical scan's",
        NO_NUMBER + ": “very good match”",
        "also revealing a very good match between Deep-Z inference results and the axial "
        "mechanical scanning results",
    ),
    "beads.depth": Claim(
        "text to Fig. 1",
        "Depth of field extended from 1 µm to ±10 µm",
        "~ 20-fold, z = ±10 µm",
        "extended the native depth-of-field (DOF) of this objective (~1 µm) by ~20-fold",
    ),
    "beads.snr": Claim(
        "Fig. S1",
        "Signal to noise better than in the scan",
        NO_NUMBER + ": “improved”",
        "Deep-Z also provides improved signal-to-noise ratio (SNR) at its output",
    ),
    "range.outside": Claim(
        "Fig. S2",
        "Works within the trained range, fails outside",
        "±10 µm",
        "limited to be within the axial range determined by the training dataset (e.g., ±10 µm in "
        "this work), and fails outside of this training range",
    ),
    "worm.ssim": Claim(
        "Fig. 2",
        "SSIM to the scan higher than the input's",
        NO_NUMBER + ": values stand in the picture",
        "with structural similarity index (SSIM) and root mean square error (RMSE) values "
        "reported, further demonstrating the success of Deep-Z",
    ),
    "worm.rmse": Claim(
        "Fig. 2",
        "RMSE to the scan lower than the input's",
        NO_NUMBER + ": values stand in the picture",
        "The absolute difference images of the input and output with respect to the corresponding "
        "ground truth image are also provided",
    ),
    "neurons.count": Claim(
        "Fig. 3a, b, S14b",
        "More neurons in virtual stacks than in the same frames",
        "155 in 3D, 99 in 2D (1.57 times)",
        "the results of the same segmentation algorithm applied on just the input 2D image, where "
        "99 neurons were identified, without any depth information",
    ),
    "neurons.active": Claim(
        "Fig. 3c",
        "Active neurons among those found",
        "70 of 155",
        "A total of 155 neurons were identified, 70 of which were active in calcium activity",
    ),
    "neurons.groups": Claim(
        "Fig. 3c, S6",
        "Groups of activity by the eigen-gap",
        "k = 3",
        "where the eigenvalues jump up significantly, which was determined to be k=3",
    ),
    "neurons.traces": Claim(
        "Fig. 3c",
        "Activity is tracked accurately",
        NO_NUMBER,
        "the neuron locations and activities were accurately tracked using a 2D microscopic time "
        "sequence",
    ),
    "dose.planes": Claim(
        "Fig. S18",
        "Light on the sample falls with the number of planes not scanned",
        "a scan takes Nz times as much",
        "proportional to the number of imaging planes (Nz) that are acquired during a single-pass "
        "z-stack",
    ),
    "surfaces.tilt": Claim(
        "Fig. 4a-f",
        "Beads tilted by 1.5°, brought into focus by one DPM",
        "2.14 → 0.96 µm",
        "a median of ~ 0.96 µm (Fig. 4f), in comparison to a median of ~ 2.14 µm at the input "
        "image",
    ),
    "surfaces.cylinder": Claim(
        "Fig. 4g-l",
        "Beads on a cylinder of 7.2 mm, brought into focus by one DPM",
        "2.41 → 0.91 µm",
        "became monodispersed, as desired, with a median of ~ 0.91 µm (Fig. 4l)",
    ),
    "waves.period": Claim(
        "text to Fig. 4, S7",
        "Sinusoidal surfaces (-1 to -9 µm) are followed reliably",
        "period > 32 µm (100 pixels)",
        "when the period of the modulation is > 100 pixels (i.e., > 32 µm in object space)",
    ),
    "deepzplus.match": Claim(
        "Fig. 5",
        "Deep-Z+: a wide-field frame made confocal, closer to the confocal scan than wide-field is",
        NO_NUMBER + ": values stand in the picture",
        "both of which report increased error and weaker SSIM compared to |GT - Deep-Z+|",
    ),
    "exposure.robust": Claim(
        "Fig. S10",
        "Works over a broad range of exposure times",
        NO_NUMBER,
        "revealing the robustness of its inference over a broad range of image exposure times "
        "that were not included in the training data",
    ),
    "transfer.faster": Claim(
        "Fig. S11, S12",
        "Transfer learning expedites training for another sample or microscope",
        NO_NUMBER + ": “significantly”",
        "transfer learning, which significantly expedites the training process",
    ),
    "helix.range": Claim(
        "Video S10",
        "A double-helix PSF improves the axial range",
        NO_NUMBER,
        "it may be further improved through hardware modifications to the optical set-up by e.g., "
        "engineering the PSF in the axial direction",
    ),
    "drift.compensated": Claim(
        "Video S4",
        "A moving worm, 2-10 µm out of focus, refocused frame by frame",
        "2-10 µm",
        "The worm was defocused ~ 2 – 10 µm from the recording plane",
    ),
    "stream.rate": Claim(
        "Video S7, S8",
        "A stream of 100 frames a second, refocused over ±10 µm afterwards",
        "100 fps for 10 s",
        "captured two videos at 100 fps for monitoring the neuron nuclei",
    ),
    "time.512": Claim(
        "Methods",
        "Inference of one plane of 512²",
        "~ 0.2 s (GeForce 1080Ti)",
        "the network inference time was ~ 0.2 s for an image with 512 × 512 pixels",
    ),
    "time.1536": Claim(
        "Methods",
        "Inference of one plane of 1536²",
        "~ 1 s (GeForce 1080Ti)",
        "~ 1s for an image with 1536 × 1536 pixels on the same PC",
    ),
    "recordings.bead": Claim(
        "Fig. 1a",
        "A single bead brought back into focus, on a real recording",
        NO_NUMBER + ": “matching the mechanically-scanned corresponding images”",
        "matching the mechanically-scanned corresponding images of the same region of interest "
        "(ROI), which form the ground truth",
    ),
    "recordings.nuclei": Claim(
        "Fig. S11, S12",
        "Another sample under another microscope, without training for it",
        NO_NUMBER + ": “robustness to some of these changes”",
        "as a general recommendation to achieve the best performance with Deep-Z, the neural "
        "network should be trained",
    ),
}
"""Every claim that a row may answer, in the order of the page."""

ABSENT: Mapping[str, str] = {
    "Fig. S4": "40×/1.3 objective, ±4 µm: no model for it ships.",
    "Fig. S5": "Mitochondria and F-actin of endothelial cells: shown, not measured in the paper.",
    "Fig. S13, S15-17": "Density and illumination: `deepz-live report --series` has these series.",
}
"""What of the paper is not on the page, and why."""
