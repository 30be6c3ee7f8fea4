"""The table of operators, a module for each family; importing one enters its rules."""


def load() -> None:
    from wattlayer.capture.operators import (  # noqa: F401
        elementwise,
        factories,
        indexing,
        movement,
        normalization,
        products,
        reductions,
        windows,
    )
