// A live page: the server sends what is new. When it goes away, the page stays as it was and says so.

const LIVE_EVERY_MS = 300;
const SVG_ELEMENTS = new Set(["svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "title", "desc", "defs", "marker", "clipPath", "use", "linearGradient", "stop", "pattern"]);

function startLive({ rows, details, receive, hold }) {
  const link = byId("link-state");
  let isOver = false;
  let waiting = 0;
  const say = (kind, words) => {
    link.className = `link-state ${kind}`;
    link.textContent = words;
    link.hidden = false;
  };
  const source = new EventSource(`${live.events}?${new URLSearchParams({ token: live.token })}`);
  const on = (name, act) => source.addEventListener(name, (event) => {
    let message = null;
    try {
      message = JSON.parse(event.data);
    } catch {
      return; // a message cut short: the next one tells
    }
    act(message);
  });
  const changed = () => {
    if (!waiting) waiting = setTimeout(() => { waiting = 0; receive.rows(); }, LIVE_EVERY_MS);
  };
  source.addEventListener("open", () => say("good", "Live"));
  source.addEventListener("error", () => {
    if (isOver) return;
    if (source.readyState === EventSource.CLOSED) say("bad", "The server has gone away; this is what it had told.");
    else say("open", "The server does not answer; trying again …");
  });
  on("rows", (message) => {
    rows.merge(message);
    Object.assign(details, message.details ?? {});
    changed();
  });
  on("run", receive.run);
  on("state", (message) => receive.state(message.state, graphOf(message.graph_svg)));
  on("timeline", receive.timeline);
  on("end", (message) => {
    isOver = !message.follows;
    if (isOver) source.close();
    clearTimeout(waiting);
    waiting = 0;
    receive.rows();
    say("", isOver ? "The run has ended" : "The run has ended; the next one will be shown");
  });
  on("reset", () => {
    isOver = true;
    source.close();
    say("", "Another run has begun");
    hold(() => location.replace(location.href.split("#")[0])); // its page
  });
}

/** Return a graph drawn by the server as an element with nothing but shapes and text in it, null where it is none. */
function graphOf(text) {
  if (!text) return null;
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (root.localName !== "svg" || root.namespaceURI !== SVG) return null;
  for (const element of [root, ...root.querySelectorAll("*")]) {
    if (!SVG_ELEMENTS.has(element.localName) || element.namespaceURI !== SVG) {
      element.remove();
      continue;
    }
    for (const { name, value } of [...element.attributes]) {
      const isOutward = /(^|:)(href|src)$/.test(name) && !value.startsWith("#");
      if (name.startsWith("on") || name === "style" || isOutward) element.removeAttribute(name);
    }
  }
  return document.importNode(root, true);
}
