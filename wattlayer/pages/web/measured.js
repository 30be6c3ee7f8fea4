// Measurements: each figure with its spread, window by window, beside what was estimated.

const meterName = (row) => (row.meter ? `${row.meter}${row.conditions.domain ? `:${row.conditions.domain}` : ""}` : "no meter");

function halfWidth(half, value) {
  return half === null || !(value > 0) ? "spread unknown" : `${relative(half, value)} (95 %)`;
}

function relative(half, value) {
  const share = (100 * half) / value;
  return share < 0.001 ? "± < 0.001 %" : `± ${share.toPrecision(2)} %`;
}

/// The estimate of a task, if its energy compares with this row.
function estimateBeside(content, task, row) {
  const e = task.estimate === null ? null : content.estimates[task.estimate];
  if (!e || e.stated_power_w !== null || row.energy === null || e.scope !== row.scope) return null;
  return e;
}

function deviation(estimated, measured) {
  const share = 100 * (estimated / measured - 1);
  return `${share >= 0 ? "+" : "−"}${digits(Math.abs(share))} %`;
}

/// Measured and estimated value over one scale, each with its interval.
function besideBars(measured, half, estimated, unit) {
  const rows = [["measured", [measured, measured - (half || 0), measured + (half || 0)], okabe[2], half === null ? "" : "95 %"]];
  if (estimated) rows.push(["estimated", estimated, null, "90 %"]);
  const most = Math.max(...rows.map(([, values]) => values[2]));
  return el("div", {class: "beside"}, rows.map(([name, values, colour, level]) => [el("span", {class: "soft"}, name), intervalBar(values, most, colour),
    el("span", {}, quantity(values[0], unit), el("small", {}, level ? ` ${rangeText(values, unit)} (${level})` : ""))]));
}

function measuredHead(content, task, row) {
  const e = estimateBeside(content, task, row);
  const timed = task.estimate === null ? null : content.estimates[task.estimate];
  const modelled = row.method === "modelled";
  return [
    el("div", {class: "figures"},
      figure(modelled ? "energy per pass, modelled" : "energy per pass, measured", el("span", {class: "big"}, row.energy === null ? unknown : quantity(row.energy, "J")),
        row.energy === null ? "no meter measured energy" : halfWidth(row.energy_half, row.energy)),
      figure("time per pass", quantity(row.time, "s"), halfWidth(row.time_half, row.time)),
      row.power !== null && figure("mean power", quantity(row.power, "W"), row.idle === null ? "idle power unknown" : `${quantity(row.idle, "W")} at rest before`),
      row.above_idle !== null && figure("above idle", quantity(row.above_idle, "J"), "energy less idle power times time"),
      figure("meter", el("span", {class: "word"}, meterName(row)), row.meter ? `${row.scope}, ${row.method}` : "only time was measured"),
      figure("windows", countText(row.windows), `${countText(row.passes)} passes`)),
    e || timed ? el("div", {class: "two compare"}, e ? el("div", {}, el("h3", {}, `Energy: the estimate is ${deviation(e.energy[0], row.energy)} off`), besideBars(row.energy, row.energy_half, e.energy, "J")) : null,
      timed && row.time !== null ? el("div", {}, el("h3", {}, `Time: the estimate is ${deviation(timed.time[0], row.time)} off`), besideBars(row.time, row.time_half, timed.time, "s")) : null) : null,
    timed && !e && row.energy !== null ? el("p", {class: "note"}, timed.stated_power_w !== null ? "The estimate's energy is modelled from a stated power, so it is not set beside a measurement." : `The estimate's joules are of ${timed.scope}, the meter's of ${row.scope}: they do not compare.`) : null];
}

function windowOption(values, row, half, unit, estimate) {
  const low = Math.min(...values, ...(estimate ? [estimate[0]] : [])), high = Math.max(...values, ...(estimate ? [estimate[0]] : []));
  const room = Math.max((high - low) * 0.12, high * 0.003);
  const band = (from, to, colour, opacity) => ({type: "custom", silent: true, data: [[0, from]], z: 1, renderItem: (params, api) => {
    const {y, height} = params.coordSys;
    const [top, bottom] = [to, from].map((value) => Math.max(y, Math.min(y + height, api.coord([0, value])[1])));
    return {type: "rect", shape: {x: params.coordSys.x, y: top, width: params.coordSys.width, height: Math.max(1, bottom - top)}, style: {fill: colour, opacity}};
  }});
  const mean = unit === "J" ? row.energy : row.time;
  return {
    grid: {left: 76, right: 16, top: 14, bottom: 44},
    tooltip: {...look().tooltip, formatter: (at) => tip(`window ${at.data.value[0]}`, [["per pass", quantity(at.data.value[1], unit)], ["from the mean", deviation(at.data.value[1], mean)]])},
    xAxis: {type: "value", name: "window", nameLocation: "middle", nameGap: 28, min: 0.5, max: values.length + 0.5, minInterval: 1, axisLabel: {color: theme.colour("soft"), showMinLabel: false, showMaxLabel: false}, splitLine: {show: false},
      nameTextStyle: {color: theme.colour("soft")}, axisLine: {lineStyle: {color: theme.colour("line")}}},
    yAxis: {type: "value", min: low - room, max: high + room, axisLabel: {color: theme.colour("soft"), fontSize: 11, showMinLabel: false, showMaxLabel: false, formatter: (v) => axisNumber(v, high, high - low + 2 * room, unit)}, splitLine: {lineStyle: {color: theme.colour("line")}}},
    series: [estimate ? band(estimate[1], estimate[2], okabe[0], 0.1) : null, half !== null ? band(mean - half, mean + half, okabe[2], 0.22) : null,
      estimate ? {type: "line", silent: true, showSymbol: false, lineStyle: {color: okabe[0], width: 1.5, type: "dashed"}, data: [[0.5, estimate[0]], [values.length + 0.5, estimate[0]]]} : null,
      {type: "line", silent: true, showSymbol: false, lineStyle: {color: okabe[2], width: 1.5}, data: [[0.5, mean], [values.length + 0.5, mean]]},
      {type: "scatter", symbolSize: 7, data: values.map((v, i) => ({value: [i + 1, v]})), itemStyle: {color: okabe[2], borderColor: theme.colour("card"), borderWidth: 0.6}, z: 3}].filter(Boolean),
  };
}

/// Under one prefix, with the digits that the span needs.
function axisNumber(value, most, span, unit) {
  const [factor, prefix] = prefixOf(most);
  const places = Math.max(0, Math.min(6, Math.ceil(-Math.log10(span / factor)) + 1));
  return `${(value / factor).toFixed(places)} ${prefix}${unit}`;
}

function windowCharts(content, task, row, meter) {
  const charts = [];
  const e = estimateBeside(content, task, row), timed = task.estimate === null ? null : content.estimates[task.estimate];
  const near = (estimate, mean) => (estimate && Math.abs(estimate[0] - mean) < 0.25 * mean ? estimate : null);
  const energies = task.windows.energy[meter] || [];
  if (energies.length > 1 && row.energy !== null) charts.push(["Energy per pass", energies, "J", row.energy_half, near(e && e.energy, row.energy), e]);
  if (task.windows.time.length > 1 && row.time !== null) charts.push(["Time per pass", task.windows.time, "s", row.time_half, near(timed && timed.time, row.time), timed]);
  const node = el("div", {class: "two"}, charts.map(([name, values, unit, half, estimate, asked]) => {
    const box = el("div", {class: "chart scatter"});
    box.start = () => chart(box, () => windowOption(values, row, half, unit, estimate), `${name}, window by window`);
    return el("figure", {}, el("h3", {}, `${name}, window by window`), box, el("figcaption", {}, `Each point is one metered window; the axis does not begin at zero. Green: the mean${half === null ? "" : " and its 95 % interval"}.${estimate ? " Blue: the estimate and its 90 % interval." : asked ? " The estimate lies outside this plot." : ""}`));
  }));
  node.ready = () => node.querySelectorAll(".chart").forEach((box) => box.start());
  return node;
}

function conditionFacts(row) {
  return el("details", {}, el("summary", {}, `conditions of ${meterName(row)}`), facts(Object.entries(row.conditions).map(([key, value]) => [key.replaceAll("_", " "), value])));
}

function taskSection(content, task, i) {
  const node = section(i ? `task-${i}` : "measured", content.tasks.length > 1 && task.network ? `${task.name}, batch ${countText(task.batch)}` : task.name, `${task.network ? "network" : "layer"}, batch ${countText(task.batch)}`,
    task.failure && el("p", {class: "note"}, `Failed: ${task.failure}`), task.interrupted && el("p", {class: "note"}, "Not measured: stopped before."));
  const charts = [];
  task.rows.forEach((row, meter) => {
    if (row.failure) return void add(node, [el("p", {class: "note"}, row.failure)]);
    const windows = windowCharts(content, task, row, meter);
    charts.push(windows);
    add(node, [measuredHead(content, task, row), windows, conditionFacts(row)]);
  });
  if (task.remarks.length) add(node, [listed(task.remarks)]);
  node.ready = () => charts.forEach((box) => box.ready());
  return node;
}

function tasksTable(content) {
  const rows = content.tasks.flatMap((task) => task.rows.filter((row) => !row.failure).map((row) => ({task, row, e: estimateBeside(content, task, row)})));
  const most = Math.max(1e-300, ...rows.map(({row, e}) => Math.max((row.energy || 0) + (row.energy_half || 0), e ? e.energy[2] : 0)));
  const failed = content.tasks.filter((task) => task.failure || task.interrupted);
  return section("all", "All measurements", "Energy of one pass of the batch. The bar is the measurement, the line over it the estimate's 90 % interval where one compares.",
    plainTable([{name: "measured", left: true, text: ({task}) => el("span", {title: task.name}, shortened(task.name, 42))}, {name: "batch", text: ({task}) => countText(task.batch)}, {name: "energy", text: ({row}) => (row.energy === null ? unknown : el("b", {}, quantity(row.energy, "J")))},
      {name: "95 %", text: ({row}) => (row.energy_half === null || !(row.energy > 0) ? "–" : relative(row.energy_half, row.energy))},
      {name: "", left: true, text: ({row, e}) => (row.energy === null ? "" : intervalBar([row.energy, e ? e.energy[1] : row.energy - (row.energy_half || 0), e ? e.energy[2] : row.energy + (row.energy_half || 0)], most))},
      {name: "estimated", text: ({e}) => (e ? quantity(e.energy[0], "J") : "–")}, {name: "off by", text: ({row, e}) => (e ? deviation(e.energy[0], row.energy) : "–")},
      {name: "time", text: ({row}) => quantity(row.time, "s")}, {name: "power", text: ({row}) => (row.power === null ? unknown : quantity(row.power, "W"))}, {name: "meter", left: true, text: ({row}) => `${meterName(row)}, ${row.method || "time only"}`}], rows, {class: "dense"}),
    failed.length ? listed(failed.map((task) => `${task.name}: ${task.failure || "not measured"}`)) : null);
}

/// Estimated against measured energy, where there are enough of both.
function agreementSection(content) {
  const rows = content.tasks.flatMap((task) => task.rows.slice(0, 1).map((row) => ({task, row, e: estimateBeside(content, task, row)}))).filter(({row, e}) => e && row.energy > 0);
  if (rows.length < 4) return null;
  const kinds = rows.map(({task}) => (task.network ? "network" : task.name.split(" ")[0]));
  const operators = [...new Set(kinds)];
  const plot = {measured: rows.map(({row}) => row.energy), predicted: rows.map(({e}) => e.energy[0]), row: rows.map((_, k) => k), op: kinds.map((kind) => operators.indexOf(kind))};
  const box = el("div", {class: "chart batches"});
  const node = section("agreement", "Estimated against measured", "Energy of one pass; on the dashed line both agree.", box,
    el("ul", {class: "key"}, operators.map((op, k) => el("li", {}, el("i", {class: "dot", style: {background: okabe[k] || grey}}), op))));
  node.ready = () => chart(box, () => agreementOption({plots: [plot], operators, names: rows.map(({task}) => task.name)}, plot, 9), "Estimated against measured energy");
  return node;
}

function measuredPage(content) {
  const head = el("section", {class: "head"}, el("p", {class: "where"}, `measured on ${content.device} · ${content.engine} ${content.engine_version} · ${content.dtype} · ${content.started.replace("T", " ").replace("Z", " UTC")}`),
    el("h1", {}, content.tasks.length === 1 ? content.tasks[0].name : `${plural(content.tasks.length, "measurement")}`), listed(content.measured_remarks));
  const single = content.tasks.slice(0, 12).map((task, i) => taskSection(content, task, i));
  const nodes = [head, content.tasks.length > 1 ? tasksTable(content) : null, agreementSection(content), ...single].filter(Boolean);
  if (content.tasks.length > single.length) nodes.push(el("p", {class: "caption"}, `Windows are shown of the first ${single.length} of ${content.tasks.length} measurements.`));
  const networks = content.tasks.filter((task) => task.network && task.estimate !== null).map((task) => content.estimates[task.estimate]);
  if (networks.length) return void estimatePage({...content, estimates: networks}, [...nodes, el("h2", {class: "divider"}, "What was estimated")], []);
  document.getElementById("page").append(...nodes, citeSection({...content, models: content.models}, "measurements"));
  nodes.forEach((node) => node.ready && node.ready());
}
