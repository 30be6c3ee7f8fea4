// What the figures rest on: coverage, the energy model's card, the device, what is assumed; and how to cite it.

function coverageOf(e) {
  const note = {
    "few blocks": "The interval of the total rests on few kinds of network; others may err more.",
    "uncalibrated": "Too few networks were measured to calibrate the interval of a total; it is that of single layers.",
    "data sheet only": "Nobody has measured this device: the estimate follows from its data sheet and from other devices of its kind.",
    "incomplete": "Layers of unknown shape are in no total, so no total is bounded from above.",
  }[e.interval_note];
  return el("div", {class: "panel"}, el("h3", {}, "Coverage"),
    el("p", {}, el("b", {}, percent(e.coverage)), " of the energy is from predictors inside their fitted range."),
    shareBar(labelShares(e), "J"),
    el("ul", {class: "plain small"}, labelShares(e).map((s, i) => s.value > 0 && el("li", {}, labelBadge(i), " ", labelMeanings[i]))),
    note && el("p", {class: "caption"}, note),
    e.unpriced.length ? el("div", {}, el("h4", {}, "Not priced"), listed(e.unpriced.map((u) =>
      `${u.op} × ${countText(u.count)}: ${u.reason}${u.bound === null ? "" : `, at most ${quantity(u.bound, "J")}`}`))) : null,
    e.remarks.length ? el("div", {}, el("h4", {}, "Assumed on the way"), listed(e.remarks)) : null);
}

const errorNames = [["rows", "rows", countText], ["blocks", "blocks left out", countText], ["medape_percent", "median error", (v) => `${v} %`],
  ["mape_percent", "mean error", (v) => `${v} %`], ["p90_percent", "worst tenth from", (v) => `${v} %`], ["bias_percent", "bias", (v) => `${v} %`],
  ["interval90_factor", "90 % interval", (v) => `×/÷ ${v}`], ["coverage_percent", "measured inside it", (v) => `${v} %`]];

function errorTable(card) {
  const held = (card.held_out_blocks && typeof card.held_out_blocks === "object") ? card.held_out_blocks : {};
  const rows = ["layers", "networks"].filter((level) => held[level] && typeof held[level] === "object").map((level) => [level, held[level]]);
  if (!rows.length) return el("p", {class: "caption"}, "Its card states no errors on held-out blocks.");
  const lines = errorNames.filter(([key]) => rows.some(([, errors]) => typeof errors[key] === "number"));
  return plainTable([{name: "on held-out blocks", left: true, text: ([, name]) => name}, ...rows.map(([level, errors]) => (
    {name: `of ${level}`, text: ([key, , text]) => (typeof errors[key] === "number" ? text(errors[key]) : "–")}))], lines);
}

/// A card may hold anything: only what has the expected form is shown.
const textOf = (value) => (typeof value === "string" ? value : "");

function rowsOf(card) {
  if (!card.rows || typeof card.rows !== "object") return "";
  return Object.entries(card.rows).map(([dataset, kinds]) => `${dataset}: ${kinds && typeof kinds === "object" ?
    Object.entries(kinds).map(([kind, count]) => `${countText(Number(count))} ${kind.replaceAll("-", " ")}`).join(", ") : kinds}`).join("; ");
}

function modelPanel(model) {
  const card = model.card || {};
  const groups = card.distinct_layers_by_group && typeof card.distinct_layers_by_group === "object" ? Object.entries(card.distinct_layers_by_group) : [];
  return el("div", {class: "panel"}, el("h3", {}, "Energy model ", el("code", {}, model.id)),
    facts([["measurements", textOf(card.data)], ["source", textOf(card.source)], ["rows", rowsOf(card)], ["licence of the measurements", textOf(card.licence_of_the_data)], ["fitted", textOf(card.fitted)],
      ["scope", model.scope, model.idle_included ? "idle power included" : "idle power not included"],
      ["static power", quantity(model.static_w, "W"), "as fitted"]]),
    errorTable(card),
    groups.length ? el("details", {}, el("summary", {}, `distinct layers it was fitted on: ${countText(sum(groups.map(([, n]) => Number(n) || 0)))}`),
      el("p", {class: "small"}, groups.sort((a, b) => b[1] - a[1]).map(([group, n]) => `${group} ${countText(Number(n))}`).join(" · "))) : null,
    Array.isArray(card.weaknesses) && card.weaknesses.length ? el("div", {}, el("h4", {}, "Known weaknesses"), listed(card.weaknesses.map(textOf))) : null);
}

function devicePanel(model) {
  const h = model.hardware;
  const source = (field) => textOf(h.sources[field]);
  const row = (what, value, field) => (value === null || value === "" ? null : [what, value, source(field)]);
  return el("div", {class: "panel"}, el("h3", {}, "Device"), facts([["device", h.name, h.year ? `released ${h.year}` : null],
    row(`peak, ${model.dtype}`, quantity(h.peak_flops, "FLOP/s"), "peak_flops"),
    row("main memory", h.bandwidth === null ? null : `${quantity(h.bandwidth, "B/s")}${h.memory_type ? `, ${h.memory_type}` : ""}`, "bandwidth_bytes_per_s"),
    row("thermal design power", h.tdp_w === null ? null : quantity(h.tdp_w, "W"), "tdp_w"), row("idle power", h.idle_w === null ? null : quantity(h.idle_w, "W"), "idle_w"),
    model.clock !== 1 ? ["clock", percent(model.clock), "of that of the data sheet, as the estimate was asked for"] : null]));
}

function provenanceSection(view) {
  const {e, content} = view;
  const model = content.models.find((m) => m.id === e.model);
  const own = el("div", {class: "panel"}, el("h3", {}, "This estimate"), facts([
    ["network", e.network, e.file && e.file !== e.network ? `from ${e.file}` : null], ["arithmetic", `${quantity(e.macs, "MACs")} a pass`], ["parameters", countText(e.parameters)],
    ["target", `${e.hardware} / ${e.engine} / ${e.dtype}`], ["scope", e.scope, e.idle_included ? "idle power included" : "idle power not included"],
    ["intervals", "90 % prediction intervals", e.interval_note],
    e.stated_power_w !== null ? ["stated power", quantity(e.stated_power_w, "W"), "energy is this times the time: none was measured"] : null,
    ["made by", content.program, content.date], ["again", content.command ? el("code", {class: "wrap"}, content.command) : ""]]));
  return section("provenance", "What this rests on", "Where the figures come from, how well they are known, and what was assumed.",
    el("div", {class: "two panels"}, el("div", {}, coverageOf(e), own, model ? devicePanel(model) : null),
      model ? modelPanel(model) : el("div", {class: "panel"}, el("h3", {}, "Energy model ", el("code", {}, e.model)))));
}

function citeSection(content, subject) {
  const year = (content.date || "").slice(0, 4);
  const version = (content.program || "").replace(/^wattlayer /, "");
  const bibtex = `@software{wattlayer,\n  title   = {wattlayer: the energy of neural networks, layer by layer},\n  author  = {{The wattlayer authors}},${version ? `\n  version = {${version}},` : ""}${year ? `\n  year    = {${year}},` : ""}\n  note    = {${subject}}\n}`;
  const sources = content.models.map((m) => [m.id, textOf((m.card || {}).source)]).filter(([, source]) => source);
  return section("cite", "How to cite", "Name the program with its version, the energy model, and those who measured: an estimate is as good as its measurements.",
    el("div", {class: "cite"}, el("pre", {}, bibtex), copyButton(bibtex)),
    sources.length ? el("div", {}, el("h4", {}, "Measurements behind the energy models"), el("ul", {class: "plain"}, sources.map(([id, source]) => el("li", {}, el("code", {}, id), " ", source)))) : null);
}
