// The head of the page: how the run ended, its counts and its figures. views/page/static.py writes the same for a page
// without JavaScript; a test holds them together.

const BAR = 1000;
const LEAST = 4;

function showRun(run, outcomes) {
  const [kind, words] = ending(run);
  byId("ended").replaceChildren(make("span", { class: kind }, words));
  byId("tally").replaceChildren(...tally(run.counts, outcomes, run.finished ? 0 : run.total));
  byId("facts").replaceChildren(
    ...facts(run).map(([name, text]) => make("div", {}, make("dt", {}, name), make("dd", {}, text))),
  );
  const told = (run.notices ?? []).map((text) => make("li", {}, text));
  byId("notices").replaceChildren(...(told.length ? [make("ul", { class: "notices", "aria-label": "Notices" }, told)] : []));
}

function ending(run) {
  const seen = Object.values(run.counts).reduce((sum, each) => sum + each, 0);
  const of = `${count(seen)} of ${count(run.total)} items ended`;
  if (run.interrupted) return ["bad", `Interrupted: ${of}`];
  if (run.stopped) return ["bad", `Stopped: ${run.stopped}`];
  if (run.planned) return ["open", "What a run would do"];
  if (!run.finished) return ["open", `Not finished: ${of}`];
  const took = `Finished in ${duration(run.seconds)}`;
  return run.counts.failed ? ["bad", `${took}, ${count(run.counts.failed)} failed`] : ["good", took];
}

/** Return the parts of a bar: [outcome, where it begins, its length]; the smallest can still be seen. `total` is what a full bar stands for, at least what there is. */
function spans(counts, outcomes, whole = 0) {
  const parts = outcomes.filter((outcome) => counts[outcome]).map((outcome) => [outcome, counts[outcome]]);
  const ended = parts.reduce((sum, [, each]) => sum + each, 0);
  const total = Math.max(ended, whole);
  const widths = parts.map(([, each]) => Math.max(LEAST, (BAR * each) / total));
  const scale = Math.min(1, (BAR * ended) / total / widths.reduce((sum, each) => sum + each, 0));
  let x = 0;
  return parts.map(([outcome], at) => {
    const begins = x;
    x += widths[at] * scale;
    return [outcome, begins, widths[at] * scale];
  });
}

const toldCounts = (counts, outcomes) =>
  outcomes.filter((outcome) => counts[outcome]).map((outcome) => `${count(counts[outcome])} ${outcome}`).join(", ");

function bar(counts, outcomes, nothing, whole = 0) {
  const rects = spans(counts, outcomes, whole).map(([outcome, x, width]) =>
    draw("rect", { class: outcome, x: x.toFixed(2), width: width.toFixed(2), height: 10 }),
  );
  const words = toldCounts(counts, outcomes) || nothing;
  return draw("svg", { class: "bar", viewBox: `0 0 ${BAR} 10`, preserveAspectRatio: "none", role: "img", "aria-label": words }, rects);
}

function tally(counts, outcomes, whole) {
  const figures = outcomes
    .filter((outcome) => counts[outcome])
    .map((outcome) => make("li", { class: outcome }, make("b", {}, count(counts[outcome])), ` ${outcome}`));
  return [bar(counts, outcomes, "no item ended", whole), make("ul", { class: "legend" }, figures)];
}

function facts(run) {
  const found = [
    ["Items", count(run.total)],
    ...(run.planned ? [] : [["Time", duration(run.seconds)]]),
  ];
  const tenths = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  if (run.items_per_second != null) found.push(["Items/s", run.items_per_second.toLocaleString("en", tenths)]);
  if (run.cache_hit_rate != null) found.push(["Cache hits", `${(100 * run.cache_hit_rate).toFixed(1)} %`]);
  if (run.executor) found.push(["Executor", run.jobs ? `${run.executor} × ${run.jobs}` : run.executor]);
  for (const [name, key] of [["Left out", "left_out"], ["Damaged", "damaged"], ["Orphans", "orphan_count"]]) {
    if (run[key]) found.push([name, count(run[key])]);
  }
  for (const [name, key] of [["Output", "out"], ["Run", "run_id"], ["Journal", "report"]]) {
    if (run[key]) found.push([name, run[key]]);
  }
  return found;
}
