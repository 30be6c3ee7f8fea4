// ECharts with the page's look. An option is a function of nothing, so that a change of theme draws it anew.

const charts = [];
const chartFont = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

function chart(box, option, describe) {
  const drawn = echarts.init(box, null, {renderer: "canvas", devicePixelRatio: Math.max(2, devicePixelRatio || 1)});
  const entry = {
    box, drawn,
    draw() { drawn.setOption({...look(), ...option(), animation: false}, true); },
  };
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", describe);
  entry.draw();
  entry.observer = new ResizeObserver(() => drawn.resize());
  entry.observer.observe(box);
  charts.push(entry);
  return entry;
}

/// Takes charts whose boxes are about to leave the page.
function forget(container) {
  for (let i = charts.length - 1; i >= 0; --i)
    if (container.contains(charts[i].box)) {
      charts[i].observer.disconnect();
      charts[i].drawn.dispose();
      charts.splice(i, 1);
    }
}

theme.listeners.push(() => charts.forEach((entry) => entry.draw()));

function look() {
  return {
    textStyle: {fontFamily: chartFont, color: theme.colour("ink")},
    tooltip: {
      confine: true, transitionDuration: 0, padding: 0, borderWidth: 0, extraCssText: "box-shadow:none;background:none",
      backgroundColor: "transparent",
    },
  };
}

/// A tooltip: a heading and lines of [what, value].
function tip(heading, lines, colour) {
  return el("div", {class: "tip"},
    el("div", {class: "tip-head"}, colour && el("i", {class: "dot", style: {background: colour}}), heading),
    el("dl", {}, lines.filter(Boolean).map(([what, value]) => [el("dt", {}, what), el("dd", {}, value)])));
}

function logAxis(name, unit, low, high, extra) {
  return {
    type: "log", name, nameLocation: "middle", min: low, max: high,
    nameTextStyle: {color: theme.colour("soft"), fontSize: 12},
    axisLine: {lineStyle: {color: theme.colour("line")}}, axisTick: {show: false},
    axisLabel: {color: theme.colour("soft"), fontSize: 11, hideOverlap: true, formatter: (value) => tick(value, unit)},
    splitLine: {lineStyle: {color: theme.colour("line"), opacity: 0.7}},
    minorTick: {show: false}, ...extra,
  };
}

const decadeBelow = (value) => 10 ** Math.floor(Math.log10(value) + 1e-9);
const decadeAbove = (value) => 10 ** Math.ceil(Math.log10(value) - 1e-9);
