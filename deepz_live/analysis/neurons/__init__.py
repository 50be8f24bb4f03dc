"""Neurons in recordings of two channels: where they are, what they do, who acts with whom.

The paper's Methods, "Tracking and quantification of C. elegans neuron activity": frames are laid
on each other (:class:`Motion`), neurons found in the median over time of the structure channel
(:func:`find_neurons`), read frame by frame in the activity channel (:class:`Reader`), and grouped
by how alike they act (:func:`activity`).
"""

from deepz_live.analysis.neurons.activity import Activity, activity
from deepz_live.analysis.neurons.errors import NeuronsError
from deepz_live.analysis.neurons.masks import Masks, Search, find_neurons
from deepz_live.analysis.neurons.matching import Match, match, nearest, trace_correlation
from deepz_live.analysis.neurons.motion import STILL, Motion, laid_back
from deepz_live.analysis.neurons.spectral import Clusters, spectral_clusters
from deepz_live.analysis.neurons.traces import Reader

__all__ = [
    "STILL",
    "Activity",
    "Clusters",
    "Masks",
    "Match",
    "Motion",
    "NeuronsError",
    "Reader",
    "Search",
    "activity",
    "find_neurons",
    "laid_back",
    "match",
    "nearest",
    "spectral_clusters",
    "trace_correlation",
]
