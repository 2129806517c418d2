// One item, in a panel: pictures, reason, error, figures, how to make it again. The address tells which: #row=12.

function createItem(rows, details, table, enlarge, parameters) {
  const title = make("h2", { id: "item-title" });
  const place = make("span", { class: "place" });
  const before = make("button", { type: "button", "aria-label": "Previous item", "aria-keyshortcuts": "k ArrowLeft", click: () => step(-1) }, "↑");
  const next = make("button", { type: "button", "aria-label": "Next item", "aria-keyshortcuts": "j ArrowRight", click: () => step(1) }, "↓");
  const close = make("button", { type: "button", click: () => dialog.close() }, "Close");
  const strip = make("ol", { class: "strip", "aria-label": "Pictures, step by step" });
  const problem = make("div");
  const body = make("div", { class: "item-body" });
  const seconds = make("div");
  const preview = live && live.preview ? createPreview(parameters, answered) : null;
  const later = make("p", { class: "note", role: "status" });
  const inside = make("div", { class: "item-inside", tabindex: -1 }, later, problem, strip, preview?.element, body, seconds);
  const dialog = make("dialog", { class: "item-panel", id: "item", "aria-labelledby": "item-title" }, make("header", {}, title, place, before, next, close), inside);
  let row = -1;
  let isOwnEntry = false; // whether the entry in the browser's history was made by opening an item
  let isLeaving = false; // whether the browser is on its way back from it
  let wanted = -1;
  let afterwards = null; // what is to be done once the panel is closed

  function open(other) {
    if (isLeaving) {
      wanted = other;
      return;
    }
    if (dialog.open) history.replaceState(null, "", `#row=${other}`);
    else {
      history.pushState(null, "", `#row=${other}`);
      isOwnEntry = true;
    }
    show(other);
  }

  /** Do *act*, which takes the panel away, now or once it is closed: what is typed in it is not lost. */
  function hold(act) {
    if (!dialog.open) return act();
    afterwards = act;
    later.textContent = "Another run has begun; it is shown once this is closed.";
  }

  function step(by) {
    const at = table.view.indexOf(row);
    const to = table.view[at + by];
    if (to !== undefined && (at >= 0 || by > 0)) open(to);
  }

  function follow() {
    isLeaving = false;
    if (afterwards && !dialog.open) return afterwards();
    const found = /^#row=(\d+)$/.exec(location.hash);
    if (found && rows.has(Number(found[1]))) return show(Number(found[1]));
    if (dialog.open) {
      isOwnEntry = false;
      dialog.close();
    }
    if (wanted >= 0) {
      const other = wanted;
      wanted = -1;
      open(other);
    }
  }

  dialog.addEventListener("close", () => {
    row = -1;
    preview?.stop();
    if (location.hash.startsWith("#row=")) {
      if (isOwnEntry) {
        isLeaving = true;
        isOwnEntry = false;
        history.back();
        return; // to `follow`
      }
      history.replaceState(null, "", location.href.split("#")[0]);
    }
    afterwards?.();
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    if (isTyping(event.target) || event.altKey || event.ctrlKey || event.metaKey) return;
    const by = { ArrowRight: 1, j: 1, ArrowLeft: -1, k: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    step(by);
  });
  addEventListener("hashchange", follow);

  function show(other) {
    row = other;
    table.activate(row);
    const about = detailOf(row);
    const at = table.view.indexOf(row);
    title.replaceChildren(make("bdi", {}, rows.columns.key[row]));
    place.textContent = at < 0 ? "" : `${count(at + 1)} of ${count(table.view.length)}`;
    before.disabled = at <= 0;
    next.disabled = at + 1 >= table.view.length;
    const pictures = about.pictures ?? [];
    showStrip(strip, pictures, enlarge);
    strip.hidden = pictures.length === 0;
    strip.classList.remove("old");
    fill(about);
    showSeconds(about.seconds ?? {});
    if (!dialog.open) {
      dialog.showModal();
      inside.focus();
    }
    inside.scrollTop = 0;
    for (const trace of body.querySelectorAll("details pre")) trace.scrollTop = trace.scrollHeight; // it ends where it happened
    preview?.ask(row);
  }

  const detailOf = (number) => (Object.hasOwn(details, number) ? details[number] : {});

  function fill(about) {
    const outcome = rows.outcome(row);
    const error = rows.text(row, "error");
    const facts = [
      ["Outcome", make("span", { class: `outcome-mark ${outcome}` }, outcome)],
      ["Step", rows.text(row, "step")],
      ["Reason", rows.text(row, "reason")],
      ["Source", rows.columns.source[row] || ""],
      ["Seconds", rows.text(row, "seconds")],
      ["Outputs", rows.columns.outputs[row] ? make("ul", {}, rows.columns.outputs[row].map((path) => make("li", {}, make("bdi", {}, path)))) : ""],
    ];
    const fields = rows.fields.map((name) => [name, rows.text(row, FIELD + name)]).filter(([, text]) => text !== "");
    problem.replaceChildren(...(error ? [make("p", { class: `error-text ${outcome}` }, make("bdi", {}, error))] : []));
    body.replaceChildren(...[
      about.note && make("p", { class: "note" }, about.note),
      pairs(facts.filter(([, shows]) => shows !== "")),
      about.traceback && make("details", { open: true }, make("summary", {}, "Traceback"), make("pre", { tabindex: 0, "aria-label": "Traceback" }, about.traceback)),
      fields.length ? make("section", {}, make("h3", {}, "Fields"), pairs(fields)) : null,
      about.reproduce && reproduction(about.reproduce),
      !(about.pictures ?? []).length && !preview && make("p", { class: "note" }, "This page has no pictures of this item: they are made of failures and of a sample."),
    ].filter(Boolean));
  }

  function showSeconds(given) {
    const names = Object.keys(given);
    const most = Math.max(0, ...Object.values(given));
    seconds.replaceChildren(...(names.length ? [make("h3", {}, "Seconds per step"), make("table", { class: "steps" },
      make("caption", { class: "unseen" }, "Seconds per step"),
      make("thead", { class: "unseen" }, make("tr", {}, make("th", { scope: "col" }, "Step"), make("th", { scope: "col" }, "Seconds"))),
      make("tbody", {}, names.map((name) => make("tr", {}, make("th", { scope: "row" }, make("bdi", {}, name)), make("td", { class: "seconds" }, secondsBar(given[name], most, 3))))))] : []));
  }

  function answered(answer) {
    if (answer.row !== row) return;
    const isRefused = Boolean(answer.error) && !(answer.pictures ?? []).length;
    strip.classList.toggle("old", isRefused); // the pictures that were stay, and so does the field that is typed in
    if (isRefused) return;
    showStrip(strip, answer.pictures ?? [], enlarge);
    strip.hidden = strip.children.length === 0;
    if (answer.seconds) showSeconds(answer.seconds);
  }

  document.body.append(dialog);
  return { open, follow, hold };
}

function pairs(list) {
  return make("dl", { class: "pairs" }, list.map(([name, shows]) => make("div", {}, make("dt", {}, make("bdi", {}, name)), make("dd", {}, typeof shows === "string" ? make("bdi", {}, shows) : shows))));
}

function reproduction(commands) {
  const copy = make("button", { type: "button", click: () => copyText(commands, (words) => { copy.textContent = words === "copied" ? "Copied" : words; }) }, "Copy");
  return make("section", { class: "reproduce" }, make("h3", {}, "Reproduce"), copy, make("pre", { tabindex: 0, "aria-label": "Commands" }, commands));
}
