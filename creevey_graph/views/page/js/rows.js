// The items: columns as the page's data has them, read by row number. A live page adds to them.

const PLANNED = "planned"; // of an item that no run came to yet: it took no time
const OUTPUTS_BETWEEN = ", ";

/** Return a field's value as it is shown. */
function shown(value) {
  return value == null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

class Rows {
  /**
   * State: columns = of the data, the fields as a Map (a field may be called __proto__); present = which numbers have a row (a live run ends items in any order);
   * version = grows whenever a row is added or changes.
   */
  constructor(data) {
    this.steps = data.steps;
    this.outcomes = data.outcomes;
    this.texts = data.texts;
    this.columns = { ...data.rows, fields: new Map(Object.entries(data.rows.fields)) };
    this.present = this.columns.key.map(() => true);
    this.total = this.present.length;
    this.version = 0;
    this.hay = [];
  }

  /** One more than the highest number. */
  get length() {
    return this.present.length;
  }

  has(row) {
    return this.present[row] === true;
  }

  get fields() {
    return [...this.columns.fields.keys()];
  }

  outcome(row) {
    return this.outcomes[this.columns.outcome[row]];
  }

  source(row) {
    return this.columns.source[row] || this.columns.key[row];
  }

  /** Return what sorts and filters see: a number, a text, or null. */
  value(row, id) {
    const columns = this.columns;
    switch (id) {
      case "outcome":
        return columns.outcome[row];
      case "key":
        return columns.key[row];
      case "source":
        return this.source(row);
      case "step":
        return columns.step[row] < 0 ? null : columns.step[row];
      case "reason":
      case "error":
        return columns[id][row] < 0 ? null : this.texts[columns[id][row]];
      case "seconds":
        return this.outcome(row) === PLANNED ? null : columns.seconds[row];
      case "outputs":
        return columns.outputs[row] ? columns.outputs[row].join(OUTPUTS_BETWEEN) : null;
      default:
        return columns.fields.get(fieldOf(id))?.[row] ?? null;
    }
  }

  /** Return what a cell shows. */
  text(row, id) {
    const value = this.value(row, id);
    if (id === "outcome") return this.outcomes[value];
    if (id === "step") return value === null ? "" : this.steps[value];
    if (id === "seconds") return value == null ? "" : value.toFixed(3);
    return shown(value);
  }

  /** Return all that free text is looked for in, in lower case. */
  haystack(row) {
    const known = this.hay[row];
    if (known !== undefined) return known;
    const { key, source, error, fields } = this.columns;
    let text = key[row];
    if (source[row]) text += `\n${source[row]}`;
    if (error[row] >= 0) text += `\n${this.texts[error[row]]}`;
    for (const values of fields.values()) {
      const value = values[row];
      if (value != null) text += `\n${shown(value)}`;
    }
    return (this.hay[row] = text.toLowerCase());
  }

  /** Make what searches look at while the browser has nothing else to do: the first letter is as quick as the others. */
  prepare(begin = 0) {
    if (begin >= this.length || !globalThis.requestIdleCallback) return;
    requestIdleCallback((idle) => {
      let row = begin;
      do {
        for (const end = Math.min(row + 500, this.length); row < end; row += 1) if (this.has(row)) this.haystack(row);
      } while (row < this.length && idle.timeRemaining() > 2);
      this.prepare(row);
    });
  }

  /** Take in a live page's message: rows after each other from a number, or with a number each. */
  merge(message) {
    this.texts.push(...message.texts);
    const { columns } = this;
    const given = message.rows;
    for (const name of Object.keys(given.fields)) {
      if (!columns.fields.has(name)) columns.fields.set(name, this.present.map(() => null));
    }
    given.key.forEach((_, at) => {
      const row = message.from >= 0 ? message.from + at : message.index[at];
      if (!Number.isSafeInteger(row) || row < 0) return;
      this.makeRoom(row);
      for (const name of ["key", "source", "outcome", "step", "reason", "error", "seconds", "outputs"]) {
        columns[name][row] = given[name][at];
      }
      for (const [name, values] of columns.fields) {
        values[row] = Object.hasOwn(given.fields, name) ? given.fields[name][at] : null;
      }
      if (!this.present[row]) this.total += 1;
      this.present[row] = true;
      this.hay[row] = undefined;
    });
    this.version += 1;
  }

  makeRoom(row) {
    const { columns } = this;
    while (this.present.length <= row) {
      this.present.push(false);
      for (const name of ["key", "source"]) columns[name].push("");
      for (const name of ["step", "reason", "error"]) columns[name].push(-1);
      for (const name of ["outcome", "seconds", "outputs"]) columns[name].push(0);
      for (const values of columns.fields.values()) values.push(null);
    }
  }
}

const FIELD = "field:";
const fieldOf = (id) => id.slice(FIELD.length);
