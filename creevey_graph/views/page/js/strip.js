// Pictures: the strip of one item, and one of them large.

/** Return whether a picture may be shown: one that stands in the page, or that the page's own server has. */
const isOwn = (src) => /^data:image\/(webp|png|jpeg|gif|avif);base64,/.test(src) || (live !== null && /^\/(?!\/)/.test(src));

function picture(given, about) {
  return make("img", { src: given.src, width: given.width, height: given.height, alt: about, decoding: "async" });
}

function showStrip(place, pictures, enlarge) {
  const withPicture = pictures.filter((each) => each.src && isOwn(each.src));
  place.replaceChildren(...pictures.map((each) => {
    const label = each.label || each.node || "source";
    const at = withPicture.indexOf(each);
    const shows = at >= 0
      ? make("button", { type: "button", class: "thumb", "aria-label": `Enlarge ${label}`, click: () => enlarge(withPicture, at) }, picture(each, ""))
      : make("div", { class: "thumb value" }, make("bdi", {}, each.text || "no picture"));
    return make("li", {}, make("figure", {}, shows, make("figcaption", {}, make("b", {}, make("bdi", {}, label)), make("span", {}, each.was || "\u00a0"))));
  }));
}

/** Return a function that shows one of several pictures large. */
function createZoom() {
  const image = make("div", { class: "zoom-picture" });
  const words = make("p", { role: "status" });
  const back = make("button", { type: "button", "aria-label": "Picture before", click: () => turn(-1) }, "←");
  const next = make("button", { type: "button", "aria-label": "Next picture", click: () => turn(1) }, "→");
  const close = make("button", { type: "button", click: () => dialog.close() }, "Close");
  const dialog = make("dialog", { class: "zoom", "aria-label": "Picture" }, image, make("div", { class: "zoom-bar" }, back, words, next, close));
  let pictures = [];
  let at = 0;

  function turn(by) {
    at = (at + by + pictures.length) % pictures.length;
    const given = pictures[at];
    const label = given.label || given.node || "source";
    const shown = picture(given, label);
    const scale = Math.max(1, Math.min((innerWidth * 0.92) / given.width, (innerHeight * 0.8) / given.height, 4));
    shown.style.width = `${Math.round(given.width * scale)}px`;
    shown.style.height = "auto";
    image.replaceChildren(shown);
    words.textContent = `${label}${given.was ? ` · ${given.was}` : ""}${pictures.length > 1 ? ` · ${at + 1} of ${pictures.length}` : ""}`;
    back.hidden = next.hidden = pictures.length < 2;
  }

  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, k: -1, j: 1 }[event.key];
    if (by) turn(by);
    if (by || event.key === "Escape") event.stopPropagation();
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog || event.target.closest(".zoom-picture")) dialog.close(); });
  document.body.append(dialog);
  return (given, start) => {
    pictures = given;
    at = start;
    turn(0);
    dialog.showModal();
    close.focus();
  };
}
