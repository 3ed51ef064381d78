// A message or view alone on an empty page, for `make shots` (sandbox/shots.py).

import { blocksOf } from "./blocks.js";
import { el, fill } from "./dom.js";
import { messageNode } from "./messages.js";
import { formOf, surfaceOf } from "./modal.js";
import { mrkdwn } from "./mrkdwn.js";
import { store } from "./store.js";

/** Draw it in place of everything else: a message as the sandbox keeps it, a view, or sentences. */
export function draw({ message, view, sentences }) {
  const drawn = message ? said(message) : view ? shown(view) : listed(sentences);
  document.body.classList.add("pictures");
  fill(
    document.body,
    el(
      "div",
      { class: `picture ${view?.type === "modal" ? "modal" : ""} ${sentences ? "sentences" : ""}` },
      drawn,
    ),
  );
}

function said(message) {
  return messageNode(
    { user: store.around.bot, reactions: [], files: [], ephemeral_to: null, ...message },
    true,
    () => {},
  );
}

function shown(view) {
  const surface = surfaceOf(view);
  surface.show(view);
  return view.type === "modal"
    ? formOf(view, surface)
    : el("div", { class: "home" }, blocksOf(view.blocks, surface));
}

/** What is said to one person alone: many sentences on one sheet, each with its name. */
function listed(sentences) {
  return el(
    "dl",
    {},
    sentences.map(([name, text]) => [el("dt", {}, name), el("dd", {}, mrkdwn(text))]),
  );
}
