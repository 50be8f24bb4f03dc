"""Stacks of two modalities of the same sample on top of each other (paper, last Methods section).

:func:`align_stacks` finds how a confocal stack lies against a wide-field stack, laterally and in
z; the :class:`Alignment` that it returns brings the one onto the other's voxels.
"""

from deepz_live.analysis.crossmodal.align import align_stacks
from deepz_live.analysis.crossmodal.alignment import Alignment
from deepz_live.analysis.crossmodal.axial import Curve
from deepz_live.analysis.crossmodal.errors import CrossmodalError
from deepz_live.analysis.crossmodal.regions import Region

__all__ = ["Alignment", "CrossmodalError", "Curve", "Region", "align_stacks"]
