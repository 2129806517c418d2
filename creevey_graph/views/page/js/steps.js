// The graph as a control, and the table of its steps.

/** A wide graph is not made smaller than this, for its words are to be read: it scrolls. */
const LEAST_SCALE = 0.7;

/** Make the graph's nodes buttons that filter by a step; return what marks the chosen one. */
function createGraph(rows, choose) {
  const place = byId("graph");
  const nodes = () => [...place.querySelectorAll("[data-node]")].filter((node) => rows.steps.includes(node.dataset.node));
  let chosen = "";

  function dressNodes() {
    for (const svg of place.querySelectorAll("svg")) {
      svg.setAttribute("role", "group");
      svg.style.minWidth = `${Math.round(LEAST_SCALE * (svg.width.baseVal.value || 0))}px`;
    }
    place.classList.toggle("cut", place.scrollHeight > place.clientHeight + 1 || place.scrollWidth > place.clientWidth + 1);
    const stop = nodes().find((node) => node.dataset.node === chosen) ?? nodes()[0]; // of the Tab key; arrows go on from there
    for (const node of nodes()) {
      const about = node.querySelector("title")?.textContent;
      node.setAttribute("role", "button");
      node.setAttribute("tabindex", node === stop ? "0" : "-1");
      node.setAttribute("aria-label", `Filter by step ${node.dataset.node}${about ? `: ${about}` : ""}`);
    }
    select(chosen);
  }

  /** Show the graph's beginning: a wide one begins in its middle, and its left end is often empty paper. */
  function reveal() {
    const first = place.querySelector("[data-node]");
    if (!first || place.scrollWidth <= place.clientWidth) return;
    const at = first.getBoundingClientRect();
    const middle = at.left + at.width / 2 - place.getBoundingClientRect().left + place.scrollLeft;
    place.scrollLeft = middle - place.clientWidth / 2;
  }

  function select(name) {
    chosen = name;
    for (const node of nodes()) {
      node.classList.toggle("chosen", node.dataset.node === name);
      node.setAttribute("aria-pressed", String(node.dataset.node === name));
    }
  }

  function pick(event) {
    const node = event.target.closest("[data-node]");
    if (!node || !rows.steps.includes(node.dataset.node)) return;
    event.preventDefault();
    choose(node.dataset.node === chosen ? "" : node.dataset.node);
  }

  place.addEventListener("click", pick);
  place.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") pick(event);
  });
  dressNodes();
  if (nodes().length) rove(place, '[role="button"]');
  reveal();
  return { select, dressNodes };
}

function showSteps(state, rows, choose) {
  const names = rows.steps.filter((name) => Object.hasOwn(state?.nodes ?? {}, name));
  const most = Math.max(...names.map((name) => state.nodes[name].seconds ?? 0), 0);
  const holds = names.some((name) => state.nodes[name].stored);
  const heads = ["Step", "Outcomes", "Ran", "From cache", "Hits", "Seconds", ...(holds ? ["Stored"] : [])];
  const body = names.flatMap((name) => {
    const node = state.nodes[name];
    const counts = node.counts ?? {};
    const ran = counts.done ?? 0;
    const hits = (counts.cached ?? 0) + (counts.restored ?? 0);
    const button = make("button", { type: "button", class: "link", title: node.policy ? `${name}: ${node.policy}` : name, click: () => choose(name) }, name);
    const line = make(
      "tr",
      {},
      make("th", { scope: "row" }, button),
      make("td", { class: "wide" }, bar(counts, rows.outcomes, "no item")),
      make("td", { class: "number" }, count(ran)),
      make("td", { class: "number" }, count(hits)),
      make("td", { class: "number" }, ran + hits ? `${((100 * hits) / (ran + hits)).toFixed(0)} %` : "–"),
      make("td", { class: "seconds" }, secondsBar(node.seconds, most)),
      holds && make("td", { class: "number" }, node.stored?.values ? `${count(node.stored.values)} · ${bytes(node.stored.bytes)}` : "–"),
    );
    return node.why ? [line, make("tr", { class: "why" }, make("td", { colspan: heads.length }, make("bdi", {}, node.why)))] : [line];
  });
  const numeric = new Set(["Ran", "From cache", "Hits", "Seconds", "Stored"]);
  const head = heads.map((text) => make("th", { scope: "col", class: numeric.has(text) ? "number" : null }, text));
  const table = make(
    "table",
    { class: "steps" },
    make("caption", { class: "unseen" }, "Seconds and cache hits per step"),
    make("thead", {}, make("tr", {}, head)),
    make("tbody", {}, body),
  );
  byId("steps").replaceChildren(names.length ? table : make("p", { class: "note" }, "Nothing is known of the steps."));
}

function secondsBar(seconds, most, digits = 2) {
  const length = most > 0 ? (100 * (seconds ?? 0)) / most : 0;
  const rect = draw("rect", { class: "time", x: 0, width: Math.max(length, seconds ? 1 : 0).toFixed(1), height: 6 });
  const line = draw("svg", { class: "line", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" }, rect);
  return make("span", { class: "bar-figure" }, line, make("span", {}, seconds == null ? "–" : seconds.toFixed(digits)));
}
