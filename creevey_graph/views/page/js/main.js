// The parts, put together.

const data = JSON.parse(byId("data").textContent);
const live = data.live ?? null;
document.body.append(make("div", { id: "announcer", class: "unseen", role: "status", "aria-live": "polite" }));

const rows = new Rows(data);
const filter = new Filter(rows);
const orders = new Orders(rows);
const columns = new Columns(rows);
const enlarge = createZoom();
const table = new Table(rows, columns, { open: (row) => item.open(row), resorted });
const showCounts = createActions(rows, table, columns);
const filters = createFilters(rows, filter, () => refresh());
byId("shown").after(filters.beside);
const graph = createGraph(rows, chooseStep);
const timeline = createTimeline(data.outcomes);
const item = createItem(rows, data.details, table, enlarge, data.parameters ?? []);

let built = JSON.stringify(columns.visible);

function refresh(keepsPlace = false) {
  const { view, counts } = filter.apply(orders.of(table.sort.id, table.sort.isDown));
  table.show(view, keepsPlace);
  filters.show(counts);
  graph.select(filter.step);
  showCounts(data.run.rows_left_out);
}

function resorted({ onlyMarks = false } = {}) {
  if (onlyMarks) showCounts(data.run.rows_left_out);
  else refresh();
}

function chooseStep(name) {
  filter.step = name;
  refresh();
}

showSteps(data.state, rows, chooseStep);
timeline.show(data.timeline);
showSheets(data, rows, (row) => item.open(row));
showHistograms(data.histograms, filter, () => refresh());
createTheme();
createKeys(filters.search);
createPrint(table);
refresh();
item.follow();
rows.prepare();

if (live) {
  document.querySelector(".static").remove(); // it tells of the time the page was made
  startLive({
    rows,
    details: data.details,
    hold: item.hold,
    receive: {
      rows() {
        columns.find();
        const visible = JSON.stringify(columns.visible); // the rows are there already: what was built before them differs
        if (visible !== built) table.rebuild();
        built = visible;
        filters.refill();
        refresh(true);
      },
      run(run) {
        data.run = run;
        showRun(run, data.outcomes);
        showCounts(run.rows_left_out);
      },
      state(state, drawn) {
        showSteps(state, rows, chooseStep);
        if (drawn) byId("graph").replaceChildren(drawn);
        graph.dressNodes();
      },
      timeline: (given) => timeline.show(given),
    },
  });
}
