// What can be filled in or chosen. A field is its node and `read`, which gives what the sandbox's
// `enter` and `choose` take: a text, an option's value, an id, a date; a list where several are.

import { el, fill } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { channelOf, nameOf, store } from "./store.js";
import { say } from "./words.js";

/** The field for an element, or nothing if this is none. `changed` is called after a choice. */
export function fieldOf(element, state, changed = () => {}, suggest = async () => []) {
  const make = FIELDS[element.type];
  return make ? make(element, state ?? {}, changed, suggest) : null;
}

const FIELDS = {
  plain_text_input: (element, state) => text(element, state, { multiline: element.multiline }),
  number_input: (element, state) =>
    text(element, state, { inputmode: element.is_decimal_allowed ? "decimal" : "numeric" }),
  email_text_input: (element, state) => text(element, state, { type: "email" }),
  url_text_input: (element, state) => text(element, state, { type: "url" }),
  rich_text_input: (element, state) => rich(element, state),
  static_select: (element, state, changed) =>
    select(element, optionsOf(element), state.selected_option?.value, changed),
  external_select: suggested,
  users_select: (element, state, changed) => select(element, people(), state.selected_user, changed),
  channels_select: (element, state, changed) => select(element, places(), state.selected_channel, changed),
  conversations_select: (element, state, changed) =>
    select(element, places(), state.selected_conversation, changed),
  multi_static_select: (element, state, changed) =>
    many(element, optionsOf(element), valuesOf(state.selected_options), changed),
  multi_users_select: (element, state, changed) => many(element, people(), state.selected_users, changed),
  multi_channels_select: (element, state, changed) =>
    many(element, places(), state.selected_channels, changed),
  multi_conversations_select: (element, state, changed) =>
    many(element, places(), state.selected_conversations, changed),
  checkboxes: (element, state, changed) =>
    many(element, optionsOf(element), valuesOf(state.selected_options), changed),
  radio_buttons: (element, state, changed) => radios(element, state.selected_option?.value, changed),
  datepicker: (element, state, changed) => dated(element, "date", state.selected_date, changed),
  timepicker: (element, state, changed) => dated(element, "time", state.selected_time, changed),
  datetimepicker: (element, state, changed) => moment(element, state.selected_date_time, changed),
};

let count = 0;

/** A name no other node of the page has. */
export function freshId() {
  count += 1;
  return `made-${count}`;
}

function text(element, state, { multiline, ...attributes }) {
  const node = el(multiline ? "textarea" : "input", {
    type: multiline ? null : "text",
    class: "box",
    rows: multiline ? 4 : null,
    placeholder: element.placeholder?.text,
    maxlength: element.max_length,
    ...attributes,
  });
  node.value = state.value ?? "";
  return { node, focus: node, read: () => node.value || null };
}

function rich(element, state) {
  const given = state.rich_text_value?.elements?.flatMap((each) => each.elements ?? []) ?? [];
  const field = text(element, { value: given.map((each) => each.text ?? "").join("") }, { multiline: true });
  const section = (words) => ({ type: "rich_text_section", elements: [{ type: "text", text: words }] });
  const read = () => (field.node.value ? { type: "rich_text", elements: [section(field.node.value)] } : null);
  return { ...field, read };
}

function select(element, options, chosen, changed) {
  const nothing = el("option", { value: "" }, element.placeholder?.text ?? say("choose"));
  const node = el(
    "select",
    { class: "box" },
    nothing,
    options.map((each) =>
      each.options ? el("optgroup", { label: each.words }, each.options.map(optionNode)) : optionNode(each),
    ),
  );
  node.value = chosen ?? "";
  node.addEventListener("change", () => node.value && changed(node.value));
  return { node, focus: node, read: () => node.value || null };
}

/** A menu whose options the app gives for what is typed. */
function suggested(element, state, changed, suggest) {
  const list = el("datalist", { id: freshId() });
  const box = el("input", {
    type: "text",
    class: "box",
    list: list.id,
    autocomplete: "off",
    placeholder: element.placeholder?.text,
  });
  let options = [state.selected_option].filter(Boolean);
  box.value = options[0]?.text.text ?? "";
  const read = () => options.find((each) => each.text.text === box.value) ?? null;
  const look = async () => {
    const query = box.value;
    if (read() || query.length < (element.min_query_length ?? 3)) return;
    const found = await suggest(query);
    if (box.value !== query) return;
    options = found;
    fill(
      list,
      options.map((each) => el("option", { value: each.text.text })),
    );
  };
  box.addEventListener("focus", look);
  box.addEventListener("input", look);
  box.addEventListener("change", () => read() && changed(read()));
  return { node: el("div", {}, box, list), focus: box, read };
}

function optionNode({ value, words }) {
  return el("option", { value }, words);
}

function many(element, options, chosen = [], changed) {
  const boxes = [];
  const read = () => boxes.filter((each) => each.checked).map((each) => each.value);
  const one = ({ value, words, about }) => {
    const box = el("input", { type: "checkbox", value, on: { change: () => changed(read()) } });
    box.checked = chosen.includes(value);
    boxes.push(box);
    return el(
      "label",
      { class: "choice" },
      box,
      el("span", {}, words, about ? el("small", {}, about) : null),
    );
  };
  const shown = options.flatMap((each) =>
    each.options ? [el("b", {}, each.words), ...each.options.map(one)] : [one(each)],
  );
  const node = el("div", { class: `choices${options.length > 8 ? " long" : ""}`, role: "group" }, shown);
  return { node, focus: boxes[0] ?? node, read };
}

function radios(element, chosen, changed) {
  const name = freshId();
  const boxes = optionsOf(element).map(({ value, words, about }) => {
    const box = el("input", { type: "radio", name, value, on: { change: () => changed(value) } });
    box.checked = value === chosen;
    return {
      box,
      row: el(
        "label",
        { class: "choice" },
        box,
        el("span", {}, words, about ? el("small", {}, about) : null),
      ),
    };
  });
  const node = el(
    "div",
    { class: "choices", role: "radiogroup" },
    boxes.map(({ row }) => row),
  );
  return { node, focus: boxes[0].box, read: () => boxes.find(({ box }) => box.checked)?.box.value ?? null };
}

function dated(element, type, chosen, changed) {
  const node = el("input", { type, class: "box" });
  node.value = chosen ?? "";
  node.addEventListener("change", () => node.value && changed(node.value));
  return { node, focus: node, read: () => node.value || null };
}

function moment(element, chosen, changed) {
  const node = el("input", { type: "datetime-local", class: "box" });
  if (chosen) {
    const date = new Date(chosen * 1000);
    node.value = new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  }
  const read = () => (node.value ? Math.floor(new Date(node.value).getTime() / 1000) : null);
  node.addEventListener("change", () => node.value && changed(read()));
  return { node, focus: node, read };
}

function optionsOf(element) {
  const one = (each) => ({
    value: each.value,
    words: plain(each.text.text).join(""),
    about: each.description?.text,
  });
  if (element.option_groups) {
    return element.option_groups.map((group) => ({
      words: group.label.text,
      options: group.options.map(one),
    }));
  }
  return (element.options ?? []).map(one);
}

function valuesOf(options) {
  return (options ?? []).map((each) => each.value);
}

function people() {
  return store.around.users
    .filter((each) => !each.deleted)
    .map((each) => ({ value: each.id, words: each.real_name }));
}

function places() {
  return store.around.channels.map((each) => ({
    value: each.id,
    words: (channelOf(each.id).kind === "im" ? "" : "#") + nameOf(each),
  }));
}
