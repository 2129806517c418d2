// Which rows are shown. What the words of a search found is kept: a further letter looks at what was left only.

/** Return the words of a search, in lower case; "quoted words" stay together. */
function wordsOf(query) {
  return [...query.toLowerCase().matchAll(/"([^"]*)"?|\S+/g)].map((found) => found[1] ?? found[0]).filter(Boolean);
}

/** Return what a reason is, without what it is about: "code changed" of "code changed: helper `trim`". */
const kindOf = (reason) => reason.split(":", 1)[0];

class Filter {
  /**
   * State: outcomes = names, empty for all; step = its name, "" for any; reason = a test of `reasons`; ranges = tests of fields,
   * each {field, label, keeps}; query = free text.
   */
  constructor(rows) {
    this.rows = rows;
    this.found = { query: "", version: -1, mask: new Uint8Array(0) };
    this.clear();
  }

  clear() {
    this.outcomes = new Set();
    this.step = "";
    this.reason = null;
    this.ranges = [];
    this.query = "";
  }

  get isOn() {
    return this.outcomes.size + this.ranges.length > 0 || this.step !== "" || this.reason !== null || wordsOf(this.query).length > 0;
  }

  /** Return the rows of `order` that pass, in that order, and outcome -> how many pass all but the outcomes' own. */
  apply(order) {
    const { rows, ranges } = this;
    const { columns } = rows;
    const found = this.search();
    const wanted = rows.outcomes.map((outcome) => this.outcomes.size === 0 || this.outcomes.has(outcome));
    const step = this.step === "" ? null : rows.steps.indexOf(this.step);
    const reasons = this.reason && this.reasonMask();
    const counts = new Array(rows.outcomes.length).fill(0);
    const view = new Uint32Array(order.length);
    let kept = 0;
    for (const row of order) {
      if (found && !found[row]) continue;
      if (step !== null && columns.step[row] !== step) continue;
      if (reasons && !reasons[columns.reason[row]]) continue;
      if (ranges.length && !ranges.every((range) => range.keeps(rows.value(row, FIELD + range.field)))) continue;
      const outcome = columns.outcome[row];
      counts[outcome] += 1;
      if (wanted[outcome]) view[kept++] = row;
    }
    return { view: view.subarray(0, kept), counts };
  }

  reasonMask() {
    return this.rows.texts.map((text) => (this.reason.isKind ? kindOf(text) === this.reason.text : text === this.reason.text));
  }

  /** Return row -> whether it holds every word, null where nothing is asked. */
  search() {
    const words = wordsOf(this.query);
    if (words.length === 0) return null;
    const { rows, found } = this;
    const isSame = found.version === rows.version && !this.query.includes('"');
    if (isSame && found.query === this.query) return found.mask;
    const narrows = isSame && found.query !== "" && this.query.startsWith(found.query);
    const mask = new Uint8Array(rows.length);
    for (let row = 0; row < mask.length; row += 1) {
      if (narrows ? !found.mask[row] : !rows.has(row)) continue;
      const text = rows.haystack(row);
      mask[row] = words.every((word) => text.includes(word)) ? 1 : 0;
    }
    this.found = { query: this.query, version: rows.version, mask };
    return mask;
  }

  /** Return reasons with how many rows have each, most frequent first, below their kind. */
  reasons() {
    const counts = new Map();
    this.rows.columns.reason.forEach((text, row) => {
      if (text >= 0 && this.rows.has(row)) counts.set(text, (counts.get(text) ?? 0) + 1);
    });
    const kinds = new Map();
    for (const [text, found] of counts) {
      const kind = kindOf(this.rows.texts[text]);
      if (!kinds.has(kind)) kinds.set(kind, { kind, count: 0, texts: [] });
      const entry = kinds.get(kind);
      entry.count += found;
      entry.texts.push([this.rows.texts[text], found]);
    }
    for (const entry of kinds.values()) entry.texts.sort((one, other) => other[1] - one[1]);
    return [...kinds.values()].sort((one, other) => other.count - one.count);
  }
}
