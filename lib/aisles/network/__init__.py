"""The network, its inputs and outputs, its loss, and how it is stored."""

from aisles.network.artifact import Model, load, save
from aisles.network.batch import Batch
from aisles.network.device import CPU, device_of, use
from aisles.network.losses import bce_sum, objective
from aisles.network.network import MEMBERS, Network, Output, Prediction
from aisles.network.noise import Noise
from aisles.network.outputs import Outputs
from aisles.network.rowtable import RowTable

__all__ = [
    "CPU",
    "MEMBERS",
    "Batch",
    "Model",
    "Network",
    "Noise",
    "Output",
    "Outputs",
    "Prediction",
    "RowTable",
    "bce_sum",
    "device_of",
    "load",
    "objective",
    "save",
    "use",
]
