// How well methods predict rows they have not seen: a table and plots of predicted against measured for each split.


function headingText(s) {
  return [s.split, s.hardware, s.engine, s.scope, s.setup].filter(Boolean).join(" · ");
}

function errorBar(value, most) {
  return intervalBar([Math.min(value, most), 0, 0], most);
}

function scoreTable(s) {
  const scored = s.rows.filter((row) => row.score);
  const most = Math.min(100, Math.max(1, ...scored.map((row) => row.score.mape)));
  const score = (key, text) => (row) => (row.score && row.score[key] !== null ? text(row.score[key]) : row.score ? "–" : "");
  const one = (value) => value.toFixed(1);
  const best = scored.filter((row) => row.unit === "all").reduce((a, b) => (!a || b.score.mape < a.score.mape ? b : a), null);
  const table = (rows) => plainTable([{name: "left out", left: true, text: (row) => (row.epochs_seen === null ? row.unit : `${row.unit}, ${plural(row.epochs_seen, "epoch")} seen`)}, {name: "level", left: true, text: (row) => row.level}, {name: "method", left: true, text: (row) => (row === best ? el("b", {}, row.method) : row.method)},
    {name: "n", text: (row) => (row.score ? countText(row.score.n) : "0")}, {name: "median error", text: score("medape", (v) => `${one(v)} %`), title: "median of the absolute relative error"},
    {name: "mean error", text: score("mape", (v) => el("b", {}, `${one(v)} %`)), title: "mean of the absolute relative error"}, {name: "", left: true, text: (row) => (row.score ? errorBar(row.score.mape, most) : el("span", {class: "soft"}, row.note))},
    {name: "worst tenth", text: score("p90", (v) => `${one(v)} %`)}, {name: "largest", text: score("max", (v) => `${one(v)} %`)}, {name: "bias", text: score("bias", (v) => `${v >= 0 ? "+" : "−"}${one(Math.abs(v))} %`)},
    {name: "R²", text: score("r2", (v) => v.toFixed(4))}, {name: "in 90 % interval", text: score("coverage90", (v) => `${one(v)} %`)}, {name: "×/÷", text: score("width90", (v) => v.toFixed(2)), title: "the interval is the value times or divided by this"},
    {name: "noise floor", text: (row) => (row.noise_floor ? `${one(row.noise_floor.mape)} %` : "–"), title: "mean error that no prediction can go below: equal workloads were measured differently"}], rows, {class: "dense"});
  const pooled = s.rows.filter((row) => row.pooled);
  if (s.rows.length <= 40 || pooled.length === s.rows.length) return table(s.rows);
  return [table(pooled), el("details", {}, el("summary", {}, `all ${countText(s.rows.length)} rows, each unit left out by itself`), table(s.rows))];
}

function agreementOption(s, plot, size) {
  const truths = s.plots.flatMap((p) => p.measured).filter((v) => v > 0);
  const low = 10 ** Math.floor(Math.log10(truths.reduce((a, b) => Math.min(a, b))) - 0.3), high = 10 ** Math.ceil(Math.log10(truths.reduce((a, b) => Math.max(a, b))) + 0.3);
  const byOperator = new Map();
  plot.measured.forEach((truth, i) => {
    const op = Math.min(plot.op[i], okabe.length);
    if (!byOperator.has(op)) byOperator.set(op, []);
    byOperator.get(op).push({value: [truth, Math.min(high, Math.max(low, plot.predicted[i]))], i});
  });
  return {
    grid: {left: 58, right: 12, top: 8, bottom: 42},
    tooltip: {...look().tooltip, formatter: (at) => tip(s.names[plot.row[at.data.i]] || s.operators[plot.op[at.data.i]], [["kind", s.operators[plot.op[at.data.i]]], ["measured", quantity(plot.measured[at.data.i], "J")], ["predicted", quantity(plot.predicted[at.data.i], "J")],
      ["off by", deviation(plot.predicted[at.data.i], plot.measured[at.data.i])]])},
    xAxis: logAxis("measured", "J", low, high, {nameGap: 26}), yAxis: logAxis("predicted", "J", low, high, {nameGap: 44}),
    series: [{type: "line", data: [[low, low], [high, high]], silent: true, showSymbol: false, lineStyle: {color: theme.colour("soft"), type: "dashed", width: 1.2}},
      ...[...byOperator].map(([op, data]) => ({type: "scatter", data, symbolSize: size || 5, itemStyle: {color: okabe[op] || grey, opacity: 0.65}}))],
  };
}

/// Drawn when it comes into sight: a whole suite has hundreds.
function agreementPlot(s, plot) {
  const box = el("div", {class: "chart scatter"});
  let drawn = false;
  const draw = () => {
    if (drawn) return;
    drawn = true;
    chart(box, () => agreementOption(s, plot), `${plot.method}: predicted against measured energy`);
  };
  new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && draw(), {rootMargin: "300px"}).observe(box);
  addEventListener("beforeprint", draw);
  const shown = plot.measured.length;
  return el("figure", {}, el("h3", {}, plot.method), box, shown < plot.points ? el("figcaption", {}, `${countText(shown)} of ${countText(plot.points)} points, thinned evenly`) : null);
}

function evaluationSection(s, i, one) {
  const plots = s.plots.filter((plot) => plot.measured.some((v) => v > 0));
  return section(`split-${i}`, one ? [s.split, s.hardware].filter(Boolean).join(" · ") : [s.dataset, s.hardware].filter(Boolean).join(" · "), one ? headingText({...s, split: "", hardware: ""}) : headingText({...s, hardware: ""}), scoreTable(s),
    plots.length ? [el("ul", {class: "key"}, s.operators.slice(0, okabe.length + 1).map((op, k) => el("li", {}, el("i", {class: "dot", style: {background: okabe[k] || grey}}), k < okabe.length ? op : "others"))),
      el("div", {class: "plots"}, plots.map((plot) => agreementPlot(s, plot)))] : null);
}

function evaluationPage(content) {
  const sections = content.sections.map((s, i) => evaluationSection(s, i, new Set(content.sections.map((other) => other.dataset)).size === 1));
  document.getElementById("page").append(
    el("section", {class: "head"}, el("h1", {}, content.title), el("p", {class: "caption"}, (content.sections.every((s) => s.split === "finished energy model") ? "Finished energy models, scored on the rows that are there; rows that a model was fitted on tell less of it than others. " : "Each method was fitted without the rows that it is scored on. ") + "Errors are relative to the measurement; predictions on the dashed line are exact; those beyond the frame lie on its border."),
      content.sections.length > 3 ? el("ul", {class: "plain columns"}, content.sections.map((s, i) => el("li", {}, el("a", {href: `#split-${i}`}, `${s.dataset}: ${headingText(s)}`)))) : null,
      content.command ? el("p", {}, el("code", {class: "wrap"}, content.command)) : null),
    ...sections, citeSection({...content, models: []}, `evaluation: ${content.title}`));
}
