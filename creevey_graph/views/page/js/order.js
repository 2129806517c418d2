// Sorting. A column is sorted once, upwards; downwards is the same backwards, and rows without a value come last.

/** Return a text so that plain comparison puts "photo 9" before "photo 10". */
function natural(text) {
  return text.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(15, "0"));
}

class Orders {
  constructor(rows) {
    this.rows = rows;
    this.known = new Map();
    this.version = rows.version;
  }

  /** Return row numbers in the order of a column; null is the order they were given in. */
  of(id, isDown) {
    if (this.version !== this.rows.version) {
      this.known.clear();
      this.version = this.rows.version;
    }
    const name = `${id} ${isDown}`;
    if (!this.known.has(name)) this.known.set(name, this.make(id, isDown));
    return this.known.get(name);
  }

  make(id, isDown) {
    const { rows } = this;
    const filled = [];
    const empty = [];
    for (let row = 0; row < rows.length; row += 1) {
      if (rows.has(row)) (id === null || rows.value(row, id) !== null ? filled : empty).push(row);
    }
    if (id === null) return Uint32Array.from(filled);
    const rank = this.ranks(id, filled);
    const sign = isDown ? -1 : 1;
    const sorted = Uint32Array.from(filled).sort((one, other) => sign * (rank[one] - rank[other]) || one - other);
    const order = new Uint32Array(filled.length + empty.length);
    order.set(sorted);
    order.set(empty, sorted.length);
    return order;
  }

  /** Return row -> a number that sorts as its value does: numbers before texts. */
  ranks(id, filled) {
    const ranks = new Float64Array(this.rows.length);
    const texts = new Map();
    for (const row of filled) {
      const value = this.rows.value(row, id);
      if (typeof value === "number") ranks[row] = value;
      else texts.set(shown(value), 0);
    }
    if (texts.size === 0) return ranks;
    const sorted = [...texts.keys()].map((text) => [natural(text), text]);
    sorted.sort((one, other) => (one[0] < other[0] ? -1 : one[0] > other[0] ? 1 : one[1] < other[1] ? -1 : 1));
    sorted.forEach(([, text], at) => texts.set(text, at));
    const numbers = filled.filter((row) => typeof this.rows.value(row, id) === "number");
    const above = numbers.reduce((most, row) => Math.max(most, ranks[row] + 1), 0);
    for (const row of filled) {
      const value = this.rows.value(row, id);
      if (typeof value !== "number") ranks[row] = above + texts.get(shown(value));
    }
    return ranks;
  }
}
