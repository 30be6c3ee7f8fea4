// Pieces that several sections share.

function section(id, title, caption, ...children) {
  return el("section", {id}, el("h2", {}, title), caption && el("p", {class: "caption"}, caption), children);
}

/// A bar from 0 to the value with a whisker over the interval, all over one scale.
function intervalBar([value, low, high], most, colour) {
  const place = (v) => `${Math.max(0, Math.min(100, (100 * v) / most))}%`;
  const share = (v) => Math.max(0, Math.min(100, (100 * v) / most));
  return el("span", {class: "interval", "aria-hidden": "true"},
    el("i", {class: "fill", style: {width: place(value), background: colour || null}}),
    el("i", {class: "whisker", style: {left: place(low), width: `${Math.max(0.4, share(high) - share(low))}%`}}));
}

/// Shares of a whole side by side: [{name, value, colour, mark, title}].
function shareBar(parts, unit) {
  const whole = sum(parts.map((part) => part.value));
  const shown = parts.filter((part) => part.value > 0);
  return el("div", {class: "shares"},
    el("div", {class: "share-bar", "aria-hidden": "true"}, shown.map((part) =>
      el("i", {style: {flexGrow: String(part.value / whole), background: part.colour}, title: `${part.name}: ${percent(part.value / whole)}`}))),
    el("ul", {class: "key"}, shown.map((part) => el("li", {title: part.title},
      el("i", {class: "dot", style: {background: part.colour}}), el("span", {}, part.name), el("b", {}, percent(part.value / whole)),
      unit && el("span", {class: "soft"}, quantity(part.value, unit))))));
}

function labelBadge(label) {
  return el("span", {class: `label label-${labelNames[label]}`, title: labelMeanings[label]},
    el("i", {style: {color: labelColours[label]}, "aria-hidden": "true"}, labelMarks[label]), labelNames[label]);
}

/// Buttons of which one is pressed.
function choice(names, chosen, change, title) {
  const group = el("div", {class: "choice", role: "group", "aria-label": title});
  names.forEach((name, i) => group.append(el("button", {
    type: "button", "aria-pressed": String(i === chosen),
    onclick: (event) => {
      for (const button of group.children) button.setAttribute("aria-pressed", String(button === event.currentTarget));
      change(i);
    }}, name)));
  return group;
}

function facts(rows) {
  return el("dl", {class: "facts"}, rows.filter((row) => row && row[1] !== null && row[1] !== undefined && row[1] !== "")
    .map(([what, value, note]) => el("div", {}, el("dt", {}, what), el("dd", {}, value, note && el("small", {}, note)))));
}

/// A figure of the head of a page: large, with what it is above and its interval below.
function figure(what, value, note, extra) {
  return el("div", {class: "figure"}, el("div", {class: "what"}, what), el("div", {class: "value"}, value),
    extra, note && el("div", {class: "note-small"}, note));
}

function listed(items) {
  return items.length ? el("ul", {class: "plain"}, items.map((item) => el("li", {}, item))) : null;
}

function copyButton(text) {
  return el("button", {type: "button", class: "quiet", onclick: async (event) => {
    const button = event.currentTarget;
    const area = el("textarea", {class: "off"});
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");  // the clipboard of today's browsers is closed to pages from files
    area.remove();
    button.textContent = done ? "copied" : "select and copy";
  }}, "copy");
}

function saveButton(name, file, make) {
  return el("button", {type: "button", class: "quiet", onclick: () => {
    const link = el("a", {href: URL.createObjectURL(new Blob([make()], {type: "text/csv"})), download: file});
    link.click();
    URL.revokeObjectURL(link.href);
  }}, name);
}

/// Plain table of few rows: columns [{name, text(row), left}].
function plainTable(columns, rows, attributes) {
  return el("div", {class: "scroll"}, el("table", attributes || {},
    el("thead", {}, el("tr", {}, columns.map((c) => el("th", {class: c.left && "left", scope: "col", title: c.title}, c.name)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, columns.map((c) => el("td", {class: c.left && "left"}, c.text(row))))))));
}
