// The box to write in: mentions by @, commands by /, files by a button or by dropping them.

import { act, notice, tried, upload } from "./api.js";
import { el, fill, menu } from "./dom.js";
import { channelOf, nameOf, store } from "./store.js";
import { say } from "./words.js";

const DRAFTS = new Map();

/** A composer for a channel or one of its threads; `said` is called with the ts of what was posted. */
export function composer(channel, thread, said = () => {}) {
  const draftKey = `${store.me} ${channel} ${thread}`;
  const files = [];
  const label = thread ? say("reply") : say("write", whereOf(channel));
  const box = el("textarea", {
    rows: 1,
    placeholder: label,
    "aria-label": label,
    "aria-autocomplete": "list",
    enterkeyhint: "send",
  });
  box.value = DRAFTS.get(draftKey) ?? "";
  const offers = el("div", { class: "offers", role: "listbox", hidden: true });
  const chips = el("div", { class: "chips" });
  const picker = el("input", { type: "file", multiple: true, hidden: true });
  const send = el(
    "button",
    { type: "submit", class: "send", "aria-label": say("send"), title: say("send") },
    "➤",
  );
  const attach = el(
    "button",
    {
      type: "button",
      class: "icon",
      "aria-label": say("attach"),
      title: say("attach"),
      on: { click: () => picker.click() },
    },
    "＋",
  );
  const form = el(
    "form",
    { class: "composer" },
    offers,
    chips,
    el("div", { class: "line" }, attach, thread ? null : shortcutsButton(), box, send, picker),
  );

  const size = () => {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 200)}px`;
  };
  const take = (more) => {
    files.push(...more);
    fill(
      chips,
      files.map((file) =>
        el(
          "span",
          { class: "chip" },
          `📎 ${file.name}`,
          el(
            "button",
            {
              type: "button",
              "aria-label": `${say("remove")} ${file.name}`,
              on: { click: () => (files.splice(files.indexOf(file), 1), take([])) },
            },
            "✕",
          ),
        ),
      ),
    );
  };
  const submit = async () => {
    const text = box.value.trim();
    if (!text && !files.length) return;
    const done = await tried(async () => said(await sent({ channel, thread, text, files })), send);
    if (!done) return;
    box.value = "";
    files.length = 0;
    take([]);
    DRAFTS.delete(draftKey);
    size();
  };
  const list = offering(box, offers, channel, thread);
  form.addEventListener("submit", (event) => (event.preventDefault(), submit()));
  picker.addEventListener("change", () => (take(picker.files), (picker.value = "")));
  box.addEventListener("input", () => (DRAFTS.set(draftKey, box.value), size(), list.update()));
  box.addEventListener("blur", () => list.hide());
  box.addEventListener(
    "paste",
    (event) => event.clipboardData.files.length && take(event.clipboardData.files),
  );
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || list.key(event)) return; // a Korean syllable that is not finished is not sent
    if (event.key === "Enter" && !event.shiftKey) (event.preventDefault(), submit());
  });
  queueMicrotask(size);
  return {
    node: form,
    take,
    focus: () => box.focus(),
    write: (text) => ((box.value = text), size(), box.focus()),
  };
}

/** Let files be dropped anywhere on a pane. */
export function droppable(pane, take) {
  pane.addEventListener(
    "dragover",
    (event) => (event.preventDefault(), pane.setAttribute("data-drop", say("drop"))),
  );
  pane.addEventListener(
    "dragleave",
    (event) => pane.contains(event.relatedTarget) || pane.removeAttribute("data-drop"),
  );
  pane.addEventListener("drop", (event) => {
    event.preventDefault();
    pane.removeAttribute("data-drop");
    take([...event.dataTransfer.files]);
  });
}

async function sent({ channel, thread, text, files }) {
  const command = /^(\/\S+)\s*([\s\S]*)$/.exec(text);
  if (command && !files.length) return called(channel, thread, command);
  const said = mentioning(text);
  const place = { user: store.me, channel, thread_ts: thread };
  if (!files.length) return act("post", { ...place, text: said });
  let ts = null;
  for (const [number, file] of files.entries()) {
    ts = await upload(file, { ...place, text: number ? "" : said });
  }
  return ts;
}

async function called(channel, thread, [, command, text]) {
  const known = (store.around.features.slash_commands ?? []).some((each) => each.command === command);
  if (thread) notice(say("noThread"));
  else if (!known) notice(say("noCommand", command));
  else await act("command", { user: store.me, channel, command, text });
  return null;
}

/** What was typed as Slack's client sends it: signs escaped, `@name` and `#channel` as mentions. */
function mentioning(text) {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return targets().reduce((words, { typed, sent: mention }) => words.replaceAll(typed, mention), escaped);
}

function targets() {
  const { users, groups, channels } = store.around;
  const known = [
    ...users
      .filter((each) => !each.deleted)
      .map((each) => ({ typed: `@${each.real_name}`, sent: `<@${each.id}>`, about: each.name })),
    ...groups
      .filter((each) => !each.disabled)
      .map((each) => ({ typed: `@${each.handle}`, sent: `<!subteam^${each.id}>`, about: each.name })),
    ...channels
      .filter((each) => each.kind === "channel")
      .map((each) => ({ typed: `#${each.name}`, sent: `<#${each.id}|${each.name}>`, about: "" })),
  ];
  return known.sort((one, other) => other.typed.length - one.typed.length);
}

function whereOf(channel) {
  const given = channelOf(channel);
  return (given.kind === "channel" || given.kind === "group" ? "#" : "") + nameOf(given);
}

function shortcutsButton() {
  const shortcuts = (store.around.features.shortcuts ?? []).filter((each) => each.type === "global");
  if (!shortcuts.length) return null;
  const open = (event) =>
    menu(
      event.currentTarget,
      shortcuts.map((each) => ({
        words: `🦆 ${each.name}`,
        act: () => tried(() => act("shortcut", { user: store.me, callback_id: each.callback_id })),
      })),
      say("shortcuts"),
    );
  return el(
    "button",
    {
      type: "button",
      class: "icon",
      "aria-label": say("shortcuts"),
      title: say("shortcuts"),
      "aria-haspopup": "menu",
      on: { click: open },
    },
    "⚡",
  );
}

/** The list above the box while an @, # or / is being typed. */
function offering(box, list, channel, thread) {
  let offers = [];
  let at = 0;
  const wordBefore = () => /(?:^|\s)([@#]\S*)$|^(\/\S*)$/.exec(box.value.slice(0, box.selectionStart));
  const find = () => {
    const found = wordBefore();
    const typed = (found?.[1] ?? found?.[2] ?? "").toLowerCase();
    if (!typed) return [];
    if (typed.startsWith("/")) {
      if (thread) return [];
      return (store.around.features.slash_commands ?? [])
        .map((each) => ({
          typed: each.command,
          about: [each.usage_hint, each.description].filter(Boolean).join(" — "),
        }))
        .filter((each) => each.typed.startsWith(typed));
    }
    return targets()
      .filter(
        (each) =>
          each.typed.toLowerCase().startsWith(typed) || `@${each.about}`.toLowerCase().startsWith(typed),
      )
      .sort(
        (one, other) =>
          Number(other.sent === `<@${store.around.bot}>`) - Number(one.sent === `<@${store.around.bot}>`),
      )
      .slice(0, 8);
  };
  const draw = () => {
    list.hidden = !offers.length;
    fill(
      list,
      offers.map((each, number) =>
        el(
          "div",
          {
            role: "option",
            "aria-selected": String(number === at),
            on: { pointerdown: (event) => (event.preventDefault(), take(number)) },
          },
          el("b", {}, each.typed),
          each.about ? el("small", {}, each.about) : null,
        ),
      ),
    );
  };
  const take = (number) => {
    const end = box.selectionStart;
    const begin = end - (wordBefore()?.[1] ?? wordBefore()?.[2] ?? "").length;
    box.setRangeText(`${offers[number].typed} `, begin, end, "end");
    hide();
    box.dispatchEvent(new Event("input"));
  };
  const hide = () => {
    offers = [];
    draw();
  };
  const key = (event) => {
    if (!offers.length) return false;
    if (event.key === "ArrowDown") at = (at + 1) % offers.length;
    else if (event.key === "ArrowUp") at = (at - 1 + offers.length) % offers.length;
    else if (event.key === "Escape") offers = [];
    else if (event.key === "Tab" || (event.key === "Enter" && !isWhole())) take(at);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    draw();
    return true;
  };
  const isWhole = () => offers.some((each) => box.value.slice(0, box.selectionStart).endsWith(each.typed));
  return { update: () => ((offers = find()), (at = 0), draw()), hide, key };
}
