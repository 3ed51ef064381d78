// Tables: of a `table` block, of a `data_table` with pages and an order, and of Markdown.

import { el, fill } from "./dom.js";
import { richText } from "./rich_text.js";
import { figure, say } from "./words.js";

const PAGE_ROWS = 10;

/** Rows of cells that are nodes already, the first row being the header. */
export function rowsTable(rows, aligns = []) {
  const side = (number) => `to-${aligns[number] ?? "left"}`;
  const cells = (tag, row) =>
    row.map((cell, number) => el(tag, { class: side(number), scope: tag === "th" ? "col" : null }, cell));
  const [header, ...body] = rows;
  return el(
    "div",
    { class: "sheet", tabindex: 0, role: "region" },
    el(
      "table",
      {},
      el("thead", {}, el("tr", {}, cells("th", header ?? []))),
      el(
        "tbody",
        {},
        body.map((row) => el("tr", {}, cells("td", row))),
      ),
    ),
  );
}

/** A `table` block. */
export function table(block) {
  const aligns = (block.column_settings ?? []).map((each) => each?.align ?? "left");
  return rowsTable(
    block.rows.map((row) => row.map(shown)),
    aligns,
  );
}

/** A `data_table` block: a caption, columns to sort by, pages. */
export function dataTable(block) {
  const [header, ...body] = block.rows;
  const size = block.page_size ?? PAGE_ROWS;
  const aligns = header.map((_, column) =>
    body.length && body.every((row) => row[column]?.type === "raw_number") ? "right" : "left",
  );
  const state = { page: 0, column: null, down: false };
  const whole = el("div", { class: "data-table" });
  const draw = () => {
    const sorted = state.column === null ? body : [...body].sort(order(state.column, state.down));
    const pages = Math.max(1, Math.ceil(body.length / size));
    const part = sorted.slice(state.page * size, (state.page + 1) * size);
    fill(
      whole,
      el("div", { class: "caption" }, block.caption),
      rowsTable([header.map(sorter), ...part.map((row) => row.map(shown))], aligns),
      pages > 1 ? pager(pages) : null,
    );
  };
  const sorter = (cell, column) => {
    const sign = state.column !== column ? "" : state.down ? " ↓" : " ↑";
    const by = () => {
      Object.assign(state, { down: state.column === column && !state.down, column, page: 0 });
      draw();
    };
    return el("button", { type: "button", class: "sort", on: { click: by } }, shown(cell), sign);
  };
  const pager = (pages) => {
    const go = (by) => () => {
      state.page += by;
      draw();
    };
    return el(
      "div",
      { class: "pager" },
      el("button", { type: "button", disabled: state.page === 0, on: { click: go(-1) } }, say("before")),
      el("span", {}, say("page", state.page + 1, pages)),
      el("button", { type: "button", disabled: state.page + 1 >= pages, on: { click: go(1) } }, say("next")),
    );
  };
  draw();
  return whole;
}

function shown(cell) {
  if (cell.type === "raw_text") return cell.text;
  if (cell.type === "raw_number") return cell.text ?? figure(cell.value);
  if (cell.type === "rich_text") return richText(cell);
  return el("span", { class: "unknown" }, cell.type);
}

function order(column, down) {
  const value = (row) => (row[column]?.type === "raw_number" ? row[column].value : (row[column]?.text ?? ""));
  const sign = down ? -1 : 1;
  return (one, other) => {
    const [left, right] = [value(one), value(other)];
    if (typeof left === "number" && typeof right === "number") return sign * (left - right);
    return sign * String(left).localeCompare(String(right));
  };
}
