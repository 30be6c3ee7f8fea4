"""What a notebook shows of an estimate: a compact table with interval bars. No script, no file, colours of the page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Iterable, Sequence

if TYPE_CHECKING:
    from wattlayer.rows import Estimate, Layer

_SHOWN_LAYERS = 10
_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))
_NUMBER = ' style="text-align:right"'


def quantity(value: float, unit: str) -> str:
    """Three digits with a prefix: ``12.3 mJ``."""
    for factor, prefix in _PREFIXES:
        if abs(value) >= factor * 0.9995:
            return f"{value / factor:.3g} {prefix}{unit}"
    return f"{value / 1e-9:.3g} n{unit}" if value else f"0 {unit}"


def _bar(low: float, value: float, high: float, longest: float) -> str:
    """The value as a bar and its interval as a line across its end."""
    width, start, end = (100 * x / longest if longest > 0 else 0 for x in (value, low, high))
    start, end = min(start, 100), min(end, 100)
    return (
        '<div style="position:relative;width:140px;height:10px">'
        f'<div style="position:absolute;left:0;top:2px;height:6px;width:{min(width, 100):.2f}%;background:#3b82c4"></div>'
        f'<div style="position:absolute;left:{start:.2f}%;top:4px;height:2px;width:{max(end - start, 0):.2f}%;'
        'background:currentColor;opacity:.75"></div></div>'
    )


def _row(cells: Iterable[tuple[str, bool]], tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}{_NUMBER if number else ''}>{text}</{tag}>" for text, number in cells) + "</tr>"


def _table(head: Sequence[tuple[str, bool]], rows: Iterable[str]) -> str:
    return f"<table><thead>{_row(head, 'th')}</thead><tbody>{''.join(rows)}</tbody></table>"


def _layer_row(layer: Layer, longest: float) -> str:
    low, high = layer.interval
    return _row(
        [
            (f'<span title="{escape(layer.layer)}">{escape(layer.name or layer.op)}</span>', False),
            (escape("+".join((layer.op, *layer.fused))), False),
            (f"{layer.count:g}", True),
            (quantity(layer.macs, ""), True),
            (quantity(layer.energy_j, "J"), True),
            (_bar(low, layer.energy_j, high, longest), False),
            (f"{layer.share:.1%}", True),
            (escape(layer.label), False),
        ]
    )


def _facts(estimate: Estimate) -> str:
    low, high = estimate.interval
    idle = "idle included" if estimate.idle_included else "idle not included"
    text = (
        f"<b>{escape(estimate.network)}</b> on {escape(estimate.energy_model)}, batch {estimate.batch}: "
        f"<b>{quantity(estimate.energy_j, 'J')}</b> [{quantity(low, 'J')} – {quantity(high, 'J')}], "
        f"{quantity(estimate.time_s, 's')}, {quantity(estimate.power_w, 'W')}; {escape(estimate.scope)}, {idle}; "
        f"{estimate.coverage:.0%} of the energy from layers inside the fitted range"
    )
    if estimate.stated_power_w is not None:
        text += f"; modelled: a stated power of {quantity(estimate.stated_power_w, 'W')} times time"
    return f"<p>{text}</p>"


def _remarks(remarks: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(remark)}</li>" for remark in remarks)
    return f"<ul>{items}</ul>" if items else ""


def estimate_html(estimate: Estimate) -> str:
    """Totals, dearest layers, and what is not predicted."""
    dearest = sorted(estimate.layers, key=lambda layer: -layer.energy_j)[:_SHOWN_LAYERS]
    longest = max((layer.interval[1] for layer in dearest), default=0.0)
    head = [("layer", False), ("operator", False), ("count", True), ("MACs", True), ("energy", True), ("90 % interval", False)]
    head += [("share", True), ("label", False)]
    table = _table(head, (_layer_row(layer, longest) for layer in dearest))
    rest = len(estimate.layers) - len(dearest)
    more = f"<p>and {rest} more layers: <code>.layers</code>, <code>.to_pandas()</code></p>" if rest > 0 else ""
    bounds = [f"{u.op} × {u.count:g}: {u.reason}" for u in estimate.unpriced]
    return f"<div>{_facts(estimate)}{table}{more}{_remarks([*estimate.remarks, *bounds])}</div>"


def estimates_html(estimates: Sequence[Estimate]) -> str:
    """A line each."""
    longest = max((e.interval[1] for e in estimates), default=0.0)
    head = [("network", False), ("on", False), ("batch", True), ("energy", True), ("90 % interval", False)]
    head += [("per inference", True), ("time", True), ("power", True), ("coverage", True), ("scope", False)]
    rows = (
        _row(
            [
                (escape(e.network), False),
                (escape(e.energy_model), False),
                (str(e.batch), True),
                (quantity(e.energy_j, "J"), True),
                (_bar(e.interval[0], e.energy_j, e.interval[1], longest), False),
                (quantity(e.energy_per_inference_j, "J"), True),
                (quantity(e.time_s, "s"), True),
                (quantity(e.power_w, "W"), True),
                (f"{e.coverage:.0%}", True),
                (escape(e.scope), False),
            ]
        )
        for e in estimates
    )
    return f"<div>{_table(head, rows)}</div>"
