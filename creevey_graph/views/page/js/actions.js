// What is done with the rows in sight: counted, copied, saved.

function createActions(rows, table, columns) {
  const told = make("p", { class: "shown", id: "shown" });
  const done = make("span", { class: "done-note", role: "status" });
  const copy = make("button", { type: "button", click: () => copyText(keys().join("\n"), (words) => say(`${counted(chosen().length, "key")} ${words}`)) }, "Copy keys");
  const save = make("button", { type: "button", click: () => saveText(csv(rows, chosen(), columns.all), "items.csv", "text/csv") }, "Save CSV");
  const menu = columns.menu(() => table.rebuild() ?? table.draw());
  const chosen = () => (table.marked.size ? table.view.filter((row) => table.marked.has(row)) : table.view);
  const keys = () => Array.from(chosen(), (row) => rows.columns.key[row]);
  const fade = settled(4000, () => { done.textContent = ""; });

  function say(words) {
    done.textContent = words;
    fade();
  }

  byId("filters").after(make("div", { class: "actions" }, told, done, make("span", { class: "push" }), copy, save, menu));

  return function show(leftOut) {
    const of = `${count(table.view.length)} of ${counted(rows.total, "row")}`;
    const marks = table.marked.size ? ` · ${count(table.marked.size)} marked` : "";
    const left = leftOut ? ` (${count(leftOut)} more are not in this page)` : "";
    if (told.textContent !== of + marks + left) {
      told.textContent = of + marks + left;
      announce(of + marks);
    }
  };
}

/** Return rows as CSV, every column; a text that a spreadsheet would take for a formula is quoted for it. */
function csv(rows, chosen, columns) {
  const cell = (text) => {
    const inert = /^[=+\-@\t\r]/.test(text) && !/^-?[\d.]+(e[+-]?\d+)?$/i.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
  };
  const lines = Array.from(chosen, (row) => columns.map((column) => cell(rows.text(row, column.id))).join(","));
  return [columns.map((column) => cell(column.id.startsWith(FIELD) ? column.title : column.id)).join(","), ...lines, ""].join("\r\n");
}

function saveText(text, name, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = make("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Put text on the clipboard; tell how that went. */
async function copyText(text, say) {
  try {
    await navigator.clipboard.writeText(text);
    say("copied");
  } catch {
    const area = make("textarea", { class: "unseen", "aria-hidden": "true" });
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    say(document.execCommand("copy") ? "copied" : "could not be copied: the browser forbids it");
    area.remove();
  }
}
