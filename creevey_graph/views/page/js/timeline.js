// How many items ended a second, over the time of the run, one bar a bin.

const TIMELINE = { height: 132, left: 44, right: 8, top: 8, bottom: 22 };

function createTimeline(outcomes) {
  const place = byId("timeline");
  let given = { width_s: 1, bins: [] };
  let width = 0;

  function render() {
    width = place.clientWidth || 600;
    place.replaceChildren(given.bins.length ? chart(given, outcomes, width) : make("p", { class: "note" }, "No item has ended yet."));
  }

  new ResizeObserver(() => {
    if (Math.abs(place.clientWidth - width) > 1) render();
  }).observe(place);

  return {
    show(timeline) {
      given = timeline ?? given;
      render();
    },
  };
}

function chart({ width_s: binWidth_s, bins }, outcomes, width) {
  const { height, left, right, top, bottom } = TIMELINE;
  const totals = bins.map((bin) => outcomes.reduce((sum, outcome) => sum + (bin[outcome] ?? 0), 0));
  const rates = totals.map((total) => total / binWidth_s);
  const most = Math.max(...rates, 1e-9);
  const ticks = steady(most, 3);
  const high = ticks.at(-1);
  const end_s = bins.length * binWidth_s;
  const x = (at_s) => left + ((width - left - right) * at_s) / end_s;
  const y = (rate) => top + (height - top - bottom) * (1 - rate / high);
  const parts = ticks.map((rate) => [
    draw("line", { class: "rule", x1: left, x2: width - right, y1: y(rate), y2: y(rate) }),
    draw("text", { x: left - 6, y: y(rate) + 4, "text-anchor": "end" }, figure(rate)),
  ]);
  const times = steady(end_s, Math.max(2, Math.floor(width / 120))).filter((at_s) => at_s <= end_s);
  times.forEach((at_s) => {
    const anchor = at_s === 0 ? "start" : x(at_s) > width - 40 ? "end" : "middle";
    parts.push(draw("text", { x: x(at_s), y: height - 5, "text-anchor": anchor }, `${figure(at_s)} s`));
  });
  const gap = (width - left - right) / bins.length > 4 ? 1 : 0;
  bins.forEach((bin, at) => {
    const from = x(at * binWidth_s);
    const wide = Math.max(x((at + 1) * binWidth_s) - from - gap, 0.5);
    let below = 0;
    const bars = outcomes.filter((outcome) => bin[outcome]).map((outcome) => {
      const rate = bin[outcome] / binWidth_s;
      const rect = draw("rect", { class: outcome, x: from.toFixed(2), width: wide.toFixed(2), y: y(below + rate).toFixed(2), height: (y(below) - y(below + rate)).toFixed(2) });
      below += rate;
      return rect;
    });
    const told = `${figure(round(at * binWidth_s))} s: ${toldCounts(bin, outcomes) || "no item"}`;
    parts.push(draw("g", {}, draw("title", {}, told), draw("rect", { class: "hit", x: from.toFixed(2), width: wide.toFixed(2), y: top, height: height - top - bottom }), bars));
  });
  const all = totals.reduce((sum, each) => sum + each, 0);
  const peak = rates.indexOf(Math.max(...rates));
  const words = `Items ended a second: ${counted(all, "item")} in ${duration(end_s)}, at most ${figure(round(rates[peak]))} a second, at ${figure(round(peak * binWidth_s))} s.`;
  return make(
    "figure",
    {},
    draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": words }, parts.flat()),
    make("figcaption", {}, `Items per second, in bins of ${figure(round(binWidth_s))} s`),
  );
}

const round = (number) => Number(number.toPrecision(4));

/** Return round numbers from 0 to `most` or just above, about so many steps. */
function steady(most, steps) {
  const rough = most / steps;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.999);
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, at) => round(at * step));
}
