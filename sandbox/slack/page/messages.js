// One message as the person sees it, and what they can do with it.

import { act, tried } from "./api.js";
import { blocksOf, fileAddress } from "./blocks.js";
import { reworded } from "./confirm.js";
import { el, menu } from "./dom.js";
import { emoji, REACTIONS } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";
import { repliesOf, statusOf, store, userOf } from "./store.js";
import { clock, figure, moment, say } from "./words.js";

const PICTURE = /^image\/(png|jpeg|gif|webp)$/;

/** All that a message's looks depend on: while it is the same, its node is kept. */
export function versionOf(message, inThread) {
  const replies = inThread ? [] : repliesOf(message.channel, message.ts);
  const status = inThread ? "" : statusOf(message.channel, message.ts);
  return JSON.stringify([
    message,
    store.me,
    replies.length,
    replies.at(-1)?.ts,
    replies.map((each) => each.user),
    status,
  ]);
}

/** The node of a message; *openThread* is called where its replies are wanted. */
export function messageNode(message, inThread, openThread) {
  const author = userOf(message.user);
  if (message.subtype === "channel_join") return el("p", { class: "event" }, say("joined", author.real_name));
  const head = el(
    "header",
    {},
    el("strong", {}, author.real_name),
    author.is_bot ? el("span", { class: "tag" }, say("app")) : null,
    el(
      "time",
      {
        datetime: new Date(message.ts * 1000).toISOString(),
        title: moment(message.ts, { dateStyle: "full", timeStyle: "medium" }),
      },
      clock(message.ts),
    ),
  );
  return el(
    "article",
    {
      class: `message${message.ephemeral_to ? " only" : ""}`,
      tabindex: 0,
      "data-ts": message.ts,
      "aria-label": `${author.real_name}, ${clock(message.ts)}`,
    },
    avatar(author),
    el(
      "div",
      { class: "content" },
      message.ephemeral_to ? el("div", { class: "only-you" }, "👁 ", say("only")) : null,
      head,
      bodyOf(message),
      message.files.map((file) => fileNode(file)),
      reactionsOf(message),
      inThread ? null : repliesBar(message, openThread),
    ),
    toolsOf(message, inThread, openThread),
  );
}

/** A square with somebody's sign. */
export function avatar(author, size = "") {
  const tone = [...author.id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 6;
  return el(
    "span",
    { class: `avatar ${size} ${author.is_bot ? "app" : `person-${tone}`}`, "aria-hidden": "true" },
    author.is_bot ? "🦆" : [...author.real_name][0],
  );
}

function bodyOf(message) {
  const surface = {
    fields: [],
    errors: {},
    stateOf: () => undefined,
    press: (control, name) =>
      act("press", { user: store.me, channel: message.channel, message_ts: message.ts, button: name }),
    choose: (control, value) =>
      act("choose", {
        user: store.me,
        channel: message.channel,
        message_ts: message.ts,
        control: control.action_id,
        value,
      }),
  };
  const said = message.blocks.length
    ? blocksOf(message.blocks, surface)
    : el("div", { class: "text" }, mrkdwn(message.text));
  const edited =
    message.edited_ts && !userOf(message.user).is_bot
      ? el("small", { class: "edited" }, say("edited"))
      : null;
  return el("div", { class: `body${message.is_streaming ? " streaming" : ""}` }, said, edited);
}

function fileNode(file) {
  const address = fileAddress(file.id);
  if (PICTURE.test(file.mimetype)) {
    return el(
      "figure",
      { class: "file picture" },
      el("figcaption", {}, file.title),
      el(
        "a",
        { href: address, download: file.name, title: say("download") },
        el("img", { src: address, alt: file.alt_txt ?? file.title, loading: "lazy" }),
      ),
    );
  }
  return el(
    "a",
    { class: "file", href: address, download: file.name },
    el("span", { class: "kind", "aria-hidden": "true" }, file.filetype.slice(0, 4).toUpperCase()),
    el(
      "span",
      {},
      el("b", {}, file.title),
      el("small", {}, `${say("file", figure(file.size))} · ${say("download")}`),
    ),
  );
}

function reactionsOf(message) {
  const names = [...new Set(message.reactions.map((each) => each.name))];
  if (!names.length) return null;
  return el(
    "div",
    { class: "reactions" },
    names.map((name) => {
      const who = message.reactions.filter((each) => each.name === name).map((each) => each.user);
      const mine = who.includes(store.me);
      const toggle = (event) =>
        tried(() => act(mine ? "unreact" : "react", reaction(message, name)), event.currentTarget);
      const people = who.map((id) => userOf(id).real_name).join(", ");
      return el(
        "button",
        {
          type: "button",
          class: mine ? "mine" : "",
          "aria-pressed": String(mine),
          title: `${people} :${name}:`,
          "aria-label": `:${name}: ${people}`,
          on: { click: toggle },
        },
        emoji(name),
        el("span", {}, String(who.length)),
      );
    }),
  );
}

function reaction(message, name) {
  return { user: store.me, channel: message.channel, ts: message.ts, name };
}

function repliesBar(message, openThread) {
  const replies = repliesOf(message.channel, message.ts);
  const status = statusOf(message.channel, message.ts);
  if (!replies.length && !status) return null;
  const people = [...new Set(replies.map((each) => each.user))].slice(0, 4);
  return el(
    "button",
    { type: "button", class: "replies", on: { click: () => openThread(message.ts) } },
    people.map((id) => avatar(userOf(id), "small")),
    replies.length ? el("b", {}, say("replies", replies.length)) : null,
    status
      ? el("span", { class: "thinking" }, status)
      : el("small", {}, say("last", clock(replies.at(-1).ts))),
  );
}

function toolsOf(message, inThread, openThread) {
  if (message.ephemeral_to) return null;
  const tool = (sign, words, act_, more = {}) =>
    el("button", { type: "button", title: words, "aria-label": words, ...more, on: { click: act_ } }, sign);
  const react = (event) =>
    menu(
      event.currentTarget,
      REACTIONS.map((name) => ({
        words: `${emoji(name)}  ${name}`,
        act: () => tried(() => act("react", reaction(message, name))),
      })),
      say("react"),
    );
  const more = (event) => menu(event.currentTarget, choicesOf(message), say("more"));
  return el(
    "div",
    { class: "tools", role: "toolbar" },
    tool("☺", say("react"), react, { "aria-haspopup": "menu" }),
    inThread ? null : tool("💬", say("reply"), () => openThread(message.ts)),
    choicesOf(message).length ? tool("⋯", say("more"), more, { "aria-haspopup": "menu" }) : null,
  );
}

function choicesOf(message) {
  const place = { user: store.me, channel: message.channel };
  const shortcuts = (store.around.features.shortcuts ?? [])
    .filter((each) => each.type === "message")
    .map((each) => ({
      words: `🦆 ${each.name}`,
      act: () =>
        tried(() => act("shortcut_on", { ...place, message_ts: message.ts, callback_id: each.callback_id })),
    }));
  if (message.user !== store.me) return shortcuts;
  const edit = async () => {
    const text = await reworded(spoken(message.text));
    if (text !== null && text.trim()) await tried(() => act("edit", { ...place, ts: message.ts, text }));
  };
  return [
    ...shortcuts,
    { words: say("edit"), act: edit },
    {
      words: say("delete"),
      danger: true,
      act: () => tried(() => act("delete", { ...place, ts: message.ts })),
    },
  ];
}

/** The bot's mention as people write it. */
function spoken(text) {
  return text.replaceAll(`<@${store.around.bot}>`, `@${userOf(store.around.bot).real_name}`);
}
