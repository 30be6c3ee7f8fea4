// Pages of estimates: an overview where there are several, and everything about the chosen one.

/// What tells estimates apart, and no more.
function nameOf(content, e) {
  const several = (key) => new Set(content.estimates.map((other) => other[key])).size > 1;
  const parts = [several("network") ? e.network : null, several("model") ? e.model : null, several("batch") ? `batch ${countText(e.batch)}` : null].filter(Boolean);
  return parts.length ? parts.join(" · ") : e.network;
}

function overviewHead(content) {
  if (content.estimates.length < 2) return null;
  const kinds = (key, noun) => plural(new Set(content.estimates.map((e) => e[key])).size, noun);
  return el("section", {class: "head"}, el("p", {class: "where"}, [kinds("network", "network"), kinds("model", "target"), kinds("batch", "batch size")].join(" · ")),
    el("h1", {}, `${countText(content.estimates.length)} estimates`));
}

function overviewSection(content, choose) {
  if (content.estimates.length < 2) return null;
  const scopes = new Set(content.estimates.map((e) => e.scope));
  const most = Math.max(...content.estimates.map((e) => e.per_inference[2]));
  const rows = content.estimates.map((e, i) => ({e, i}));
  const columns = [
    {name: "network", left: true, text: (r) => r.e.network}, {name: "target", left: true, text: (r) => r.e.model}, {name: "batch", text: (r) => countText(r.e.batch)},
    {name: "per inference", text: (r) => el("b", {}, quantity(r.e.per_inference[0], "J"))}, {name: "", left: true, text: (r) => intervalBar(r.e.per_inference, most)},
    {name: "90 % interval", text: (r) => rangeText(r.e.per_inference, "J")}, {name: "time of the batch", text: (r) => quantity(r.e.time[0], "s")},
    {name: "power", text: (r) => quantity(r.e.power[0], "W")}, {name: "coverage", text: (r) => percent(r.e.coverage)}, {name: "scope", left: true, text: (r) => r.e.scope},
    {name: "", text: (r) => el("button", {type: "button", class: "quiet", onclick: () => choose(r.i, true)}, "show")}];
  return section("overview", "Side by side", "Joules per inference; the bar is the estimate, the line over it its 90 % interval.",
    scopes.size > 1 ? el("p", {class: "note"}, `These energies cover different things (${[...scopes].join(", ")}): they do not compare.`) : null,
    plainTable(columns, rows, {class: "overview"}));
}

function estimateHead(view) {
  const {e, content} = view;
  const model = content.models.find((m) => m.id === e.model);
  const most = Math.max(e.per_inference[2], 1e-300);
  const noted = e.interval_note ? `90 % interval, ${e.interval_note}` : "90 % interval";
  return el("section", {class: "head"},
    el("p", {class: "where"}, `${model ? model.hardware.name : e.hardware} · ${e.engine} · ${e.dtype} · batch ${countText(e.batch)}`),
    el(content.kind === "estimate" && content.estimates.length === 1 ? "h1" : "h2", {class: "name"}, e.network),
    el("div", {class: "figures"},
      figure(e.stated_power_w !== null ? "energy per inference, modelled" : "energy per inference", el("span", {class: "big"}, quantity(e.per_inference[0], "J")),
        [el("span", {}, rangeText(e.per_inference, "J")), ` · ${noted}`], intervalBar(e.per_inference, most)),
      e.batch > 1 && figure("of the batch", quantity(e.energy[0], "J"), rangeText(e.energy, "J")),
      figure("time of the batch", quantity(e.time[0], "s"), rangeText(e.time, "s")),
      figure("mean power", quantity(e.power[0], "W"), e.stated_power_w !== null ? "stated, not measured" : rangeText(e.power, "W")),
      figure("coverage", percent(e.coverage), "of the energy from inside the fitted range"),
      figure(e.batch > 1 ? "work of the batch" : "work", quantity(e.macs, "MACs"), e.parameters ? `${quantity(e.parameters, "").trimEnd()} parameters` : "no parameters"),
      figure("scope", el("span", {class: "word"}, e.scope), e.idle_included ? "idle power included" : "idle power not included")));
}

/// SI prefixes for what has them; money and numbers of things as they are.
function derivedQuantity(value, unit) {
  if (["g", "Wh", "J", "W", "s"].includes(unit)) return quantity(value, unit);
  return `${value >= 100 ? Math.round(value).toLocaleString("en-US") : parseFloat(value.toPrecision(3))} ${unit}`.trim();
}

function derivedSection(e) {
  if (!e.derived.length) return null;
  return section("derived", "What follows from it", "From the factors that were stated, and from nothing else; intervals are those of the estimate.",
    plainTable([{name: "", left: true, text: (d) => d.name}, {name: "estimate", text: (d) => el("b", {}, derivedQuantity(d.value[0], d.unit))},
      {name: "90 % interval", text: (d) => `${derivedQuantity(d.value[1], d.unit)} – ${derivedQuantity(d.value[2], d.unit)}`}, {name: "basis", left: true, text: (d) => el("div", {class: "text soft"}, d.basis)}], e.derived));
}

function layerColumns(view, most) {
  const {e, texts} = view;
  const l = e.layers;
  const text = (column) => (i) => texts[l[column][i]];
  const number = (column) => (i) => l[column][i];
  return [
    {key: "place", name: "#", width: l.op.length > 999 ? "56px" : "38px", value: (i) => i, cell: (i) => countText(i + 1), title: "place in the network"},
    {key: "name", name: "layer", width: "minmax(165px,2.1fr)", left: true, value: text("name"), cell: (i) => el("span", {title: texts[l.name[i]]}, shortName(texts[l.name[i]], texts[l.op[i]], 24), l.nodes[i] > 1 && el("small", {}, ` +${l.nodes[i] - 1}`))},
    {key: "op", name: "operator", width: "minmax(100px,1fr)", left: true, value: text("op"), cell: (i) => [el("i", {class: "dot", style: {background: view.colourOf(texts[l.op[i]])}}), texts[l.op[i]]]},
    {key: "shapes", name: "shapes", width: "minmax(110px,1.9fr)", left: true, value: text("shapes"), cell: (i) => el("span", {title: texts[l.shapes[i]]}, texts[l.shapes[i]])},
    {key: "count", name: "×", width: "40px", value: number("count"), cell: (i) => countText(l.count[i]), title: "how often it runs in one pass"},
    {key: "macs", name: "MACs", width: "70px", value: number("macs"), cell: (i) => (l.macs[i] ? quantity(l.macs[i], "") : "–")},
    {key: "energy", name: "energy", width: "76px", value: number("energy"), cell: (i) => el("b", {}, quantity(l.energy[i], "J"))},
    {key: "interval", name: "90 % interval", width: "104px", left: true, value: number("high"), cell: (i) => el("span", {title: rangeText([l.energy[i], l.low[i], l.high[i]], "J")}, intervalBar([l.energy[i], l.low[i], l.high[i]], most)), title: "bar: the estimate; line: its 90 % interval; sorted by its upper end"},
    {key: "share", name: "share", width: "58px", value: number("energy"), cell: (i) => percent(l.energy[i] / e.energy[0])},
    {key: "time", name: "time", width: "70px", value: number("time"), cell: (i) => quantity(l.time[i], "s")},
    {key: "bound", name: "bound by", width: "74px", left: true, value: number("bound"), cell: (i) => (l.bound[i] === null ? "–" : boundNames[l.bound[i]]), title: "what takes the longest: launches, memory or arithmetic"},
    {key: "label", name: "label", width: "118px", left: true, value: number("label"), cell: (i) => labelBadge(l.label[i]), title: "how the figure was obtained"},
  ];
}

function layerDetails(view, i) {
  const {e, texts} = view;
  const l = e.layers;
  return el("div", {class: "panel details"}, el("h3", {}, texts[l.name[i]]), el("p", {}, el("code", {class: "wrap"}, texts[l.text[i]])),
    facts([["energy", quantity(l.energy[i], "J"), rangeText([l.energy[i], l.low[i], l.high[i]], "J")], ["time", quantity(l.time[i], "s"), rangeText([l.time[i], l.time_low[i], l.time_high[i]], "s")],
      ["share", percent(l.energy[i] / e.energy[0])], ["runs", countText(l.count[i]), l.nodes[i] > 1 ? `of ${countText(l.nodes[i])} equal nodes` : null], ["fused into it", texts[l.fused[i]]],
      ["operations", quantity(l.flops[i], "FLOP")], ["bytes", quantity(l.bytes[i], "B")], l.bytes[i] > 0 ? ["intensity", quantity(l.flops[i] / l.bytes[i], "FLOP/byte")] : null,
      ["bound by", l.bound[i] === null ? unknown : boundNames[l.bound[i]]], ["label", labelNames[l.label[i]], labelMeanings[l.label[i]]]]));
}

function layersCsv(view, order) {
  const {e, texts} = view;
  const l = e.layers;
  const cell = (text) => `"${String(text).replaceAll('"', '""')}"`;
  const lines = order.map((i) => [cell(texts[l.name[i]]), cell(texts[l.op[i]]), cell(texts[l.text[i]]), l.count[i], l.macs[i], l.energy[i], l.low[i], l.high[i], l.time[i], labelNames[l.label[i]]].join(","));
  return `name,op,layer,count,macs,energy_j,energy_low_j,energy_high_j,time_s,label\n${lines.join("\n")}\n`;
}

function layerSection(view) {
  const {e, texts} = view;
  const l = e.layers;
  let most = 1e-300;
  for (const high of l.high) if (high > most) most = high;
  const lowered = [];
  const haystack = (i) => lowered[i] || (lowered[i] = [l.name, l.op, l.shapes, l.text].map((column) => texts[column[i]]).join("\n").toLowerCase());
  const counted = el("span", {class: "soft counted", "aria-live": "polite"});
  const details = el("div", {});
  const table = new LayerTable(layerColumns(view, most), l.op.length, haystack, {
    name: "layers", sort: "energy", select: (i) => details.replaceChildren(layerDetails(view, i)),
    changed: (order) => { counted.textContent = `${plural(order.length, "layer")}, ${quantity(sum(order.map((i) => l.energy[i])), "J")}`; },
  });
  const wanted = new Set();
  const operators = [...new Set(l.op)].map((op) => texts[op]).sort();
  const chosenOp = el("select", {"aria-label": "operator", onchange: () => filter()}, el("option", {value: ""}, "all operators"), operators.map((op) => el("option", {value: op}, op)));
  const filter = () => table.filter((i) => (!wanted.size || wanted.has(l.label[i])) && (!chosenOp.value || texts[l.op[i]] === chosenOp.value));
  const present = labelNames.map((_, i) => i).filter((i) => l.label.includes(i));
  const labels = el("div", {class: "choice", role: "group", "aria-label": "labels"}, present.map((label) => el("button", {type: "button", "aria-pressed": "false", onclick: (event) => {
    if (wanted.has(label)) wanted.delete(label); else wanted.add(label);
    event.currentTarget.setAttribute("aria-pressed", String(wanted.has(label)));
    filter();
  }}, el("i", {style: {color: labelColours[label]}}, labelMarks[label]), " ", labelNames[label])));
  const node = section("layers", "Layers", "Equal layers stand in one row. Click a heading to sort, a row for everything known about it.",
    el("div", {class: "tools"}, el("input", {type: "search", placeholder: "search names, operators, shapes", "aria-label": "search layers", oninput: (event) => table.search(event.currentTarget.value)}),
      chosenOp, present.length > 1 ? labels : null, counted, saveButton("save as CSV", "layers.csv", () => layersCsv(view, table.order))),
    table.scroller, details);
  node.ready = () => table.draw();
  view.showLayer = (i) => { table.reveal(i); node.scrollIntoView(); };
  return node;
}

function failureSection(content) {
  if (!content.failures || !content.failures.length) return null;
  return section("failures", "Not estimated", null, listed(content.failures.map((f) => `${f.network}: ${f.reason}`)));
}

function estimatePage(content, before, after) {
  const detail = el("div", {});
  const colourOf = operatorColours(content.estimates, content.texts);
  const picker = el("select", {"aria-label": "estimate", onchange: (event) => choose(Number(event.currentTarget.value), false)},
    content.estimates.map((e, i) => el("option", {value: i}, nameOf(content, e))));
  const choose = (i, go) => {
    picker.value = String(i);
    forget(detail);
    const view = {content, e: content.estimates[i], texts: content.texts, colourOf};
    const nodes = [estimateHead(view), derivedSection(view.e), treemapSection(view), layerSection(view), batchSection(content), rooflineSection(view), provenanceSection(view)].filter(Boolean);
    detail.replaceChildren(content.estimates.length > 1 ? el("div", {class: "picker"}, "Shown: ", picker) : "", ...nodes);
    nodes.forEach((node) => node.ready && node.ready());
    if (go) detail.scrollIntoView();
  };
  const tail = [...(after || []), citeSection(content, citeSubject(content))].filter(Boolean);
  const nodes = [...(before || [overviewHead(content), overviewSection(content, choose)]), failureSection(content), detail, ...tail].filter(Boolean);
  document.getElementById("page").append(...nodes);
  if (content.estimates.length) choose(0, false);
  nodes.forEach((node) => node.ready && node.ready());
  return choose;
}

function citeSubject(content) {
  const models = [...new Set(content.estimates.map((e) => e.model))];
  return `estimates with the energy model${models.length === 1 ? "" : "s"} ${models.join(", ")}`;
}
