// Theme, keys and paper.

const THEMES = ["system", "light", "dark"];
const THEME_NAME = "creevey_graph theme";

function createTheme() {
  const button = byId("theme");
  let theme = "system";
  try {
    theme = THEMES.find((each) => each === localStorage.getItem(THEME_NAME)) ?? theme;
  } catch {
    // a page from a file may have no storage: the theme lasts as long as the page
  }
  const show = () => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    show();
    try {
      localStorage.setItem(THEME_NAME, theme);
    } catch {
      // as above
    }
  });
  show();
}

const KEYS = [
  ["/", "search the items"],
  ["?", "show these keys"],
  ["↑ ↓ or k j", "move in the table"],
  ["Page Up, Page Down, Home, End", "move further"],
  ["Enter", "open the item"],
  ["Space, Shift + ↑ ↓", "mark rows to be copied or saved"],
  ["← → or k j", "in an open item: the one before, the next"],
  ["Esc", "close; in the table: take marks away"],
];

function createKeys(search) {
  const close = make("button", { type: "button", click: () => dialog.close() }, "Close");
  const dialog = make(
    "dialog",
    { class: "keys", "aria-labelledby": "keys-title" },
    make("header", {}, make("h2", { id: "keys-title" }, "Keys"), close),
    make("dl", { class: "pairs" }, KEYS.map(([key, does]) => make("div", {}, make("dt", {}, make("kbd", {}, key)), make("dd", {}, does)))),
  );
  document.body.append(dialog);
  const open = () => dialog.showModal();
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  byId("keys-open").addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    if (isTyping(event.target) || event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.key === "/") search.focus();
    else if (event.key === "?") open();
    else return;
    event.preventDefault();
  });
}

/** Lay the first rows open on paper. */
function createPrint(table) {
  const print = (isPrinting) => table.print(isPrinting);
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  matchMedia("print").addEventListener("change", (event) => print(event.matches));
}
