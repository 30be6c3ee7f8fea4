"""Energy of neural networks, layer by layer, before and while they run.

>>> import wattlayer
>>> estimate = wattlayer.estimate("net:resnet50", on="a100-sxm/pytorch")
>>> estimate.energy_j, estimate.interval
"""

from wattlayer import testing
from wattlayer._wattlayer import __version__
from wattlayer.catalogue import energy_models, hardware, meters
from wattlayer.errors import (
    Error,
    EstimateWarning,
    FileError,
    InternalError,
    InvalidInput,
    MeasureWarning,
    Unavailable,
    Unsupported,
)
from wattlayer.estimating import estimate, layers
from wattlayer.measuring import Measurement, MeterReading, measure, measured
from wattlayer.rows import Estimate, Estimates, Layer, OperatorShare, Unpriced

__all__ = [
    "Error",
    "Estimate",
    "EstimateWarning",
    "Estimates",
    "FileError",
    "InternalError",
    "InvalidInput",
    "Layer",
    "MeasureWarning",
    "Measurement",
    "MeterReading",
    "OperatorShare",
    "Unavailable",
    "Unpriced",
    "Unsupported",
    "__version__",
    "energy_models",
    "estimate",
    "hardware",
    "layers",
    "measure",
    "measured",
    "meters",
    "testing",
]
