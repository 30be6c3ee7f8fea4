// The table of layers: rows are made only where they are seen, so that tens of thousands scroll like ten.

const rowHeight = 36;

class LayerTable {
  /// columns: [{key, name, width, left, value(i) to sort by, cell(i)}]; filters narrow `all` further.
  constructor(columns, count, haystack, options) {
    this.columns = columns;
    this.count = count;
    this.haystack = haystack;
    this.options = options;
    this.query = "";
    this.accept = () => true;
    this.sorting = {key: options.sort, down: true};
    this.order = [];
    this.selected = -1;
    this.build();
    this.update();
  }

  build() {
    this.template = this.columns.map((c) => c.width).join(" ");
    this.head = el("div", {class: "row head", role: "row"}, this.columns.map((c) => el("button", {
      type: "button", class: c.left ? "left" : "", role: "columnheader", title: c.title, "data-key": c.key, onclick: () => this.sortBy(c.key)}, c.name)));
    this.head.style.gridTemplateColumns = this.template;
    this.body = el("div", {class: "rows", role: "rowgroup"});
    this.scroller = el("div", {class: "virtual", role: "table", tabindex: "0", "aria-label": this.options.name}, this.head, this.body);
    this.scroller.addEventListener("scroll", () => this.draw(), {passive: true});
    this.scroller.addEventListener("keydown", (event) => this.move(event));
    addEventListener("beforeprint", () => this.print(true));
    addEventListener("afterprint", () => this.print(false));
  }

  sortBy(key) {
    const column = this.columns.find((c) => c.key === key);
    this.sorting = {key, down: this.sorting.key === key ? !this.sorting.down : !column.left};
    this.update();
  }

  search(query) {
    this.query = query.trim().toLowerCase();
    this.update();
  }

  filter(accept) {
    this.accept = accept;
    this.update();
  }

  update() {
    const words = this.query.split(/\s+/).filter(Boolean);
    const order = [];
    for (let i = 0; i < this.count; ++i)
      if (this.accept(i) && words.every((word) => this.haystack(i).includes(word))) order.push(i);
    const column = this.columns.find((c) => c.key === this.sorting.key);
    const way = this.sorting.down ? -1 : 1;
    const keys = order.map((i) => [column.value(i), i]);
    keys.sort(([a, i], [b, j]) => {
      if (a === b) return i - j;
      if (a === null) return 1;
      if (b === null) return -1;
      return way * (typeof a === "string" ? a.localeCompare(b, "en", {numeric: true}) : a - b);
    });
    this.order = keys.map(([, i]) => i);
    for (const button of this.head.children) {
      const own = button.dataset.key === this.sorting.key;
      button.setAttribute("aria-sort", own ? (this.sorting.down ? "descending" : "ascending") : "none");
    }
    this.scroller.style.height = `${(Math.max(4, Math.min(15, this.order.length)) + 1) * rowHeight + 2}px`;
    this.body.style.height = `${Math.max(1, this.order.length) * rowHeight}px`;
    this.scroller.scrollTop = 0;
    this.draw();
    if (this.options.changed) this.options.changed(this.order);
  }

  draw() {
    if (this.printed) return;
    const height = this.scroller.clientHeight || 600;
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / rowHeight) - 8);
    const last = Math.min(this.order.length, first + Math.ceil(height / rowHeight) + 16);
    const rows = [];
    for (let place = first; place < last; ++place) rows.push(this.row(place, place * rowHeight));
    if (!this.order.length) rows.push(el("div", {class: "none"}, "No layer matches."));
    this.body.replaceChildren(...rows);
  }

  row(place, top) {
    const i = this.order[place];
    const row = el("div", {class: i === this.selected ? "row chosen" : "row", role: "row", "data-layer": i, onclick: () => this.select(i)},
      this.columns.map((c) => el("div", {class: c.left ? "left" : "", role: "cell"}, c.cell(i))));
    row.style.gridTemplateColumns = this.template;
    if (top !== null) row.style.transform = `translateY(${top}px)`;
    return row;
  }

  select(i) {
    this.selected = i;
    this.draw();
    if (this.options.select) this.options.select(i);
  }

  /// Chooses a row and brings it into sight, unless a filter hides it.
  reveal(i) {
    const place = this.order.indexOf(i);
    if (place >= 0) this.scroller.scrollTop = Math.max(0, (place - 4) * rowHeight);
    this.select(i);
  }

  move(event) {
    const step = {ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -Infinity, End: Infinity}[event.key];
    if (!step || !this.order.length) return;
    event.preventDefault();
    const place = Math.max(0, Math.min(this.order.length - 1, this.order.indexOf(this.selected) + step));
    const top = place * rowHeight, height = this.scroller.clientHeight - rowHeight;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    if (top + rowHeight > this.scroller.scrollTop + height) this.scroller.scrollTop = top + rowHeight - height;
    this.select(this.order[place]);
  }

  /// On paper nothing scrolls: the first rows of the present order stand there.
  print(on) {
    this.printed = on;
    if (!on) return this.draw();
    this.body.replaceChildren(...this.order.slice(0, 60).map((_, place) => this.row(place, null)),
      this.order.length > 60 ? el("div", {class: "none"}, `… and ${plural(this.order.length - 60, "further layer")}`) : "");
  }
}
