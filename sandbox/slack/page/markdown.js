// The Markdown of `markdown` blocks and of streams, as far as Slack shows it, as nodes.

import { el, link } from "./dom.js";
import { emoji } from "./emoji.js";
import { angle } from "./mrkdwn.js";
import { rowsTable } from "./tables.js";

const PARTS = [
  ["code", /`([^`\n]+)`/],
  ["link", /\[([^\][\n]+)\]\(([^()\s]+)\)/],
  ["angle", /<([@#!][^<>\s][^<>]*|https?:[^<>]+)>/],
  ["strong", /(?:\*\*|__)(?=\S)([\s\S]+?)(?<=\S)(?:\*\*|__)/],
  ["s", /~~(?=\S)([^~\n]+?)(?<=\S)~~/],
  ["em", /(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=\S)\*(?!\w)|(?<!\w)_(?=\S)([^_\n]+?)(?<=\S)_(?!\w)/],
  ["emoji", /:([a-z0-9_+'-]+):/],
];
const KINDS = [
  ["fence", /^```/],
  ["heading", /^(#{1,6})\s+(.*?)\s*#*$/],
  ["rule", /^ {0,3}(?:-{3,}|\*{3,}|_{3,})\s*$/],
  ["table", /^\s*\|.*\|\s*$/],
  ["quote", /^>\s?/],
  ["bullets", /^\s*[-*+]\s+/],
  ["numbers", /^\s*\d+[.)]\s+/],
];

/** Markdown as nodes, block by block. */
export function markdown(text) {
  const lines = text.split("\n");
  const nodes = [];
  while (lines.length) {
    if (!lines[0].trim()) lines.shift();
    else nodes.push(READ[kindOf(lines[0])](lines));
  }
  return nodes;
}

function kindOf(line) {
  return KINDS.find(([, pattern]) => pattern.test(line))?.[0] ?? "paragraph";
}

const READ = {
  fence(lines) {
    lines.shift();
    const end = lines.findIndex((line) => line.startsWith("```"));
    const code = lines.splice(0, end < 0 ? lines.length : end);
    lines.shift();
    return el("pre", {}, code.join("\n"));
  },
  heading(lines) {
    const [, marks, words] = /^(#{1,6})\s+(.*?)\s*#*$/.exec(lines.shift());
    return el(`h${Math.min(marks.length + 2, 6)}`, {}, inline(words));
  },
  rule(lines) {
    lines.shift();
    return el("hr");
  },
  table(lines) {
    const rows = taken(lines, "table").map((line) =>
      line
        .trim()
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
    const aligns = (rows[1] ?? []).map((cell) =>
      /^-+:$/.test(cell) ? "right" : /^:-+:$/.test(cell) ? "center" : "left",
    );
    const body = rows.filter((row, number) => number !== 1 || !row.every((cell) => /^:?-+:?$/.test(cell)));
    return rowsTable(
      body.map((row) => row.map((cell) => inline(cell.replaceAll("\\|", "|")))),
      aligns,
    );
  },
  quote(lines) {
    return el(
      "blockquote",
      {},
      markdown(
        taken(lines, "quote")
          .map((line) => line.replace(/^>\s?/, ""))
          .join("\n"),
      ),
    );
  },
  bullets: (lines) => list("ul", lines, "bullets"),
  numbers: (lines) => list("ol", lines, "numbers"),
  paragraph(lines) {
    return el("p", {}, inline(taken(lines, "paragraph").join("\n")));
  },
};

function taken(lines, kind) {
  const found = [];
  while (lines.length && lines[0].trim() && kindOf(lines[0]) === kind) found.push(lines.shift());
  return found;
}

function list(tag, lines, kind) {
  return el(
    tag,
    {},
    taken(lines, kind).map((line) => {
      const words = line.replace(/^\s*(?:[-*+]|\d+[.)])\s+/, "");
      return el(
        "li",
        { class: `deep-${Math.min(Math.floor(/^\s*/.exec(line)[0].length / 2), 4)}` },
        inline(words),
      );
    }),
  );
}

function inline(text) {
  const first = PARTS.map(([kind, pattern]) => ({ kind, found: pattern.exec(text) }))
    .filter((each) => each.found)
    .sort((one, other) => one.found.index - other.found.index)[0];
  if (!first) return text ? [text] : [];
  const { kind, found } = first;
  const rest = inline(text.slice(found.index + found[0].length));
  return [text.slice(0, found.index), made(kind, found), ...rest];
}

function made(kind, found) {
  const inside = found[1] ?? found[2];
  if (kind === "code") return el("code", {}, inside);
  if (kind === "link") return link(found[2], inline(inside));
  if (kind === "angle") return angle(inside);
  if (kind === "emoji") return emoji(inside);
  return el(kind, {}, inline(inside));
}
