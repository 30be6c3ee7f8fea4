"""Errors and warnings. A message is one sentence: what was expected, what was found, what to do."""


class Error(Exception):
    """Any error of wattlayer; the classes below say what the caller can do about it."""


class InvalidInput(Error, ValueError):
    """The input is wrong: correct it."""


class Unsupported(Error, NotImplementedError):
    """The input is fine, but it cannot be handled."""


class Unavailable(Error, RuntimeError):
    """A device, a counter, an energy model or a package is missing here."""


class FileError(Error, OSError):
    """A file could not be read or written."""


class InternalError(Error, RuntimeError):
    """A fault of wattlayer."""


class EstimateWarning(UserWarning):
    """Something was assumed on the way to an estimate."""


class MeasureWarning(UserWarning):
    """Something that a reader of a measured figure must know."""
