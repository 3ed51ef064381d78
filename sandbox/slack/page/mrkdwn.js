// Slack's own marks (https://docs.slack.dev/messaging/formatting-message-text) as nodes.

import { el, isAddress, link } from "./dom.js";
import { emoji } from "./emoji.js";
import { store, userOf } from "./store.js";
import { slackDate } from "./words.js";

const PARTS = [
  ["code", /`([^`\n]+)`/u],
  ["angle", /<([^<>\s][^<>]*)>/u],
  ["emoji", /:([a-z0-9_+'-]+):(?::skin-tone-\d:)?/u],
  ["strong", /(?<![\p{L}\p{N}*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\p{L}\p{N}*])/u],
  ["em", /(?<![\p{L}\p{N}_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\p{L}\p{N}_])/u],
  ["s", /(?<![\p{L}\p{N}~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\p{L}\p{N}~])/u],
];
const QUOTED = /^(?:>|&gt;) ?/;
const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

/** The text of `mrkdwn` as nodes: fences, quotes and lines. */
export function mrkdwn(text) {
  return text.split(/```([\s\S]*?)```/).flatMap((part, number) => {
    if (number % 2 === 1) return el("pre", {}, ...anglesOf(part.replace(/^\n|\n$/g, "")));
    return quotesOf(number > 0 ? part.replace(/^\n/, "") : part);
  });
}

/** The text of `plain_text`, in which only emoji are more than signs. */
export function plain(text) {
  return text.split(/:([a-z0-9_+'-]+):/).map((part, number) => (number % 2 === 1 ? emoji(part) : part));
}

/** Any text object. */
export function textOf(given) {
  return given.type === "mrkdwn" ? mrkdwn(given.text) : plain(given.text);
}

/** What stands between angle brackets: a mention, a date, a link. */
export function angle(inside) {
  const [target, label] = split(inside);
  if (target.startsWith("@")) return mention(target.slice(1), label);
  if (target.startsWith("#")) return channelMention(target.slice(1), label);
  if (target.startsWith("!date^")) return dateOf(target, label);
  if (target.startsWith("!subteam^")) return groupMention(target.slice("!subteam^".length), label);
  if (target.startsWith("!")) return el("span", { class: "mention" }, label || `@${target.slice(1)}`);
  if (!isAddress(target)) return unescaped(`<${inside}>`);
  return link(unescaped(target), unescaped(label || target));
}

/** Somebody, highlighted where it is who looks. */
export function mention(id, label = "") {
  const mine = id === store.me ? " mine" : "";
  return el("span", { class: `mention${mine}` }, `@${label || userOf(id).real_name}`);
}

/** A channel by its id. */
export function channelMention(id, label = "") {
  const known = store.around.channels.find((each) => each.id === id);
  return el("span", { class: "mention" }, `#${label || known?.name || id}`);
}

/** A user group by its id. */
export function groupMention(id, label = "") {
  const known = store.around.groups.find((each) => each.id === id);
  return el("span", { class: "mention" }, label || `@${known?.handle ?? id}`);
}

function quotesOf(text) {
  const nodes = [];
  let quoted = [];
  const close = () => {
    if (quoted.length) nodes.push(el("blockquote", {}, inline(quoted.join("\n"))));
    quoted = [];
  };
  const lines = text.split("\n");
  let loose = [];
  const flush = () => {
    if (loose.length) nodes.push(...inline(loose.join("\n")));
    loose = [];
  };
  for (const line of lines) {
    if (QUOTED.test(line)) {
      flush();
      quoted.push(line.replace(QUOTED, ""));
    } else {
      close();
      loose.push(line);
    }
  }
  close();
  flush();
  return nodes;
}

function inline(text) {
  const first = PARTS.map(([kind, pattern]) => ({ kind, found: pattern.exec(text) }))
    .filter((each) => each.found)
    .sort((one, other) => one.found.index - other.found.index)[0];
  if (!first) return text ? [unescaped(text)] : [];
  const { kind, found } = first;
  const before = text.slice(0, found.index);
  return [
    ...(before ? [unescaped(before)] : []),
    made(kind, found[1]),
    ...inline(text.slice(found.index + found[0].length)),
  ];
}

function made(kind, inside) {
  if (kind === "code") return el("code", {}, ...anglesOf(inside));
  if (kind === "angle") return angle(inside);
  if (kind === "emoji") return emoji(inside);
  return el(kind, {}, inline(inside));
}

/** Inside code only mentions and links are read. */
function anglesOf(text) {
  return text
    .split(/<([^<>\s][^<>]*)>/)
    .map((part, number) => (number % 2 === 1 ? angle(part) : unescaped(part)));
}

function dateOf(target, fallback) {
  const [, epoch, format] = target.split("^");
  if (!/^\d+$/.test(epoch)) return unescaped(fallback);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const shown = slackDate(Number(epoch), unescaped(format ?? ""));
  return el(
    "time",
    { datetime: new Date(Number(epoch) * 1000).toISOString(), title: `${unescaped(fallback)} (${zone})` },
    shown,
  );
}

function split(inside) {
  const at = inside.indexOf("|");
  return at < 0 ? [inside, ""] : [inside.slice(0, at), inside.slice(at + 1)];
}

function unescaped(text) {
  return text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);
}
