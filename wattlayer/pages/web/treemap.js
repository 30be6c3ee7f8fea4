// Energy by operator and layer as areas. Many small layers stand together, so that the map stays readable and quick.

const mostOperators = 14, mostLayers = 60, leastShare = 0.0008;

function operatorColours(estimates, texts) {
  const energy = new Map();
  for (const e of estimates)
    e.layers.op.forEach((op, i) => energy.set(texts[op], (energy.get(texts[op]) || 0) + e.layers.energy[i] / (e.energy[0] || 1)));
  const ranked = [...energy].sort((a, b) => b[1] - a[1]).map(([op]) => op);
  return (op) => okabe[ranked.indexOf(op)] || grey;
}

function layerNode(e, i, colour, texts) {
  const l = e.layers;
  return {name: shortName(texts[l.name[i]], texts[l.op[i]], 24), value: l.energy[i], layer: i, itemStyle: {color: colour(i)}};
}

/// What is left when the dearest stand alone: together, or where they are very many in groups of equal number by rank.
function groups(rest, shown) {
  if (rest.length <= 200) return rest.length ? [[`${countText(rest.length)} smaller`, rest]] : [];
  const size = Math.ceil(rest.length / 16);
  return Array.from({length: Math.ceil(rest.length / size)}, (_, k) => {
    const own = rest.slice(k * size, (k + 1) * size);
    return [`ranks ${countText(shown + k * size + 1)} – ${countText(shown + k * size + own.length)}`, own];
  });
}

/// Children of one operator: its dearest layers, and the rest as one.
function operatorNode(e, op, members, colour, texts, ownColour) {
  const l = e.layers;
  members.sort((a, b) => l.energy[b] - l.energy[a]);
  const total = sum(members.map((i) => l.energy[i]));
  const shown = members.filter((i, place) => place < mostLayers && (l.energy[i] >= leastShare * e.energy[0] || l.energy[i] >= 0.004 * total));
  const children = shown.map((i) => layerNode(e, i, colour, texts));
  children.push(...groups(members.slice(shown.length), shown.length).map(([name, rest]) => (rest.length === 1 ? layerNode(e, rest[0], colour, texts)
    : {name, value: sum(rest.map((i) => l.energy[i])), rest: rest.length, itemStyle: {color: ownColour}})));
  return {id: `operator ${op}`, name: op, value: total, members: members.length, children, itemStyle: {color: ownColour}};
}

function treemapNodes(e, texts, colour, colourOfOperator) {
  const byOperator = new Map();
  e.layers.op.forEach((op, i) => {
    if (!byOperator.has(op)) byOperator.set(op, []);
    if (e.layers.energy[i] > 0) byOperator.get(op).push(i);
  });
  const nodes = [...byOperator].filter(([, members]) => members.length)
    .map(([op, members]) => operatorNode(e, texts[op], members, colour, texts, colourOfOperator(texts[op])))
    .sort((a, b) => b.value - a.value);
  const rest = nodes.splice(mostOperators);
  if (rest.length)
    nodes.push({id: "further", name: `${rest.length} further operators`, value: sum(rest.map((n) => n.value)), members: sum(rest.map((n) => n.members)), children: rest, itemStyle: {color: grey}});
  if (e.pass_energy > 0) nodes.push({name: "between layers", value: e.pass_energy, pass: true, itemStyle: {color: theme.colour("line")}});
  return nodes;
}

function treemapTip(e, texts, node) {
  const l = e.layers, i = node.layer;
  const share = ["of the pass", percent(node.value / e.energy[0])];
  if (i === undefined)
    return tip(node.name, [["energy", quantity(node.value, "J")], share, node.members && ["layers", countText(node.members)],
      node.rest && ["layers", countText(node.rest)], node.pass && ["what", "belongs to the pass as a whole and to no layer"]]);
  return tip(texts[l.name[i]], [["operator", texts[l.op[i]] + (l.count[i] !== 1 ? ` × ${countText(l.count[i])}` : "")],
    ["energy", quantity(l.energy[i], "J")], ["90 % interval", rangeText([l.energy[i], l.low[i], l.high[i]], "J")], share,
    ["time", quantity(l.time[i], "s")], ["shapes", texts[l.shapes[i]]], ["label", labelNames[l.label[i]]]]);
}

function treemapOption(e, texts, nodes) {
  const paper = theme.colour("card");
  const label = (node) => `${node.name}\n${quantity(node.value, "J")}`;
  const colourNode = (node) => {
    const colour = node.itemStyle.color.startsWith("#") ? node.itemStyle.color : grey;
    node.label = {color: node.pass ? theme.colour("ink") : textOn(colour)};
    (node.children || []).forEach(colourNode);
    return node;
  };
  return {
    tooltip: {...look().tooltip, formatter: (at) => (at.data && at.data.name ? treemapTip(e, texts, at.data) : "")},
    series: [{
      type: "treemap", data: nodes.map(colourNode), left: 0, right: 0, top: 0, bottom: 30, roam: false, nodeClick: false,
      name: "all operators", leafDepth: 2, squareRatio: 1.1, visibleMin: 30,
      breadcrumb: {
        left: 0, bottom: 0, height: 22, itemStyle: {color: theme.colour("panel"), borderColor: theme.colour("line"), textStyle: {color: theme.colour("ink"), fontSize: 12}},
        emphasis: {itemStyle: {color: theme.colour("line"), textStyle: {color: theme.colour("ink")}}},
      },
      label: {show: true, fontSize: 12, lineHeight: 16, padding: [5, 6], overflow: "truncate", position: "insideTopLeft", formatter: (at) => label(at.data)},
      upperLabel: {show: true, height: 22, fontSize: 12, fontWeight: 600, padding: [0, 6], color: theme.colour("ink"), overflow: "truncate",
        formatter: (at) => (at.data.name ? `${at.data.name}  ${quantity(at.data.value, "J")}` : "")},
      itemStyle: {borderColor: paper, borderWidth: 1, gapWidth: 1},
      levels: [
        {itemStyle: {borderWidth: 0, gapWidth: 4}, upperLabel: {show: false}},
        {itemStyle: {borderColor: theme.colour("panel"), borderWidth: 3, gapWidth: 1}, upperLabel: {show: true, color: theme.colour("ink")}},
        {itemStyle: {borderWidth: 0, gapWidth: 1}},
      ],
    }],
  };
}

function treemapSection(view) {
  const {e, texts} = view;
  const l = e.layers;
  const operatorOf = (i) => view.colourOf(texts[l.op[i]]);
  const colourings = [operatorOf, (i) => labelColours[l.label[i]], (i) => (l.bound[i] === null ? grey : boundColours[l.bound[i]])];
  let colouring = 0;
  const box = el("div", {class: "chart treemap"});
  const key = el("div", {});
  const showKey = () => key.replaceChildren(colouring === 0 ? "" : shareBar(colouring === 1 ? labelShares(e) : boundShares(e)));
  const node = section("where", "Where the energy goes",
    `Areas are joules of one pass of the batch: ${quantity(e.energy[0], "J")} in all. Click to go into an operator and on to a layer; the path below the map leads back.`,
    choice(["by operator", "by label", "by what bounds it"], 0, (i) => { colouring = i; drawn.draw(); showKey(); }, "colours"), box, key,
    paidFor(e));
  let drawn = null;
  node.ready = () => {
    drawn = chart(box, () => treemapOption(e, texts, treemapNodes(e, texts, colourings[colouring], colouring === 0 ? view.colourOf : () => grey)),
      `Treemap of the energy of ${e.network} by operator and layer`);
    drill(drawn.drawn, view);
  };
  return node;
}

/// First into the operator, then to the row of the layer.
function drill(drawn, view) {
  let root = null;
  drawn.on("treemapRootToNode", (event) => { root = event.targetNodeId || (event.targetNode && event.targetNode.getId()); });
  drawn.on("click", (at) => {
    const path = at.treePathInfo || [];
    if (!at.data || path.length < 2) return;
    const into = path.length === 2 ? at.data.id : `operator ${path[path.length - 2].name}`;
    const group = path.length > 3 ? `operator ${path[2].name}` : into;
    if (at.data.layer !== undefined && root === group) view.showLayer(at.data.layer);
    else if (group && root !== group) drawn.dispatchAction({type: "treemapRootToNode", targetNodeId: group});
  });
}

function labelShares(e) {
  const shares = labelNames.map((name, i) => ({name, value: 0, colour: labelColours[i], title: labelMeanings[i]}));
  e.layers.label.forEach((label, i) => { shares[label].value += e.layers.energy[i]; });
  return shares;
}

function boundShares(e) {
  const shares = boundNames.map((name, i) => ({name, value: 0, colour: boundColours[i]}));
  shares.push({name: "unknown", value: 0, colour: grey});
  e.layers.bound.forEach((bound, i) => { shares[bound === null ? 3 : bound].value += e.layers.energy[i]; });
  return shares;
}

function paidFor(e) {
  if (!e.paid_for) return null;
  const p = e.paid_for;
  return el("div", {class: "paid"}, el("h3", {}, "What the joules pay for"),
    shareBar([
      {name: "arithmetic", value: p.arithmetic, colour: okabe[0], title: "multiplications and other operations"},
      {name: "memory", value: p.memory, colour: okabe[1], title: "bytes moved"},
      {name: "launches", value: p.launches, colour: okabe[2], title: "starting each layer"},
      {name: "static power", value: p.static, colour: grey, title: "what the device draws while the layers take their time, whatever they do"},
      {name: "between layers", value: Math.max(0, p.pass), colour: "#c9ced3", title: "waiting for the host, and the pass itself"}], "J"),
    el("p", {class: "caption"}, "Terms of the energy model's law: joules per count of each kind, and static power times time. Its correction of their sum is spread over them in proportion."));
}
