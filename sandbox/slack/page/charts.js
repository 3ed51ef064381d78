// A `data_visualization` block as a plain picture: bars, lines, areas and pies, with a legend.

import { el, svg } from "./dom.js";
import { figure } from "./words.js";

const WIDTH = 560,
  HEIGHT = 260;
const LEFT = 64,
  RIGHT = 12,
  TOP = 12,
  BOTTOM = 44;
const MOST_LABELS = 8;
const STEPS = 4;

/** The whole block: its title, the picture, and what each colour is. */
export function chart(block) {
  const given = block.chart;
  const draw = { pie, bar: plot, line: plot, area: plot }[given.type];
  if (!draw) return el("span", { class: "unknown" }, `data_visualization: ${given.type}`);
  const told = toldIn(given);
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${block.title}. ${told.join("; ")}` },
    draw(given),
  );
  return el("figure", { class: "chart" }, el("figcaption", {}, block.title), picture, legend(given));
}

function toldIn(given) {
  if (given.type === "pie") return given.segments.map(({ label, value }) => `${label} ${figure(value)}`);
  return given.series.map(
    ({ name, data }) => `${name}: ${data.map(({ label, value }) => `${label} ${figure(value)}`).join(", ")}`,
  );
}

function legend(given) {
  const total = given.type === "pie" ? given.segments.reduce((sum, each) => sum + each.value, 0) : 0;
  const names =
    given.type === "pie"
      ? given.segments.map(
          ({ label, value }) =>
            `${label} · ${figure(value)} (${figure(Math.round((value / total) * 1000) / 10)}%)`,
        )
      : given.series.map(({ name }) => name);
  return el(
    "ul",
    { class: "legend" },
    names.map((name, number) => el("li", {}, el("i", { class: `tone-${number % 8}` }), name)),
  );
}

function pie({ segments }) {
  const total = segments.reduce((sum, each) => sum + each.value, 0);
  const radius = HEIGHT / 2 - 14;
  const point = (turn) => [
    WIDTH / 2 + radius * Math.sin(turn * 2 * Math.PI),
    HEIGHT / 2 - radius * Math.cos(turn * 2 * Math.PI),
  ];
  let turn = 0;
  return segments.map(({ label, value }, number) => {
    const share = value / total;
    const title = svg("title", {}, `${label}: ${figure(value)}`);
    const tone = `tone-${number % 8}`;
    if (share > 0.9999)
      return svg("circle", { class: tone, cx: WIDTH / 2, cy: HEIGHT / 2, r: radius }, title);
    const [from, to] = [point(turn), point(turn + share)];
    turn += share;
    const path = `M${WIDTH / 2},${HEIGHT / 2} L${from} A${radius},${radius} 0 ${share > 0.5 ? 1 : 0} 1 ${to} Z`;
    return svg("path", { class: tone, d: path }, title);
  });
}

function plot({ type, series, axis_config: axis }) {
  const labels = axis.categories;
  const values = series.flatMap(({ data }) => data.map(({ value }) => value));
  const ticks = ticksOf(Math.min(0, ...values), Math.max(0, ...values));
  const [low, high] = [ticks[0], ticks.at(-1)];
  const y = (value) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const band = (WIDTH - LEFT - RIGHT) / labels.length;
  const x = (number) => LEFT + band * (number + 0.5);
  const mark = type === "bar" ? bars : lines;
  return [
    ...ticks.map((tick) => [
      svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) }),
      svg("text", { class: "tick end", x: LEFT - 6, y: y(tick) + 4 }, short(tick)),
    ]),
    ...categories(labels, x),
    ...series.map((one, number) => mark({ one, number, count: series.length, labels, x, y, band, type })),
    axis.x_label
      ? svg("text", { class: "tick middle", x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6 }, axis.x_label)
      : null,
  ]
    .flat(2)
    .filter(Boolean);
}

function categories(labels, x) {
  const every = Math.ceil(labels.length / MOST_LABELS);
  return labels.map((label, number) =>
    number % every
      ? null
      : svg("text", { class: "tick middle", x: x(number), y: HEIGHT - BOTTOM + 16 }, cut(label)),
  );
}

function bars({ one, number, count, labels, x, y, band }) {
  const width = (band * 0.72) / count;
  return one.data.map(({ label, value }) => {
    const at = x(labels.indexOf(label)) - (width * count) / 2 + width * number;
    const [top, bottom] = [Math.min(y(value), y(0)), Math.max(y(value), y(0))];
    return svg(
      "rect",
      {
        class: `tone-${number % 8}`,
        x: at,
        y: top,
        width: Math.max(width - 1, 1),
        height: Math.max(bottom - top, 0.5),
        rx: 2,
      },
      svg("title", {}, `${one.name}, ${label}: ${figure(value)}`),
    );
  });
}

function lines({ one, number, labels, x, y, type }) {
  const points = one.data.map(({ label, value }) => ({
    label,
    value,
    at: [x(labels.indexOf(label)), y(value)],
  }));
  const path = points.map(({ at }) => at.join()).join(" L");
  const tone = `tone-${number % 8}`;
  const under =
    type === "area" && points.length
      ? svg("path", {
          class: `${tone} under`,
          d: `M${points[0].at[0]},${y(0)} L${path} L${points.at(-1).at[0]},${y(0)} Z`,
        })
      : null;
  return [
    under,
    svg("path", { class: `${tone} stroke`, d: `M${path}` }),
    ...points.map(({ label, value, at }) =>
      svg(
        "circle",
        { class: tone, cx: at[0], cy: at[1], r: 3 },
        svg("title", {}, `${one.name}, ${label}: ${figure(value)}`),
      ),
    ),
  ];
}

function ticksOf(low, high) {
  const rough = (high - low || 1) / STEPS;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * unit).find((each) => each >= rough);
  const ticks = [];
  for (let tick = Math.floor(low / step); tick <= Math.ceil(high / step); tick += 1) ticks.push(tick * step);
  return ticks.length > 1 ? ticks : [0, 1];
}

function short(value) {
  return new Intl.NumberFormat(document.documentElement.lang, {
    notation: "compact",
    maximumFractionDigits: 1,
  }).format(value);
}

function cut(label) {
  return label.length > 10 ? `${label.slice(0, 9)}…` : label;
}
