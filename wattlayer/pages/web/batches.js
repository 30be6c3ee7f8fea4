// Energy per inference against batch size, a line for each network on each target, its 90 % interval as a band.

const seriesKey = (e) => `${e.network}\u0000${e.model}`;

function batchSeries(content) {
  const series = new Map();
  for (const e of [...content.estimates, ...content.sweep]) {
    const key = seriesKey(e);
    if (!series.has(key)) series.set(key, {network: e.network, model: e.model, points: new Map()});
    if (!series.get(key).points.has(e.batch)) series.get(key).points.set(e.batch, e);
  }
  return [...series.values()].map((s) => ({...s, points: [...s.points.values()].sort((a, b) => a.batch - b.batch)}))
    .filter((s) => s.points.length > 1);
}

function bandItem(points, colour) {
  const place = (api, x, y) => api.coord([x, y]);
  return (params, api) => ({
    type: "polygon",
    shape: {points: [...points.map((e) => place(api, e.batch, e.per_inference[2])), ...points.slice().reverse().map((e) => place(api, e.batch, e.per_inference[1]))]},
    style: {fill: colour, opacity: 0.13}, silent: true,
  });
}

function batchOption(series) {
  const all = series.flatMap((s) => s.points);
  const batches = all.map((e) => e.batch);
  const low = Math.min(...all.map((e) => e.per_inference[1])), high = Math.max(...all.map((e) => e.per_inference[2]));
  const points = (s, i) => ({
    type: "line", name: s.name, symbol: "circle", symbolSize: 7, z: 3, lineStyle: {width: 2, color: okabe[i % okabe.length]}, itemStyle: {color: okabe[i % okabe.length]},
    data: s.points.map((e) => ({value: [e.batch, e.per_inference[0]], estimate: e})),
  });
  return {
    grid: {left: 74, right: 24, top: 20, bottom: 48},
    tooltip: {...look().tooltip, trigger: "item", formatter: (at) => (at.data.estimate ? batchTip(at.data.estimate) : "")},
    xAxis: logAxis("batch size", "", Math.min(...batches), Math.max(...batches), {logBase: 2, nameGap: 30, axisLabel: {color: theme.colour("soft"), fontSize: 11, formatter: (v) => countText(v)}}),
    yAxis: logAxis("energy per inference", "J", niceBelow(low), niceAbove(high), {nameGap: 58}),
    series: series.flatMap((s, i) => [
      {type: "custom", data: [[s.points[0].batch, s.points[0].per_inference[0]]], renderItem: bandItem(s.points, okabe[i % okabe.length]), silent: true, z: 1, clip: true},
      points(s, i)]),
  };
}

/// 1, 2 or 5 times a power of ten.
function niceBelow(value) { const decade = decadeBelow(value); return [5, 2, 1].map((f) => f * decade).find((v) => v <= value * 1.0001) || decade; }
function niceAbove(value) { const decade = decadeBelow(value); return [1, 2, 5, 10].map((f) => f * decade).find((v) => v >= value * 0.9999) || 10 * decade; }

function batchTip(e) {
  return tip(`batch ${countText(e.batch)}`, [["network", e.network], ["target", e.model], ["per inference", quantity(e.per_inference[0], "J")],
    ["90 % interval", rangeText(e.per_inference, "J")], ["time of the batch", quantity(e.time[0], "s")], ["mean power", quantity(e.power[0], "W")], ["coverage", percent(e.coverage)]]);
}

function batchSection(content) {
  const series = batchSeries(content).slice(0, 8);
  if (!series.length) return null;
  const networks = new Set(series.map((s) => s.network)), models = new Set(series.map((s) => s.model));
  for (const s of series) s.name = [networks.size > 1 || models.size === 1 ? s.network : null, models.size > 1 || networks.size === 1 ? s.model : null].filter(Boolean).join(" on ");
  const box = el("div", {class: "chart batches"});
  const node = section("batches", "Energy against batch size",
    "Joules per inference; the band is the 90 % interval of each point. The time and power of a point are in its tooltip. Whether a batch fits into the device's memory is not checked.",
    box, el("ul", {class: "key"}, series.map((s, i) => el("li", {}, el("i", {class: "dot", style: {background: okabe[i % okabe.length]}}), s.name, " ", el("span", {class: "soft"}, bestBatch(s))))));
  node.ready = () => chart(box, () => batchOption(series), "Energy per inference against batch size");
  return node;
}

function bestBatch(s) {
  const first = s.points[0], best = s.points.reduce((a, b) => (b.per_inference[0] < a.per_inference[0] ? b : a));
  if (best === first) return `least at batch ${countText(best.batch)}`;
  return `batch ${countText(best.batch)} takes ${percent(1 - best.per_inference[0] / first.per_inference[0])} less than batch ${countText(first.batch)}`;
}
