// The controls above the table.

function createFilters(rows, filter, changed) {
  const place = byId("filters");
  const search = make("input", {
    type: "search", id: "search", "aria-label": "Search keys, sources, errors and fields",
    placeholder: "Search keys, sources, errors, fields", autocomplete: "off", spellcheck: "false", "aria-keyshortcuts": "/",
    input: () => { filter.query = search.value; changed(); },
  });
  const chips = rows.outcomes.map((outcome) => make(
    "button",
    { type: "button", class: `chip ${outcome}`, "aria-pressed": "false", "data-outcome": outcome, click: () => toggle(outcome) },
    make("span", { class: "name" }, outcome), " ", make("b", {}, "0"),
  ));
  const step = make("select", { "aria-label": "Step", change: () => { filter.step = step.value; changed(); } });
  const reason = make("select", { "aria-label": "Reason", change: () => { filter.reason = reasons[reason.selectedIndex] ?? null; changed(); } });
  const pills = make("div", { class: "pills" });
  const clear = make("button", { type: "button", class: "clear", hidden: true, click: () => clearAll() }, "Clear filters");
  const widest = chips.map(() => 1);
  let reasons = [];

  function toggle(outcome) {
    if (!filter.outcomes.delete(outcome)) filter.outcomes.add(outcome);
    changed();
  }

  function clearAll() {
    filter.clear();
    search.value = "";
    changed();
    search.focus();
  }

  function fillSteps() {
    const found = new Map();
    rows.columns.step.forEach((number, row) => {
      if (number >= 0 && rows.has(row)) found.set(number, (found.get(number) ?? 0) + 1);
    });
    const options = rows.steps.map((name, number) => make("option", { value: name }, `${name} (${count(found.get(number) ?? 0)})`));
    step.replaceChildren(make("option", { value: "" }, "Any step"), ...options);
  }

  function fillReasons() {
    const kept = filter.reason;
    const options = [make("option", {}, "Any reason")];
    reasons = [null];
    for (const entry of filter.reasons()) {
      const isOne = entry.texts.length === 1;
      reasons.push({ text: isOne ? entry.texts[0][0] : entry.kind, isKind: !isOne });
      options.push(make("option", {}, `${isOne ? entry.texts[0][0] : `${entry.kind}, any`} (${count(entry.count)})`));
      if (isOne) continue;
      for (const [text, found] of entry.texts.slice(0, MOST_REASONS)) {
        reasons.push({ text, isKind: false });
        options.push(make("option", {}, `\u00a0\u00a0${text} (${count(found)})`));
      }
    }
    reason.replaceChildren(...options);
    const at = reasons.findIndex((each) => each && kept && each.text === kept.text && each.isKind === kept.isKind);
    reason.selectedIndex = Math.max(at, 0);
    filter.reason = reasons[reason.selectedIndex];
    reason.hidden = reasons.length < 3 && !filter.reason;
  }

  /** Show what is chosen, and how many rows each outcome has among what the other filters leave. */
  function show(counts) {
    chips.forEach((chip, at) => {
      chip.lastChild.textContent = count(counts[at]);
      widest[at] = Math.max(widest[at], chip.lastChild.textContent.length);
      chip.lastChild.style.minWidth = `${widest[at]}ch`; // what stands beside it does not move as one types
      chip.setAttribute("aria-pressed", String(filter.outcomes.has(rows.outcomes[at])));
      chip.hidden = !rows.columns.outcome.includes(at);
    });
    step.value = filter.step;
    pills.replaceChildren(...filter.ranges.map((range) => make(
      "button",
      { type: "button", class: "pill", "aria-label": `Remove filter ${range.label}`, click: () => {
        filter.ranges = filter.ranges.filter((each) => each !== range);
        changed();
      } },
      make("bdi", {}, range.label), make("span", { "aria-hidden": "true" }, " ×"),
    )));
    clear.hidden = !filter.isOn;
  }

  function refill() {
    fillSteps();
    fillReasons();
  }

  place.append(
    search,
    make("div", { class: "chips", role: "group", "aria-label": "Outcomes" }, chips),
    make("div", { class: "selects" }, step, reason),
  );
  const beside = make("div", { class: "beside" }, pills, clear);
  refill();
  return { show, refill, beside, search };
}

/** As many reasons of one kind are offered by themselves. */
const MOST_REASONS = 50;
