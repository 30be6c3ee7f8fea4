"""PyTorch modules as networks, captured without running their arithmetic (docs/python.md)."""

from wattlayer.capture.capturing import capture

__all__ = ["capture"]
