// In a live page: the item's picture after every step, made anew when a parameter of the graph is changed.

const PREVIEW_WAIT_MS = 250;

/** Return the controls for one item's previews, as {element, ask(row), stop()}. */
function createPreview(parameters, showAnswer) {
  const told = make("p", { class: "preview-state", role: "status" });
  const inputs = parameters.map(({ name, text }) => {
    const input = make("input", { type: "text", value: text, spellcheck: "false", autocomplete: "off", "data-parameter": name, input: () => later() });
    return { name, text, input };
  });
  const reset = make("button", { type: "button", hidden: true, click: () => {
    for (const each of inputs) each.input.value = each.text;
    send();
  } }, "Reset");
  const element = make(
    "section",
    { class: "preview", "aria-label": "Preview" },
    inputs.length ? make("h3", {}, "Try other parameters") : null,
    make("div", { class: "parameters" }, inputs.map(({ name, input }) => make("label", {}, make("bdi", {}, name), input)), inputs.length ? reset : null),
    told,
  );
  let row = -1;
  let asked = 0;
  let running = null;

  async function send() {
    const number = (asked += 1);
    running?.abort();
    running = new AbortController();
    const query = new URLSearchParams({ token: live.token, row });
    for (const each of inputs) {
      const isChanged = each.input.value !== each.text;
      each.input.classList.toggle("changed", isChanged);
      if (isChanged) query.append("set", `${each.name}=${each.input.value}`);
    }
    reset.hidden = !query.has("set");
    told.textContent = "Making the preview …";
    element.setAttribute("aria-busy", "true");
    let answer = null;
    let trouble = "";
    try {
      const response = await fetch(`${live.preview}?${query}`, { signal: running.signal, cache: "no-store", credentials: "same-origin" });
      const text = await response.text();
      if (response.ok) answer = JSON.parse(text);
      else trouble = `The server said ${response.status}: ${messageOf(text)}`;
    } catch (error) {
      trouble = error instanceof SyntaxError ? "The server's answer could not be read." : "The server has gone away; there is no preview.";
    }
    if (number !== asked) return; // a later question stands
    element.removeAttribute("aria-busy");
    told.textContent = trouble || (answer.error ? `${answer.step ? `${answer.step}: ` : ""}${answer.error}` : "");
    told.classList.toggle("bad", told.textContent !== "");
    if (!answer) return;
    for (const given of answer.parameters ?? []) take(given);
    showAnswer(answer);
  }

  /** Take a parameter's own value, which is another one where the graph's code was edited. */
  function take({ name, text, changed }) {
    const known = inputs.find((each) => each.name === name);
    if (!known || changed || known.input.value !== known.text || document.activeElement === known.input) return;
    known.text = text;
    known.input.value = text;
  }

  const later = settled(PREVIEW_WAIT_MS, () => send());
  return {
    element,
    ask(other) {
      row = other;
      send();
    },
    stop() {
      asked += 1;
      running?.abort();
    },
  };
}

/** Return what an error page says: its JSON's "error", or its first line. */
function messageOf(text) {
  try {
    return String(JSON.parse(text).error);
  } catch {
    return text.split("\n", 1)[0].slice(0, 300);
  }
}
