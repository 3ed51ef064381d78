// Block Kit as nodes. A surface says what a press or a choice does, and keeps the fields:
// `press(control, name)`, `choose(control, value)`, `stateOf(block_id, action_id)`, `fields`, `errors`.

import { act, tried } from "./api.js";
import { chart } from "./charts.js";
import { confirmed } from "./confirm.js";
import { el, fill, isAddress, link, menu } from "./dom.js";
import { fieldOf, freshId } from "./fields.js";
import { markdown } from "./markdown.js";
import { plain, textOf } from "./mrkdwn.js";
import { richText } from "./rich_text.js";
import { store } from "./store.js";
import { dataTable, table } from "./tables.js";
import { say } from "./words.js";

/** All blocks of a message or view. */
export function blocksOf(blocks, surface) {
  return blocks.map((block) => {
    const make = BLOCKS[block.type] ?? unknown;
    return el("div", { class: `block ${block.type}` }, make(block, surface));
  });
}

const BLOCKS = {
  header: (block) => el(`h${(block.level ?? 2) + 1}`, { class: "heading" }, textOf(block.text)),
  divider: () => el("hr"),
  markdown: (block) => markdown(block.text),
  rich_text: (block) => richText(block),
  table: (block) => table(block),
  data_table: (block) => dataTable(block),
  data_visualization: (block) => chart(block),
  section,
  context: (block) =>
    block.elements.map((each) =>
      each.type === "image" ? picture(each, "small") : el("span", {}, textOf(each)),
    ),
  actions: (block, surface) => block.elements.map((each) => element(each, block, surface)),
  context_actions: (block, surface) => block.elements.map((each) => element(each, block, surface)),
  image: (block) =>
    el("figure", {}, block.title ? el("figcaption", {}, textOf(block.title)) : null, picture(block, "large")),
  input,
  alert: (block) =>
    el("div", { class: `alert-text ${block.level ?? "default"}`, role: "note" }, textOf(block.text)),
  task_card: task,
  plan: (block) => [el("b", {}, block.title), ...(block.tasks ?? []).map(task)],
};

function unknown(block) {
  return el("p", { class: "unknown" }, say("unknown", String(block.type)));
}

function section(block, surface) {
  return [
    el(
      "div",
      { class: "words" },
      block.text ? el("div", { class: "text" }, textOf(block.text)) : null,
      block.fields
        ? el(
            "div",
            { class: "fields" },
            block.fields.map((each) => el("div", {}, textOf(each))),
          )
        : null,
    ),
    block.accessory ? el("div", { class: "accessory" }, element(block.accessory, block, surface)) : null,
  ];
}

function task(given) {
  const signs = { pending: "○", in_progress: "◔", complete: "●", error: "✕" };
  const rest = [given.details, given.output]
    .filter(Boolean)
    .map((each) => el("div", { class: "rest" }, richText(each)));
  return el(
    "div",
    { class: `task ${given.status ?? "pending"}` },
    el("i", {}, signs[given.status] ?? "○"),
    el("span", {}, given.title ?? ""),
    rest,
  );
}

/** A picture of a file of the workspace; what lies elsewhere is only named. */
export function picture(given, size) {
  const id = given.slack_file?.id ?? /\/files-pri\/[^/]*-(F\w+)\//.exec(given.slack_file?.url ?? "")?.[1];
  if (id) return el("img", { class: size, src: fileAddress(id), alt: given.alt_text, loading: "lazy" });
  const words = `🖼 ${given.alt_text}`;
  return el(
    "span",
    { class: "elsewhere", title: say("picture") },
    given.image_url ? link(given.image_url, words) : words,
  );
}

/** Where the page finds a file. */
export function fileAddress(id) {
  return `/sandbox/file?${new URLSearchParams({ id, user: store.me })}`;
}

function element(given, block, surface) {
  if (given.type === "button") return button(given, surface);
  if (given.type === "icon_button")
    return button(
      { ...given, text: { ...given.text, text: `🗑 ${given.text.text}` } },
      surface,
      given.text.text,
    );
  if (given.type === "feedback_buttons") return feedback(given, surface);
  if (given.type === "overflow") return overflow(given, surface);
  if (given.type === "image") return picture(given, "medium");
  const state = surface.stateOf(block.block_id, given.action_id);
  const choose = async (value) =>
    (await confirmed(given.confirm)) && tried(() => surface.choose(given, value), field.node);
  const field = fieldOf(given, state, choose);
  if (!field) return el("span", { class: "unknown" }, say("unknown", String(given.type)));
  field.focus.setAttribute("aria-label", given.placeholder?.text ?? given.action_id ?? "");
  return field.node;
}

function button(given, surface, name = given.text.text) {
  const press = async () => {
    if (given.url && isAddress(given.url)) window.open(given.url, "_blank", "noopener,noreferrer");
    if (await confirmed(given.confirm))
      await tried(() => surface.press(given, given.action_id ?? name), node);
  };
  const seen = !given.visible_to_user_ids || given.visible_to_user_ids.includes(store.me);
  const node = el(
    "button",
    {
      type: "button",
      class: `button ${given.style ?? ""}`,
      hidden: !seen,
      "aria-label": given.accessibility_label,
      on: { click: press },
    },
    plain(given.text.text),
    given.url ? " ↗" : null,
  );
  return node;
}

function feedback(given, surface) {
  const nodes = [
    ["positive_button", "👍"],
    ["negative_button", "👎"],
  ].map(([side, sign]) => {
    const words = given[side].text.text;
    const press = async () => {
      const done = await tried(() => surface.press(given, words), node);
      if (done) for (const each of nodes) each.setAttribute("aria-pressed", String(each === node));
    };
    const node = el(
      "button",
      {
        type: "button",
        class: "button feedback",
        title: words,
        "aria-label": given[side].accessibility_label ?? words,
        "aria-pressed": "false",
        on: { click: press },
      },
      sign,
      el("span", {}, words),
    );
    return node;
  });
  return nodes;
}

function overflow(given, surface) {
  const choose = (option) => async () => {
    if (await confirmed(given.confirm))
      await tried(() => surface.choose(given, option.value ?? option.text.text), node);
  };
  const open = () =>
    menu(
      node,
      given.options.map((each) => ({ words: plain(each.text.text).join(""), act: choose(each) })),
      say("more"),
    );
  const node = el(
    "button",
    {
      type: "button",
      class: "button",
      "aria-label": say("more"),
      "aria-haspopup": "menu",
      on: { click: open },
    },
    "⋯",
  );
  return node;
}

function input(block, surface) {
  const given = block.element;
  const dispatch = (value) => block.dispatch_action && tried(() => surface.choose(given, value));
  const suggest = (typed) => act("look_up", { user: store.me, menu: given.action_id, typed });
  const mark = JSON.stringify(given);
  const kept = surface.kept?.get(block.block_id);
  const field =
    kept?.mark === mark
      ? kept.field
      : fieldOf(given, surface.stateOf(block.block_id, given.action_id), dispatch, suggest);
  if (!field) return unknown(given);
  const [id, hint] = [freshId(), freshId()];
  const complaint = el("div", { class: "complaint", id: freshId() });
  field.focus.id = id;
  field.focus.setAttribute("aria-describedby", `${hint} ${complaint.id}`);
  if (field.node.hasAttribute("role")) field.node.setAttribute("aria-label", block.label.text);
  const complain = (words) => {
    fill(complaint, words ? `⚠ ${words}` : null);
    field.focus.toggleAttribute("aria-invalid", Boolean(words));
  };
  complain(surface.errors[block.block_id]);
  const { read, focus } = field;
  surface.fields.push({ block, element: given, name: block.block_id, mark, field, read, focus, complain });
  return [
    el(
      "label",
      { for: id },
      plain(block.label.text),
      block.optional ? el("small", {}, ` ${optional()}`) : null,
    ),
    field.node,
    block.hint ? el("div", { class: "hint", id: hint }, plain(block.hint.text)) : null,
    complaint,
  ];
}

function optional() {
  return document.documentElement.lang === "ko" ? "(선택)" : "(optional)";
}
