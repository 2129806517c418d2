// Which columns the table has, how wide they are, and the menu that chooses them.

const FIXED_COLUMNS = [
  { id: "outcome", title: "Outcome", width: 96 },
  { id: "key", title: "Key", width: 220, grows: true },
  { id: "source", title: "Source", width: 220, grows: true },
  { id: "step", title: "Step", width: 120 },
  { id: "error", title: "Error", width: 240, grows: true },
  { id: "reason", title: "Reason", width: 200 },
  { id: "seconds", title: "Seconds", width: 84, isNumber: true },
  { id: "outputs", title: "Outputs", width: 200 },
];
const FIELDS_SHOWN = 6;
const LOOKED_AT = 300;
const MOST_DIGITS = 4;
const CHARACTER_PX = 7.4;

class Columns {
  /** State: all = every column; chosen = ids that somebody chose, null until then. */
  constructor(rows) {
    this.rows = rows;
    this.chosen = null;
    this.find();
  }

  find() {
    const { rows } = this;
    const fields = rows.fields.map((name) => {
      const values = rows.columns.fields.get(name);
      const isNumber = values.every((value) => value == null || typeof value === "number") && values.some((value) => value != null);
      const column = { id: FIELD + name, title: name, isNumber, digits: isNumber ? this.digitsOf(FIELD + name) : null };
      return { ...column, width: this.widthOf(column) };
    });
    this.all = [...FIXED_COLUMNS, ...fields];
  }

  /** Return what a cell shows: numbers of one column have one number of digits, so that they stand below each other. */
  cell(row, { id, digits }) {
    const value = digits == null ? null : this.rows.value(row, id);
    if (typeof value !== "number") return this.rows.text(row, id);
    const size = Math.abs(value);
    return size >= 1e15 || (size > 0 && size < 10 ** -digits / 2) ? value.toExponential(2) : value.toFixed(digits);
  }

  digitsOf(id) {
    let most = 0;
    for (let row = 0; row < Math.min(this.rows.length, LOOKED_AT); row += 1) {
      const [, after = ""] = this.rows.text(row, id).split("e")[0].split(".");
      most = Math.max(most, after.length);
    }
    return Math.min(most, MOST_DIGITS);
  }

  widthOf(column) {
    let most = column.title.length + 2;
    for (let row = 0; row < Math.min(this.rows.length, LOOKED_AT); row += 1) most = Math.max(most, this.cell(row, column).length);
    return Math.min(280, Math.max(64, Math.round(most * CHARACTER_PX) + 22));
  }

  get visible() {
    const shown = this.chosen ?? this.suggested();
    return this.all.filter((column) => shown.has(column.id));
  }

  /** Return the ids of what tells most: no column that is empty, and the first few fields. */
  suggested() {
    const { columns } = this.rows;
    const has = { step: columns.step, error: columns.error, reason: columns.reason };
    const shown = new Set(["outcome", "key", "seconds"]);
    for (const id in has) if (has[id].some((text) => text >= 0)) shown.add(id);
    for (const name of this.rows.fields.slice(0, FIELDS_SHOWN)) shown.add(FIELD + name);
    return shown;
  }

  menu(changed) {
    const list = make("div", { class: "menu-list", role: "group", "aria-label": "Columns" });
    const menu = make("details", { class: "menu" }, make("summary", {}, "Columns"), list);
    const fill = () => {
      const shown = new Set(this.visible.map((column) => column.id));
      list.replaceChildren(...this.all.map((column) => {
        const box = make("input", { type: "checkbox", checked: shown.has(column.id), change: () => {
          if (box.checked) shown.add(column.id);
          else shown.delete(column.id);
          if (shown.size === 0) shown.add("key");
          this.chosen = new Set(shown);
          changed();
        } });
        return make("label", {}, box, make("bdi", {}, column.title));
      }));
    };
    menu.addEventListener("toggle", () => { if (menu.open) fill(); });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      event.stopPropagation();
      menu.open = false;
      menu.firstChild.focus();
    });
    document.addEventListener("pointerdown", (event) => { if (!menu.contains(event.target)) menu.open = false; });
    return menu;
  }
}
