"""What tests need: a device in simulated time, which the meter ``fake`` reads."""

from wattlayer._wattlayer import SimulatedDevice

__all__ = ["SimulatedDevice"]
