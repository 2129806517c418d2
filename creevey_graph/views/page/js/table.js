// The table of items. Only the rows in sight are in the document; two spacers stand for the others.

const OVERSCAN = 8;
const PRINTED_ROWS = 100;

class Table {
  /**
   * State: view = row numbers in the order they are shown; active = the row the keyboard is at, -1 for none;
   * marked = rows chosen to be copied; sort = {id, isDown}, id null for the order of the run.
   */
  constructor(rows, columns, { open, resorted }) {
    this.rows = rows;
    this.columns = columns;
    this.open = open;
    this.resorted = resorted;
    this.view = new Uint32Array(0);
    this.active = -1;
    this.anchor = -1;
    this.marked = new Set();
    this.sort = { id: null, isDown: false };
    this.isPrinting = false;
    this.drawn = "";
    this.build();
  }

  build() {
    this.widths = make("colgroup");
    this.head = make("tr", { "aria-rowindex": 1 });
    this.above = make("tr", { class: "spacer", "aria-hidden": "true" }, make("td"));
    this.below = make("tr", { class: "spacer", "aria-hidden": "true" }, make("td"));
    this.body = make("tbody", {}, this.above, this.below);
    this.grid = make(
      "table",
      { role: "grid", class: "items", tabindex: 0, "aria-labelledby": "items-title", "aria-multiselectable": "true", "aria-describedby": "table-help" },
      this.widths,
      make("thead", {}, this.head),
      this.body,
    );
    this.empty = make("p", { class: "empty", hidden: true }, "No row passes these filters.");
    this.scroller = make("div", { class: "scroller" }, this.grid, this.empty);
    const help = make("p", { id: "table-help", class: "unseen" }, "Arrow keys move, Enter opens an item, Space marks it.");
    byId("table").append(help, this.scroller);
    this.pool = [];
    const redraw = framed(() => this.draw());
    this.scroller.addEventListener("scroll", redraw, { passive: true });
    new ResizeObserver(redraw).observe(this.scroller);
    this.grid.addEventListener("keydown", (event) => this.press(event));
    this.body.addEventListener("click", (event) => this.click(event));
    this.body.addEventListener("mousedown", (event) => { if (event.shiftKey) event.preventDefault(); });
    this.rebuild();
  }

  /** Make the header and the cells anew: other columns. */
  rebuild() {
    this.shown = this.columns.visible;
    this.rowHeight = parseFloat(getComputedStyle(this.scroller).getPropertyValue("--row")) || 28;
    this.widths.replaceChildren(...this.shown.map((column) => make("col", { width: column.grows ? null : column.width })));
    this.grid.style.minWidth = `${this.shown.reduce((sum, column) => sum + column.width, 0)}px`;
    this.head.replaceChildren(...this.shown.map((column) => make(
      "th",
      { scope: "col", class: column.isNumber ? "number" : null, "data-column": column.id },
      make("button", { type: "button", click: () => this.sortBy(column) }, make("bdi", {}, column.title), make("span", { class: "arrow", "aria-hidden": "true" })),
    )));
    for (const spacer of [this.above, this.below]) spacer.firstChild.colSpan = this.shown.length;
    for (const line of this.pool) line.remove();
    this.pool = [];
    this.drawn = "";
    this.showSort();
  }

  sortBy(column) {
    const { id, isDown } = this.sort;
    if (id !== column.id) this.sort = { id: column.id, isDown: false };
    else this.sort = isDown ? { id: null, isDown: false } : { id, isDown: true };
    this.showSort();
    this.resorted();
    const how = this.sort.id === null ? "in the order of the run" : `by ${column.title}, ${this.sort.isDown ? "descending" : "ascending"}`;
    announce(`Sorted ${how}`);
  }

  showSort() {
    for (const head of this.head.children) {
      const isSorted = head.dataset.column === this.sort.id;
      if (isSorted) head.setAttribute("aria-sort", this.sort.isDown ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
      head.querySelector(".arrow").textContent = isSorted ? (this.sort.isDown ? "▼" : "▲") : "";
    }
  }

  /** Show other rows; `keepsPlace`: what one looks at stays where it is (a live page adds rows above it). */
  show(view, keepsPlace = false) {
    const [anchor, rest] = this.anchored();
    this.view = view;
    this.grid.setAttribute("aria-rowcount", view.length + 1);
    this.empty.hidden = view.length > 0;
    const least = Math.max(this.rows.total, 3) * this.rowHeight;
    this.scroller.style.setProperty("--wanted", `${least}px`);
    this.drawn = "";
    this.space(0, 0);
    if (keepsPlace && this.scroller.scrollTop > 0 && anchor !== undefined) {
      const at = view.indexOf(anchor);
      this.draw();
      if (at >= 0) this.scroller.scrollTop = at * this.rowHeight + rest;
    } else if (!keepsPlace) this.scroller.scrollTop = 0;
    this.draw();
  }

  /** Return a row that is to stay where it is, and how far below it the top is: the active one where it is in sight. */
  anchored() {
    const { scrollTop, clientHeight } = this.scroller;
    const inSight = Math.floor(clientHeight / this.rowHeight);
    const top = Math.floor(scrollTop / this.rowHeight);
    const active = this.view.subarray(top, top + inSight).indexOf(this.active);
    const at = top + Math.max(active, 0);
    return [this.view[at], scrollTop - at * this.rowHeight];
  }

  space(above, below) {
    for (const [spacer, height] of [[this.above, above], [this.below, below]]) {
      spacer.hidden = height === 0;
      spacer.firstChild.style.height = `${height}px`;
    }
  }

  draw() {
    const { view, rowHeight } = this;
    const inSight = Math.ceil((this.scroller.clientHeight || 600) / rowHeight);
    let first = Math.max(0, Math.floor(this.scroller.scrollTop / rowHeight) - OVERSCAN);
    first = Math.min(first, Math.max(0, view.length - inSight - OVERSCAN));
    let last = Math.min(view.length, first + inSight + 2 * OVERSCAN);
    if (this.isPrinting) [first, last] = [0, Math.min(view.length, PRINTED_ROWS)];
    const drawn = `${first} ${last}`;
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    while (this.pool.length < last - first) this.pool.push(this.line());
    this.pool.forEach((line, at) => {
      const row = view[first + at];
      if (first + at >= last) return line.remove();
      this.fill(line, row, first + at);
      if (!line.isConnected) this.below.before(line);
    });
    this.pool.length = last - first;
    this.space(this.isPrinting ? 0 : first * rowHeight, this.isPrinting ? 0 : (view.length - last) * rowHeight);
    this.showActive();
  }

  line() {
    const cells = this.shown.map((column) =>
      make(column.id === "key" ? "th" : "td", { class: column.isNumber ? "number" : column.id.startsWith(FIELD) ? "field" : column.id, scope: column.id === "key" ? "row" : null },
        column.id === "outcome" ? make("span") : null));
    return make("tr", { class: "item" }, cells);
  }

  fill(line, row, at) {
    line.id = `row-${row}`;
    line.row = row;
    line.setAttribute("aria-rowindex", at + 2);
    this.shown.forEach((column, index) => {
      const text = this.columns.cell(row, column);
      const cell = line.children[index];
      if (column.id === "outcome") {
        cell.firstChild.textContent = text;
        cell.firstChild.className = `outcome-mark ${text}`;
      } else {
        cell.textContent = text;
        cell.title = text.length > 24 ? text : "";
      }
    });
  }

  showActive() {
    for (const line of this.pool) {
      line.classList.toggle("active", line.row === this.active);
      line.classList.toggle("marked", this.marked.has(line.row));
      line.setAttribute("aria-selected", String(this.marked.has(line.row)));
    }
    if (this.pool.some((line) => line.row === this.active)) this.grid.setAttribute("aria-activedescendant", `row-${this.active}`);
    else this.grid.removeAttribute("aria-activedescendant");
  }

  /** Move the keyboard to a row and bring it into sight. */
  activate(row) {
    this.active = row;
    const at = this.view.indexOf(row);
    if (at >= 0) {
      const top = at * this.rowHeight;
      const high = this.scroller.clientHeight - this.head.offsetHeight - this.rowHeight;
      if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
      else if (top > this.scroller.scrollTop + high) this.scroller.scrollTop = top - high;
    }
    this.draw();
    this.showActive();
  }

  press(event) {
    if (event.target !== this.grid || event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.rowHeight) - 2);
    const at = this.view.indexOf(this.active);
    const last = this.view.length - 1;
    const to = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: last }[event.key];
    if (to !== undefined && last >= 0) {
      const row = this.view[Math.max(0, Math.min(last, to))];
      if (event.shiftKey) this.markTo(row);
      else this.anchor = row;
      this.activate(row);
    } else if (event.key === "Enter" && at >= 0) this.open(this.active);
    else if (event.key === " " && at >= 0) this.mark(this.active);
    else if (event.key === "Escape" && this.marked.size) this.unmark();
    else return;
    event.preventDefault();
  }

  click(event) {
    const line = event.target.closest("tr.item");
    if (!line || !getSelection().isCollapsed) return;
    this.grid.focus({ preventScroll: true });
    if (event.shiftKey) this.markTo(line.row);
    else if (event.ctrlKey || event.metaKey) this.mark(line.row);
    this.active = line.row;
    if (!event.shiftKey) this.anchor = line.row;
    this.showActive();
    if (!event.shiftKey && !event.ctrlKey && !event.metaKey) this.open(line.row);
  }

  mark(row) {
    if (!this.marked.delete(row)) this.marked.add(row);
    this.anchor = row;
    this.marksChanged();
  }

  markTo(row) {
    const ends = [this.view.indexOf(this.anchor), this.view.indexOf(row)].map((at) => Math.max(at, 0)).sort((one, other) => one - other);
    for (const each of this.view.subarray(ends[0], ends[1] + 1)) this.marked.add(each);
    this.marksChanged();
  }

  unmark() {
    this.marked.clear();
    this.marksChanged();
  }

  marksChanged() {
    this.showActive();
    this.resorted({ onlyMarks: true });
  }

  print(isPrinting) {
    this.isPrinting = isPrinting;
    this.drawn = "";
    this.draw();
  }
}
