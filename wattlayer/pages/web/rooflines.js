// Layers under what the device could do at its best: in time, and in energy.

const mostPoints = 6000;

function roofPoints(view) {
  const {e, texts} = view;
  const l = e.layers, points = [];
  for (let i = 0; i < l.op.length; ++i)
    if (l.flops[i] > 0 && l.bytes[i] > 0 && l.time[i] > 0 && l.energy[i] > 0)
      points.push({i, x: l.flops[i] / l.bytes[i], speed: l.flops[i] / l.time[i], thrift: l.flops[i] / l.energy[i],
        share: l.energy[i] / e.energy[0], op: texts[l.op[i]]});
  return points.sort((a, b) => b.share - a.share);
}

function roofTip(view, point, y, unit, roof) {
  const {e, texts} = view;
  const l = e.layers, i = point.i;
  return tip(texts[l.name[i]], [["operator", point.op], ["shapes", texts[l.shapes[i]]], ["intensity", quantity(point.x, "FLOP/byte")],
    ["reached", quantity(y, unit)], roof && ["of the roof there", percent(y / roof)], ["energy", `${quantity(l.energy[i], "J")}, ${percent(point.share)}`],
    ["time", quantity(l.time[i], "s")], l.bound[i] !== null && ["bound by", boundNames[l.bound[i]]], ["label", labelNames[l.label[i]]]], view.colourOf(point.op));
}

/// One plot: points by `value`, the roof as a function of intensity.
function roofOption(view, points, value, roof, unit, yName) {
  const xs = points.map((p) => p.x), ys = points.map(value);
  const ridge = roof.ridge || 1;
  const low = decadeBelow(Math.min(...xs, ridge / 3)), high = decadeAbove(Math.max(...xs, ridge * 3));
  const steps = Array.from({length: 121}, (_, k) => low * (high / low) ** (k / 120));
  const line = roof.at ? steps.map((x) => [x, roof.at(x)]) : [];
  const bottom = decadeBelow(Math.max(Math.min(...ys), Math.max(...ys) / 1e7)), top = decadeAbove(Math.max(...ys, ...line.map(([, y]) => y)) * 1.05);
  const byOperator = new Map();
  for (const p of points) {
    const name = view.colourOf(p.op) === grey ? "others" : p.op;
    if (!byOperator.has(name)) byOperator.set(name, []);
    byOperator.get(name).push({value: [p.x, Math.max(bottom, value(p))], point: p});
  }
  const size = (data, at) => 5 + 26 * Math.sqrt(at.data.point.share);
  return {
    grid: {left: 68, right: 18, top: 22, bottom: 48},
    tooltip: {...look().tooltip, trigger: "item", formatter: (at) => (at.data.point ? roofTip(view, at.data.point, value(at.data.point), unit, roof.at && roof.at(at.data.point.x)) : roof.tip())},
    xAxis: logAxis("operations per byte of input, weights and output", "", low, high, {nameGap: 30}),
    yAxis: logAxis(yName, unit, bottom, top, {nameGap: 54}),
    series: [
      ...(line.length ? [{type: "line", data: line, showSymbol: false, silent: true, lineStyle: {color: theme.colour("ink"), width: 1.6}, z: 1,
        areaStyle: {color: theme.colour("ink"), opacity: 0.035, origin: "start"}}] : []),
      ...(roof.lower || []).map((peak) => ({type: "line", data: steps.filter((x) => roof.at(x) >= peak).map((x) => [x, peak]), showSymbol: false, silent: true,
        lineStyle: {color: theme.colour("soft"), width: 1.2, type: "dashed"}, z: 1})),
      ...[...byOperator].map(([name, data]) => ({type: "scatter", name, data, symbolSize: size, z: 3, progressive: 2000,
        itemStyle: {color: name === "others" ? grey : view.colourOf(name), opacity: 0.78, borderColor: theme.colour("card"), borderWidth: 0.6}})),
    ],
  };
}

function timeRoof(roofs) {
  if (!roofs || !roofs.peak_flops || !roofs.bandwidth) return {};
  const lower = roofs.peaks.slice(1);
  return {
    ridge: roofs.peak_flops / roofs.bandwidth,
    at: (x) => Math.min(roofs.peak_flops, roofs.bandwidth * x),
    lower: lower.map((peak) => peak.flops),
    text: `The roof is the data sheet: ${quantity(roofs.peak_flops, "FLOP/s")} in ${roofs.peaks[0].dtype} and ${quantity(roofs.bandwidth, "B/s")} of main memory; they meet at ${digits(roofs.peak_flops / roofs.bandwidth)} operations per byte.${
      lower.length ? ` Dashed: ${lower.map((peak) => `${quantity(peak.flops, "FLOP/s")} in ${peak.dtype}`).join(", ")}.` : ""} Layers above the slope find bytes in a cache.`,
  };
}

function energyRoof(roofs) {
  if (!roofs || !roofs.joules_per_flop || !roofs.bandwidth || !roofs.peak_flops) return {};
  const {joules_per_flop: flop, joules_per_byte: byte, static_w: power, peak_flops: peak, bandwidth} = roofs;
  return {
    ridge: byte / flop,
    at: (x) => 1 / (flop + byte / x + power * Math.max(1 / peak, 1 / (bandwidth * x))),
    text: `The roof is what the energy model charges at full speed: ${quantity(flop, "J")} an operation, ${quantity(byte, "J")} a byte (means over this network) and ${quantity(power, "W")} of static power for as long as it takes.`,
  };
}

function rooflineSection(view) {
  const {e} = view;
  const all = roofPoints(view), points = all.slice(0, mostPoints);
  if (!points.length) return null;
  const time = timeRoof(e.roofs), energy = energyRoof(e.roofs);
  const boxes = [el("div", {class: "chart roof"}), el("div", {class: "chart roof"})];
  const left = e.layers.op.length - all.length;
  const operators = [...new Set(points.map((p) => p.op))].filter((op) => view.colourOf(op) !== grey);
  const node = section("rooflines", "Rooflines",
    `Each circle is a layer, its area its share of the energy. ${left ? `${plural(left, "layer")} without arithmetic or with unknown shapes cannot stand here. ` : ""}${all.length > points.length ? `The ${countText(points.length)} dearest of ${countText(all.length)} are drawn. ` : ""}A layer far below the roof waits: for memory, for launches, or for a better kernel.`,
    el("div", {class: "two"},
      el("figure", {}, el("h3", {}, "Time"), boxes[0], el("figcaption", {}, "Operations per second against intensity. ", time.text || "The data sheet lacks a bandwidth, so there is no roof.")),
      el("figure", {}, el("h3", {}, "Energy"), boxes[1], el("figcaption", {}, "Operations per joule against intensity. ", energy.text || (e.stated_power_w ? "No energy was measured on this device, so there is no roof." : "There is no roof: the device's figures or matrix products are missing.")))),
    el("ul", {class: "key"}, operators.map((op) => el("li", {}, el("i", {class: "dot", style: {background: view.colourOf(op)}}), op)),
      points.some((p) => view.colourOf(p.op) === grey) && el("li", {}, el("i", {class: "dot", style: {background: grey}}), "others")));
  node.ready = () => {
    chart(boxes[0], () => roofOption(view, points, (p) => p.speed, time, "FLOP/s", "operations per second"), "Time roofline of the layers");
    chart(boxes[1], () => roofOption(view, points, (p) => p.thrift, energy, "FLOP/J", "operations per joule"), "Energy roofline of the layers");
  };
  return node;
}
