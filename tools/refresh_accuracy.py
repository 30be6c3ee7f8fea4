#!/usr/bin/env python3
"""Writes docs/accuracy.md and its plots from what `wattlayer evaluate --data DIR --json` printed.

    wattlayer evaluate --data DIR --json > suite.json
    tools/refresh_accuracy.py suite.json
"""
import argparse
import json
import math
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OURS = ("physics", "ours")  # of measurements, of projections of training runs
SIDE, MARGIN = 260, 34  # of a plot, in pixels


def figure(value, digits=1):
    return "–" if value is None else f"{value:.{digits}f}"


def device(row):
    return f"{row['hardware']}/{row['engine']}" + (f" ({row['setup']})" if row["setup"] else "") + (
        f" [{row['scope']}]" if row["scope"] == "wall" else "")


def floor_of(row, target):
    """The data set's own noise floor, beside a target that is missed."""
    floor = target.get("noise_floor")
    if target["met"] is not False or floor is None:
        return ""
    return f" (noise floor {figure(floor)}, {row['noise_floor']['n']} of {row['n']} rows)"


def targets_of(row):
    texts = []
    for t in row.get("targets", []):
        if t["must_reach"] is None:
            texts.append(t.get("note", ""))
            continue
        bound = "≥" if t["figure"] == "r2" else "≤"
        verdict = "–" if t["met"] is None else "met" if t["met"] else "**missed**"
        reached = f" ({figure(t['reached'])})" if t["figure"].startswith("time_") else ""
        texts.append(f"{t['figure']} {bound} {t['must_reach']:g}{reached}: {verdict}{floor_of(row, t)}")
    return "; ".join(texts)


def slug(*parts):
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")


def key(row):
    return tuple(row[k] for k in ("dataset", "hardware", "engine", "scope", "setup", "split"))


def plot(title, pairs):
    """Predicted against measured, both logarithmic."""
    pairs = [(t, p) for t, p in pairs if t > 0 and p > 0]
    low = math.floor(min(math.log10(t) for t, _ in pairs) - 0.2)
    high = math.ceil(max(math.log10(t) for t, _ in pairs) + 0.2)
    place = lambda v: MARGIN + min(1, max(0, (math.log10(v) - low) / (high - low))) * (SIDE - 2 * MARGIN)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}" viewBox="0 0 {SIDE} {SIDE}" '
           f'font-family="sans-serif" font-size="9" fill="#555"><rect width="{SIDE}" height="{SIDE}" fill="#fff"/>']
    for decade in range(low, high + 1):
        at = place(10.0**decade)
        out.append(f'<path d="M{at:.0f} {MARGIN}V{SIDE - MARGIN}M{MARGIN} {SIDE - at:.0f}H{SIDE - MARGIN}" stroke="#e4e4e4"/>'
                   f'<text x="{at:.0f}" y="{SIDE - MARGIN + 12}" text-anchor="middle">1e{decade}</text>'
                   f'<text x="{MARGIN - 4}" y="{SIDE - at + 3:.0f}" text-anchor="end">1e{decade}</text>')
    out.append(f'<path d="M{MARGIN} {SIDE - MARGIN}L{SIDE - MARGIN} {MARGIN}" stroke="#999" stroke-dasharray="4 3"/>')
    out += [f'<circle cx="{place(t):.1f}" cy="{SIDE - place(p):.1f}" r="1.6" fill="#0072b2" fill-opacity=".5"/>' for t, p in pairs]
    out.append(f'<text x="{SIDE / 2}" y="14" text-anchor="middle" font-size="10" fill="#222">{title}</text>'
               f'<text x="{SIDE / 2}" y="{SIDE - 6}" text-anchor="middle">measured, J</text>'
               f'<text transform="translate(9 {SIDE / 2}) rotate(-90)" text-anchor="middle">predicted, J</text></svg>')
    return "\n".join(out) + "\n"


def best_other(rows, row):
    """The best of the other methods on the same rows, by mean error."""
    others = [r for r in rows if key(r) == key(row) and r["unit_left_out"] == row["unit_left_out"] and r["level"] == row["level"]
              and r.get("epochs_seen") == row.get("epochs_seen") and r is not row
              and r["method"] not in OURS and r["mape"] is not None]
    best = min(others, key=lambda r: r["mape"], default=None)
    return "–" if best is None else f"{best['method']} {figure(best['mape'])}"


def ours_of(suite):
    """Rows of our methods that count whole splits, and those of any method that a target is set for."""
    return [r for r in suite["rows"] if r["method"] in OURS and r["pooled"] or r.get("targets")]


def left_out(row):
    seen = row.get("epochs_seen")
    method = "" if row["method"] in OURS else f", {row['method']}"
    return row["unit_left_out"] + (f", {seen} epochs seen" if seen else "") + method


def main_table(suite):
    lines = ["| data set | device/engine | split | left out | n | MedAPE | MAPE | p90 | bias | R² | in 90 % | ×/÷ | best other (MAPE) | must reach |",
             "|---|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|---|"]
    for r in ours_of(suite):
        what = left_out(r) + ("" if r["level"] in r["unit_left_out"] else f" ({r['level']})")
        cells = [r["dataset"], device(r), r["split"], what, str(r["n"])]
        cells += [figure(r[k]) for k in ("medape", "mape", "p90")]
        cells += ["–" if r["bias"] is None else f"{r['bias']:+.1f}", figure(r["r2"], 3), figure(r["coverage90"]), figure(r["width90"], 2)]
        lines.append("| " + " | ".join(cells + [best_other(suite["rows"], r), targets_of(r)]) + " |")
    return lines


def weak_spots(suite):
    missed = [(r, t) for r in ours_of(suite) for t in r.get("targets", []) if t["met"] is False]
    met = sum(t["met"] is True for r in ours_of(suite) for t in r.get("targets", []))
    missed.sort(key=lambda rt: -abs(math.log(max(rt[1]["reached"], 1e-9) / rt[1]["must_reach"])) if rt[1]["reached"] > 0 else -9)
    lines = [f"{met} of {met + len(missed)} targets are met. The others, the farthest first. Noise floor: what is missed even by an "
             "oracle that knows each workload, from rows of the same workload under the same conditions "
             "([evaluation_v1](formats/evaluation_v1.md)).", ""]
    for r, t in missed:
        lines.append(f"* {r['dataset']}, {device(r)}, {r['split']}, {left_out(r)}: {t['figure']} {figure(t['reached'])} "
                     f"instead of {t['must_reach']:g}{floor_of(r, t)}" + (f" ({t['note']})" if t.get("note") else ""))
    wide = [r for r in ours_of(suite) if r["coverage90"] is not None and r["n"] >= 200 and not 87 <= r["coverage90"] <= 93]
    lines += ["", "Intervals of 90 % that hold less than 87 or more than 93 % of at least 200 measurements:", ""]
    lines += [f"* {r['dataset']}, {device(r)}, {r['split']}, {left_out(r)}: {figure(r['coverage90'])} % of {r['n']}"
              for r in wide] or ["* none"]
    outside = [r for r in ours_of(suite) if r["n_extrapolated"] and r["n_predicted"]]
    lines += ["", "Results inside and outside the fitted range (MedAPE):", "", "| | inside | n | outside | n |", "|---|--:|--:|--:|--:|"]
    lines += [f"| {r['dataset']}, {device(r)}, {r['split']}, {r['unit_left_out']} | {figure(r['medape_predicted'])} | {r['n_predicted']} | "
              f"{figure(r['medape_extrapolated'])} | {r['n_extrapolated']} |" for r in outside]
    return lines


def worst_rows(suite):
    lines = ["| data set, device | split | row | measured J | predicted J | ratio |", "|---|---|---|--:|--:|--:|"]
    for g in suite["points"]:
        for w in g["worst"][:2]:
            row = w["row"] if len(w["row"]) < 110 else w["row"][:107] + "..."
            lines.append(f"| {g['dataset']}, {device(g)} | {g['split']} | `{row}` | {w['measured_j']:.4g} | {w['predicted_j']:.4g} | "
                         f"{w['predicted_j'] / w['measured_j']:.2f} |")
    return lines


def write_plots(suite, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    names = []
    for g in suite["points"]:
        pairs = g["measured_and_predicted_j"]
        if not pairs:
            continue
        name = slug(g["dataset"], g["hardware"], g["engine"], g["scope"] if g["scope"] == "wall" else "", g["setup"], g["split"]) + ".svg"
        title = f"{g['dataset']}: {g['hardware']}/{g['engine']}"
        (folder / name).write_text(plot(title[:48], pairs))
        names.append((name, f"{title}, {g['split']}"))
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", type=pathlib.Path, help="what `wattlayer evaluate --data DIR --json` printed")
    parser.add_argument("--docs", type=pathlib.Path, default=ROOT / "docs", help="folder to write to")
    options = parser.parse_args()
    suite = json.loads(options.suite.read_text())
    if suite.get("schema") != 1 or "points" not in suite:
        sys.exit(f"{options.suite}: expected the output of `wattlayer evaluate --data DIR --json`, schema 1")
    plots = write_plots(suite, options.docs / "accuracy")
    text = ["# Accuracy", "", "<!-- Written by tools/refresh_accuracy.py from `wattlayer evaluate --data DIR --json`; do not edit. -->", "",
            "Every public measured data set, on blocked splits: whole architectures, families, configurations or devices are left out, "
            "and every method is refitted on the same training rows. Errors are per cent of the measured energy; the formats page "
            "[evaluation_v1](formats/evaluation_v1.md) says what each column is. `K=5`: devices left out in turn, five of their own rows given.", ""]
    text += ["The data sets' own methods stand beside ours under their names where they can be rebuilt from what is public: `getzner`, and in part `irene` "
             "(without the run-time features that its published 6.7 % rest on) and `energaizer` (without its database of single kernels, which is not public); "
             "[evaluation_v1](formats/evaluation_v1.md) says what is missing.", ""]
    if not suite["whole"]:
        text += ["**This run was stopped before its end: what is missing was not evaluated.**", ""]
    text += ["## Where it is weak", ""] + weak_spots(suite) + ["", "## All figures", ""] + main_table(suite)
    text += ["", "## Worst rows", "", "The two rows of each device and split that the prediction misses most.", ""] + worst_rows(suite)
    text += ["", "## Predicted against measured", ""] + [f'<img src="accuracy/{name}" alt="{alt}" width="260">' for name, alt in plots]
    (options.docs / "accuracy.md").write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
