// Distributions of fields; a bar is a button that filters the table by what it counts.

function showHistograms(histograms, filter, changed) {
  const place = byId("histograms");
  const list = make("div", { class: "histograms" });
  for (const given of histograms ?? []) list.append(given.kind === "number" ? numbers(given) : categories(given));
  place.append(list);
  place.hidden = list.children.length === 0;

  function narrow(field, label, keeps) {
    const isSame = filter.ranges.some((range) => range.label === label);
    filter.ranges = filter.ranges.filter((range) => range.field !== field);
    if (!isSame) filter.ranges.push({ field, label, keeps });
    changed();
    byId("items").scrollIntoView({ block: "start" });
  }

  function numbers({ field, edges, counts, missing, least, most, mean, median }) {
    const high = Math.max(...counts, 1);
    const bars = counts.map((each, at) => {
      const [from, to] = [edges[at], edges[at + 1]];
      const isLast = at === counts.length - 1;
      const label = `${field}: ${figure(from)} to ${figure(to)}`;
      const keeps = (value) => typeof value === "number" && value >= from && (isLast ? value <= to : value < to);
      return column(label, each, each / high, () => narrow(field, label, keeps));
    });
    const shape = make("div", { class: "bars", role: "group", "aria-label": `Distribution of ${field}` }, bars);
    rove(shape, "button");
    const scale = make("p", { class: "scale" }, make("span", {}, figure(edges[0])), make("span", {}, figure(edges.at(-1))));
    const told = [["least", least], ["median", median], ["mean", mean], ["most", most]].map(([name, value]) => `${name} ${figure(value)}`);
    return frame(field, told.join(" · "), missing, [shape, scale]);
  }

  function column(label, each, part, act) {
    const fill = make("span", { class: "fill" });
    fill.style.height = `${each ? Math.max(100 * part, 2) : 0}%`;
    return make("button", { type: "button", title: `${label}: ${counted(each, "item")}`, "aria-label": `${label}: ${counted(each, "item")}`, click: act }, fill);
  }

  function categories({ field, values, others, missing }) {
    const high = Math.max(...values.map(([, each]) => each), others ?? 0, 1);
    const known = new Set(values.map(([text]) => text.toLowerCase()));
    const line = (text, each, keeps) => {
      const label = `${field}: ${text}`;
      const fill = make("span", { class: "fill" });
      fill.style.width = `${(100 * each) / high}%`;
      return make("button", { type: "button", "aria-label": `${label}: ${counted(each, "item")}`, click: () => narrow(field, label, keeps) },
        make("bdi", {}, text === "" ? "(empty)" : text), make("span", { class: "track" }, fill), make("span", { class: "number" }, count(each)));
    };
    // A truth value is "True" to Python and "true" here.
    const asText = (value) => shown(value).toLowerCase();
    const lines = values.map(([text, each]) => line(text, each, (value) => value != null && asText(value) === text.toLowerCase()));
    if (others) lines.push(line("others", others, (value) => value != null && !known.has(asText(value))));
    const shape = make("div", { class: "lines", role: "group", "aria-label": `Values of ${field}` }, lines);
    rove(shape, "button");
    return frame(field, counted(values.length, "value") + (others ? " and others" : ""), missing, [shape]);
  }

  function frame(field, told, missing, shapes) {
    const label = `${field}: missing`;
    const none = missing ? make("button", { type: "button", class: "link", click: () => narrow(field, label, (value) => value == null) }, `${count(missing)} missing`) : null;
    return make("figure", { class: "histogram" }, make("figcaption", {}, make("h3", {}, make("bdi", {}, field)), make("span", { class: "quiet" }, told), none), shapes);
  }
}
