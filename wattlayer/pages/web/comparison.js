// Which of several estimates is the cheapest, and whether the difference is larger than the uncertainty.

const ratioText = ([value, low, high]) => `${digits(value)} × (${digits(low)} – ${digits(high)})`;
const frontNames = {on: "on the front", perhaps: "perhaps on the front", off: "beaten", unknown: ""};

function winnerText(content, contest) {
  const first = content.compared[contest.rows[0]];
  const e = content.estimates[first.estimate];
  if (contest.rows.length < 2) return [el("b", {}, nameOf(content, e)), " stands alone here."];
  if (!contest.tied.length) return [el("b", {}, nameOf(content, e)), " takes the least, and the difference to every other is larger than the uncertainty."];
  const tied = contest.tied.slice(0, 4).map((row) => nameOf(content, content.estimates[content.compared[row].estimate]));
  const more = contest.tied.length - tied.length;
  return [el("b", {}, nameOf(content, e)), " is estimated to take the least, but the difference to ", tied.join(", "), more ? ` and ${more} more` : "", " is within the uncertainty."];
}

function contestName(contest) {
  return [contest.network, contest.target, contest.batch === null ? null : `batch ${countText(contest.batch)}`].filter(Boolean).join(" · ") || "among all";
}

function verdictSection(content, choose) {
  const most = Math.max(...content.estimates.map((e) => e.per_inference[2]));
  const accurate = content.compared.some((row) => row.accuracy !== null);
  const several = (key) => new Set(key === "target" ? content.compared.map((row) => row.target) : content.estimates.map((e) => e[key])).size > 1;
  const columns = [
    {name: "", text: (r) => `${r.place + 1}`},
    {name: "network", left: true, text: (r) => r.e.network}, several("target") && {name: "target", left: true, text: (r) => r.row.target}, several("batch") && {name: "batch", text: (r) => countText(r.e.batch)},
    {name: "per inference", text: (r) => el("b", {}, quantity(r.e.per_inference[0], "J"))}, {name: "90 % interval", left: true, text: (r) => intervalBar(r.e.per_inference, most)},
    {name: "", text: (r) => rangeText(r.e.per_inference, "J")},
    {name: "over the winner", left: true, text: (r) => (r.place === content.contests[0]?.rows[0] ? "least" : r.row.over_winner ? [ratioText(r.row.over_winner), " ", el("span", {class: r.row.clear ? "clear" : "soft"}, r.row.clear ? "clear" : "not clear")] : r.row.sufficient ? "–" : "not accurate enough")},
    accurate && {name: "accuracy", text: (r) => (r.row.accuracy === null ? "–" : String(r.row.accuracy))}, accurate && {name: "", left: true, text: (r) => frontNames[r.row.front]},
    {name: "coverage", text: (r) => percent(r.e.coverage)}, several("scope") && {name: "scope", left: true, text: (r) => r.e.scope},
    {name: "", text: (r) => el("button", {type: "button", class: "quiet", onclick: () => choose(r.row.estimate, true)}, "show")}].filter(Boolean);
  const rows = content.compared.map((row, place) => ({row, place, e: content.estimates[row.estimate]}));
  const few = content.contests.slice(0, 12);
  return section("verdict", "Who takes the least", "Joules per inference with 90 % intervals. Whether a difference is larger than the uncertainty is judged by the ratio of two estimates: what errors have in common cancels in it, where that was measured.",
    el("p", {class: "where"}, [several("target") ? null : content.compared[0].target, several("scope") ? null : content.estimates[0].scope].filter(Boolean).join(" · ")),
    content.contests.length ? el("p", {class: "verdict"}, winnerText(content, content.contests[0])) : null,
    plainTable(columns, rows, {class: "overview"}),
    few.length > 1 ? el("ul", {class: "plain"}, few.slice(1).map((contest) => el("li", {}, el("span", {class: "soft"}, `${contestName(contest)}: `), winnerText(content, contest)))) : null,
    content.comparison_remarks.length ? listed(content.comparison_remarks) : null);
}

function frontOption(content, points) {
  const energies = points.map((p) => p.e.per_inference[0]);
  const front = points.filter((p) => p.row.front === "on").sort((a, b) => a.e.per_inference[0] - b.e.per_inference[0]);
  const accuracies = points.map((p) => p.row.accuracy);
  const room = (Math.max(...accuracies) - Math.min(...accuracies) || 1) * 0.12;
  const marks = {on: "circle", perhaps: "diamond", off: "circle", unknown: "circle"};
  return {
    grid: {left: 66, right: 60, top: 20, bottom: 48},
    tooltip: {...look().tooltip, formatter: (at) => (at.data.point ? tip(nameOf(content, at.data.point.e), [["accuracy", String(at.data.point.row.accuracy)], ["per inference", quantity(at.data.point.e.per_inference[0], "J")],
      ["90 % interval", rangeText(at.data.point.e.per_inference, "J")], ["standing", frontNames[at.data.point.row.front]]]) : "")},
    xAxis: logAxis("energy per inference", "J", niceBelow(Math.min(...energies)), niceAbove(Math.max(...energies)), {nameGap: 30}),
    yAxis: {type: "value", name: "accuracy, as given", nameLocation: "middle", nameGap: 46, min: Math.min(...accuracies) - room, max: Math.max(...accuracies) + room,
      nameTextStyle: {color: theme.colour("soft")}, axisLabel: {color: theme.colour("soft"), showMinLabel: false, showMaxLabel: false, formatter: (v) => String(parseFloat(v.toPrecision(3)))}, splitLine: {lineStyle: {color: theme.colour("line")}}},
    series: [
      {type: "line", step: "end", silent: true, showSymbol: false, lineStyle: {color: theme.colour("soft"), type: "dashed", width: 1.2}, data: front.map((p) => [p.e.per_inference[0], p.row.accuracy])},
      {type: "scatter", symbolSize: 11, data: points.map((p, i) => ({value: [p.e.per_inference[0], p.row.accuracy], point: p, label: {position: i % 2 ? "bottom" : "top"}, symbol: marks[p.row.front], itemStyle: p.row.front === "off" ? {color: theme.colour("card"), borderColor: grey, borderWidth: 2} : {color: okabe[0]}})),
        label: {show: true, distance: 7, color: theme.colour("ink"), fontSize: 11, formatter: (at) => shortened(nameOf(content, at.data.point.e), 34)}}],
  };
}

function frontSection(content) {
  const points = content.compared.filter((row) => row.accuracy !== null).map((row) => ({row, e: content.estimates[row.estimate]}));
  if (points.length < 2) return null;
  const box = el("div", {class: "chart batches"});
  const node = section("front", "Accuracy and energy", `Up and to the left is better. Filled circles are on the front: nothing else is at least as accurate for less energy; diamonds may be, within the uncertainty.${content.min_accuracy === null ? "" : ` At least ${content.min_accuracy} was asked for.`}`, box);
  node.ready = () => chart(box, () => frontOption(content, points), "Accuracy against energy per inference");
  return node;
}

function pairSection(content) {
  if (!content.pairs.length) return null;
  const shown = content.pairs.slice(0, 60);
  const name = (row) => nameOf(content, content.estimates[content.compared[row].estimate]);
  return section("pairs", "Pair by pair", `How much more the dearer of two takes. The interval knows what the two estimates have in common; beside it the one they would have if they had nothing in common.${shown.length < content.pairs.length ? ` The first ${shown.length} of ${content.pairs.length} pairs.` : ""}`,
    plainTable([{name: "dearer", left: true, text: (p) => el("div", {class: "wrapped"}, name(p.dear))}, {name: "cheaper", left: true, text: (p) => el("div", {class: "wrapped"}, name(p.cheap))}, {name: "ratio, 90 %", text: (p) => ratioText(p.ratio)},
      {name: "", left: true, text: (p) => el("span", {class: p.clear ? "clear" : "soft"}, p.clear ? "clear" : "not clear")}, {name: "if independent", text: (p) => `${digits(p.independent[1])} – ${digits(p.independent[2])}`},
      {name: "saved per inference", text: (p) => quantity(p.saving, "J")}, {name: "in common", text: (p) => percent(p.common_share)}, {name: "how", left: true, text: (p) => el("div", {class: "text"}, p.basis)}], shown));
}

function comparisonPage(content) {
  let choose = null;
  const before = [el("section", {class: "head"}, el("h1", {}, content.title)), verdictSection(content, (i, go) => choose(i, go)), frontSection(content), pairSection(content)];
  choose = estimatePage(content, before, []);
}
