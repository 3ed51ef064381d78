// The app's Home tab, as it was published for the person.

import { act } from "./api.js";
import { blocksOf } from "./blocks.js";
import { el, fill } from "./dom.js";
import { store } from "./store.js";
import { say } from "./words.js";

/** Draw it, if it has changed. */
export function drawHome(node) {
  const view = store.around.home;
  const mark = JSON.stringify([store.me, view?.hash, document.documentElement.lang]);
  if (node.mark === mark) return;
  node.mark = mark;
  const surface = {
    fields: [],
    errors: {},
    stateOf: (block, action) => view.state.values[block]?.[action],
    press: (control, name) => act("press_in_view", { user: store.me, button: name, home: true }),
    choose: (control, value) =>
      act("choose_in_view", { user: store.me, control: control.action_id, value, home: true }),
  };
  fill(node, view ? blocksOf(view.blocks, surface) : el("p", { class: "nothing" }, say("noHome")));
}
