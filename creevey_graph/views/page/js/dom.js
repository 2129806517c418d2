// Elements, made from text: nothing in these scripts reads markup, but for the graph of a live page (live.js).

const SVG = "http://www.w3.org/2000/svg";

/** Return an element; functions among the attributes are listeners, false and null leave one out. */
function make(tag, attributes = {}, ...children) {
  return dress(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
function draw(tag, attributes = {}, ...children) {
  return dress(document.createElementNS(SVG, tag), attributes, children);
}

function dress(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

const byId = (id) => document.getElementById(id);

const count = (number) => number.toLocaleString("en");
const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/** Return seconds in words, as the page's static part does. */
function duration(seconds) {
  if (seconds < 1) return `${seconds.toFixed(3)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds + 0.5);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${count(hours)} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

/** Return a size in words, in the units of the graph's drawing. */
function bytes(size) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit += 1) size /= 1024;
  return `${unit ? size.toFixed(1) : size} ${units[unit]}`;
}

/** Return a number as short as it stays telling: an edge of a histogram, a mean. */
function figure(number) {
  if (number == null) return "–";
  if (Number.isInteger(number)) return count(number);
  const size = Math.abs(number);
  if (size !== 0 && (size < 0.001 || size >= 1e9)) return number.toExponential(2);
  return number.toLocaleString("en", { maximumSignificantDigits: size >= 100_000 ? 7 : size >= 1000 ? 5 : 4 });
}

/** Run `act` when no call came for so long. */
function settled(wait_ms, act) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), wait_ms);
  };
}

/** Run `act` once before the next frame, however often it is asked for. */
function framed(act) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      act();
    });
  };
}

/** Make many controls one stop of the Tab key: the arrows move among them. */
function rove(container, selector) {
  const all = () => [...container.querySelectorAll(selector)];
  const settle = (chosen) => {
    for (const each of all()) each.tabIndex = each === chosen ? 0 : -1;
  };
  container.addEventListener("focusin", (event) => {
    const chosen = event.target.closest(selector);
    if (chosen) settle(chosen);
  });
  container.addEventListener("keydown", (event) => {
    const list = all();
    const at = list.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[event.key];
    if (at < 0 || to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    list[Math.max(0, Math.min(list.length - 1, to))].focus();
  });
  settle(all().find((each) => each.tabIndex === 0) ?? all()[0]);
}

/** Tell screen readers, once a pause comes. */
const announce = settled(250, (text) => {
  byId("announcer").textContent = text;
});

/** Return whether keys typed there are meant as text. */
function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=checkbox]), select, textarea") !== null;
}
