// Text and elements. Names from files reach the page as text nodes only, never as markup.

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "style") Object.assign(node.style, value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  add(node, children);
  return node;
}

function add(node, children) {
  for (const child of children.flat(Infinity))
    if (child !== null && child !== undefined && child !== false) node.append(child);
  return node;
}

const prefixes = [[1e18, "E"], [1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"], [1e-12, "p"], [1e-15, "f"]];

function prefixOf(value) {
  const size = Math.abs(value) * 1.0005;
  return prefixes.find(([factor]) => size >= factor) || prefixes[prefixes.length - 1];
}

/// Three digits, as in the program's tables.
function digits(value) {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 999.5) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

const unknown = "unknown";

function quantity(value, unit) {
  if (value === null || value === undefined || !Number.isFinite(value)) return unknown;
  if (value === 0) return `0 ${unit}`;
  const [factor, prefix] = prefixOf(value);
  return `${digits(value / factor)} ${prefix}${unit}`;
}

/// [value, low, high] under the prefix of the value.
function rangeText([value, low, high], unit) {
  if (!(value > 0)) return quantity(value, unit);
  const [factor, prefix] = prefixOf(value);
  return `${digits(low / factor)} – ${digits(high / factor)} ${prefix}${unit}`;
}

function percent(share) {
  if (share === null || share === undefined || !Number.isFinite(share)) return unknown;
  if (share > 0 && share < 0.001) return "< 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
}

function countText(count) {
  return Number.isInteger(count) ? count.toLocaleString("en-US") : count.toLocaleString("en-US", {maximumFractionDigits: 3});
}

function plural(count, noun) {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function shortened(text, most) {
  return text.length <= most ? text : `${text.slice(0, Math.ceil(most / 2) - 1)}…${text.slice(text.length - Math.floor(most / 2))}`;
}

/// The telling end of a path-like name: `/layer3/layer3.1/conv2/Conv` of a Conv is `layer3.1/conv2`.
function shortName(name, op, most) {
  const parts = name.split("/").filter(Boolean);
  if (parts.length < 2) return shortened(name, most);
  if (parts[parts.length - 1] === op) parts.pop();
  let text = parts.pop();
  while (parts.length && text.length + parts[parts.length - 1].length + 1 <= most) text = `${parts.pop()}/${text}`;
  return shortened(text, most);
}

/// Tick text of a logarithmic axis.
function tick(value, unit) {
  if (!unit && value < 1) return String(parseFloat(value.toPrecision(2)));
  const [factor, prefix] = prefixOf(value);
  return `${parseFloat((value / factor).toPrecision(2))} ${prefix}${unit}`.trim();
}
