// Rich text: sections, lists, code and quotes, with styled words, people, links and dates in them.

import { el, link } from "./dom.js";
import { emoji } from "./emoji.js";
import { channelMention, groupMention, mention } from "./mrkdwn.js";
import { slackDate } from "./words.js";

/** What a `rich_text` block or cell holds. */
export function richText(block) {
  return block.elements.map(part);
}

function part(given) {
  const inside = () => given.elements.map(word);
  if (given.type === "rich_text_section") return el("p", {}, inside());
  if (given.type === "rich_text_preformatted") return el("pre", {}, inside());
  if (given.type === "rich_text_quote") return el("blockquote", {}, inside());
  if (given.type === "rich_text_list") {
    const items = given.elements.map((each) =>
      el("li", { class: `deep-${Math.min(given.indent ?? 0, 4)}` }, each.elements.map(word)),
    );
    return el(given.style === "ordered" ? "ol" : "ul", {}, items);
  }
  return el("span", { class: "unknown" }, given.type);
}

const WORDS = {
  text: (given) => given.text,
  emoji: (given) => emoji(given.name),
  user: (given) => mention(given.user_id),
  usergroup: (given) => groupMention(given.usergroup_id),
  channel: (given) => channelMention(given.channel_id),
  broadcast: (given) => el("span", { class: "mention" }, `@${given.range}`),
  link: (given) => link(given.url, given.text || given.url),
  color: (given) => given.value,
  date: (given) => el("time", {}, slackDate(given.timestamp, given.format)),
};

function word(given) {
  const shown = (WORDS[given.type] ?? (() => el("span", { class: "unknown" }, given.type)))(given);
  const marks = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };
  return Object.entries(given.style ?? {}).reduce(
    (inner, [name, set]) => (set && marks[name] ? el(marks[name], {}, inner) : inner),
    shown,
  );
}
