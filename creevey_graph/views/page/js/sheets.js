// Contact sheets: one picture an item, of what failed and of a sample.

function showSheets(data, rows, open) {
  const sheets = [["failed", "Failures"], ["sample", "Sample"]];
  const place = byId("sheets");
  for (const [name, title] of sheets) {
    const numbers = (data.sheets?.[name] ?? []).filter((row) => rows.has(row));
    if (!numbers.length) continue;
    const sheet = make("ul", { class: "sheet", "aria-labelledby": `sheet-${name}` }, numbers.map((row) => make("li", {}, tile(row))));
    place.append(make("h3", { id: `sheet-${name}` }, title, " ", make("span", { class: "quiet" }, count(numbers.length))), sheet);
    rove(sheet, "button");
    place.hidden = false;
  }

  function tile(row) {
    const pictures = (Object.hasOwn(data.details, row) ? data.details[row].pictures : null) ?? [];
    const last = pictures.findLast((each) => each.src && isOwn(each.src));
    const outcome = rows.outcome(row);
    const key = rows.columns.key[row];
    const told = outcome === "failed" ? rows.text(row, "error") : "";
    return make(
      "button",
      { type: "button", class: `tile ${outcome}`, title: told || key, "aria-label": `${key}, ${outcome}${told ? `: ${told}` : ""}`, click: () => open(row) },
      make("span", { class: "tile-picture" }, last ? picture(last, "") : make("span", { class: "quiet" }, "no picture")),
      make("bdi", {}, nameOf(key)),
      outcome === "failed" && rows.text(row, "step") !== "" ? make("bdi", { class: "quiet" }, `at ${rows.text(row, "step")}`) : null,
    );
  }
}

/** Return the last part of a path or address: what tells one picture from its neighbours. */
const nameOf = (key) => key.split("/").findLast((part) => part !== "") ?? key;
