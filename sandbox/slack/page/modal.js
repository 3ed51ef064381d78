// The modal before the person: a stack at the sandbox, of which the topmost is shown.

import { act, tried } from "./api.js";
import { blocksOf } from "./blocks.js";
import { el, fill } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { store } from "./store.js";
import { say } from "./words.js";

let open = null; // { mark, surface, dialog }

/** Show what the sandbox says stands before the person. */
export function drawModal() {
  const view = store.around.modal;
  if (!view) return close();
  const mark = JSON.stringify([store.me, view.id, view.hash, store.around.errors, store.around.depth]);
  if (open?.mark === mark) return undefined;
  const surface = open?.surface.id === view.id ? open.surface : surfaceOf(view);
  surface.show(view);
  const focused = document.activeElement;
  const content = formOf(view, surface);
  if (open) fill(open.dialog, content);
  else show(content);
  Object.assign(open, { mark, surface });
  const wrong = surface.fields.find((field) => surface.errors[field.name]);
  const kept = surface.fields.find((field) => field.focus === focused);
  (wrong ?? kept ?? surface.fields[0])?.focus.focus();
  return undefined;
}

function show(content) {
  const dialog = el(
    "dialog",
    { class: "modal", on: { cancel: (event) => (event.preventDefault(), leave()) } },
    content,
  );
  document.getElementById("dialogs").append(dialog);
  open = { dialog };
  dialog.showModal();
}

function close() {
  open?.dialog.remove();
  open = null;
}

/** What a modal does and keeps: one per view, also when it is updated: what was typed under a known block id is kept. */
export function surfaceOf(view) {
  const surface = {
    id: view.id,
    kept: new Map(),
    show(now) {
      surface.kept = new Map(surface.fields.map((field) => [field.name, field]));
      Object.assign(surface, { entered: now.state.values, errors: store.around.errors, fields: [] });
    },
    fields: [],
    errors: {},
    stateOf: (block, action) => surface.entered[block]?.[action],
    values: () => Object.fromEntries(surface.fields.map((field) => [field.name, field.read()])),
    press: async (control, name) => {
      await enter(surface);
      await act("press_in_view", { user: store.me, button: name });
    },
    choose: async (control, value) => {
      await enter(surface);
      await act("choose_in_view", { user: store.me, control: control.action_id, value });
    },
  };
  return surface;
}

/** What was typed goes to the sandbox before anything else happens in the view. */
async function enter(surface) {
  if (surface.fields.length) await act("enter", { user: store.me, values: surface.values() });
}

/** All of a modal, from its title to its buttons. */
export function formOf(view, surface) {
  const head = headOf(view);
  const submit = view.submit
    ? el("button", { class: "button primary", type: "submit" }, plain(view.submit.text))
    : null;
  const send = (event) => {
    event.preventDefault();
    if (isComplete(surface)) tried(() => act("submit", { user: store.me, values: surface.values() }), submit);
  };
  const form = el(
    "form",
    { novalidate: true, "aria-label": view.title.text, on: { submit: send } },
    head,
    el("div", { class: "modal-body", tabindex: -1 }, blocksOf(view.blocks, surface)),
    el(
      "footer",
      {},
      el(
        "button",
        { class: "button", type: "button", on: { click: leave } },
        view.close ? plain(view.close.text) : say(view.submit ? "cancel" : "close"),
      ),
      submit,
    ),
  );
  return form;
}

function headOf(view) {
  const back =
    store.around.depth > 1
      ? el("button", { type: "button", class: "icon", "aria-label": say("back"), on: { click: leave } }, "‹")
      : null;
  return el(
    "header",
    {},
    back,
    el("span", { class: "avatar app small", "aria-hidden": "true" }, "🦆"),
    el("h2", {}, plain(view.title.text)),
    el("button", { type: "button", class: "icon", "aria-label": say("close"), on: { click: leaveAll } }, "✕"),
  );
}

function leave() {
  return tried(() => act("close_view", { user: store.me }));
}

function leaveAll() {
  return tried(() => act("close_view", { user: store.me, everything: store.around.depth > 1 }));
}

/** Slack's client keeps an incomplete form back, and says so at the field. */
function isComplete(surface) {
  let first = null;
  for (const field of surface.fields) {
    const wrong = complaintOf(field);
    field.complain(wrong);
    if (wrong) first ??= field;
  }
  first?.focus.focus();
  return first === null;
}

function complaintOf({ block, element, read }) {
  const value = read();
  if (value === null || value.length === 0) return block.optional ? "" : say("required");
  const [least, most] = [element.min_length ?? 0, element.max_length ?? 3000];
  if (element.type === "plain_text_input" && (value.length < least || value.length > most))
    return say("length", least, most);
  return "";
}
