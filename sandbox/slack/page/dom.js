// Elements are made here and nowhere else. What data says becomes text, never markup: there is no
// way through this module to set innerHTML, an event attribute or an address that runs something.

const SVG = "http://www.w3.org/2000/svg";
const SAFE_ADDRESS = /^(https?:|mailto:)/i;

/** An element. `on` holds listeners, `class` the classes; all else is an attribute. */
export function el(tag, props = {}, ...children) {
  return filled(document.createElement(tag), props, children);
}

/** The same for a picture. */
export function svg(tag, props = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), props, children);
}

function filled(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, heard] of Object.entries(value)) node.addEventListener(event, heard);
    } else if (/^(on|style$|srcdoc$)/i.test(name)) {
      throw new Error(`${name} is not set from here`);
    } else {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  node.append(...nodes(children));
  return node;
}

/** Children as they are given: text, nodes, lists of them, and nothing. */
function nodes(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Replace what a node holds. */
export function fill(node, ...children) {
  node.replaceChildren(...nodes(children));
  return node;
}

/** Whether something is an address that only leads somewhere; others would run something. */
export function isAddress(words) {
  return SAFE_ADDRESS.test(words);
}

/** A link out, or its words alone where the address is of a kind that runs something. */
export function link(address, ...children) {
  if (!isAddress(address)) return el("span", {}, ...children);
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Keep a node per item: what has not changed keeps its node, and so its focus and what was typed. */
export function keep(container, items, keyOf, versionOf, build) {
  const known = (container.kept ??= new Map());
  const wanted = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const version = versionOf(item);
    const old = known.get(key);
    wanted.set(key, old && old.version === version ? old : { version, node: build(item) });
  }
  container.kept = wanted;
  let place = container.firstChild;
  for (const { node } of wanted.values()) {
    if (node === place) place = place.nextSibling;
    else container.insertBefore(node, place);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/** A pop-up list of choices below a button; arrows, Enter and Escape work. */
export function menu(anchor, choices, label) {
  document.querySelector(".menu")?.remove();
  const close = () => {
    list.remove();
    document.removeEventListener("pointerdown", outside, true);
    if (anchor.isConnected) anchor.focus();
  };
  const outside = (event) => list.contains(event.target) || close();
  const list = el(
    "div",
    { class: "menu", role: "menu", "aria-label": label },
    choices.map(({ words, act, danger }) =>
      el(
        "button",
        {
          type: "button",
          role: "menuitem",
          class: danger ? "danger" : "",
          on: { click: () => (close(), act()) },
        },
        words,
      ),
    ),
  );
  list.addEventListener("keydown", (event) => {
    const buttons = [...list.children];
    const at = buttons.indexOf(document.activeElement);
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown") buttons[(at + 1) % buttons.length].focus();
    else if (event.key === "ArrowUp") buttons[(at - 1 + buttons.length) % buttons.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  (anchor.closest("dialog") ?? document.body).append(list);
  place(list, anchor);
  document.addEventListener("pointerdown", outside, true);
  list.firstElementChild?.focus();
}

/** Put a floating list beside its anchor, inside the window. */
export function place(list, anchor) {
  const at = anchor.getBoundingClientRect();
  const { width, height } = list.getBoundingClientRect();
  const below = at.bottom + 4 + height <= innerHeight;
  list.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  list.style.top = `${Math.max(8, below ? at.bottom + 4 : at.top - height - 4)}px`;
}
