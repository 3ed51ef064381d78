// The channel in the middle and the thread beside it.

import { act, tried } from "./api.js";
import { composer, droppable } from "./composer.js";
import { el, fill, keep } from "./dom.js";
import { drawHome } from "./home.js";
import { messageNode, versionOf } from "./messages.js";
import {
  canStop,
  channelOf,
  messageAt,
  nameOf,
  repliesOf,
  rootsOf,
  statusOf,
  store,
  titleOf,
  userOf,
} from "./store.js";
import { moment, say } from "./words.js";

const NEAR_END = 80;

/** Draw the channel; *go* is called with changes of the place, as `{ thread: ts }`. */
export function drawChannel(pane, go) {
  const channel = channelOf(store.place.channel);
  const isHome = channel.kind === "im" && store.place.tab === "home";
  const parts = built(pane, `${store.me} ${channel.id} ${isHome} ${document.documentElement.lang}`, () =>
    channelParts(channel, isHome, go),
  );
  if (isHome) return drawHome(parts.list);
  const roots = rootsOf(channel.id);
  drawMessages(parts.list, withDays(roots), false, (thread) => go({ thread }));
  parts.nothing.hidden = roots.length > 0;
  drawPrompts(parts, channel, go);
  return undefined;
}

/** Draw the thread, or nothing where none is open. */
export function drawThread(pane, go) {
  const { channel, thread } = store.place;
  const root = thread && messageAt(channel, thread);
  pane.hidden = !root;
  if (!root) return;
  const parts = built(pane, `${store.me} ${channel} ${thread} ${document.documentElement.lang}`, () =>
    threadParts(channel, thread, go),
  );
  const replies = repliesOf(channel, thread);
  const title = titleOf(channel, thread);
  fill(
    parts.title,
    el("b", {}, title || say("thread")),
    el("small", {}, title ? say("thread") : placeOf(channelOf(channel))),
  );
  drawMessages(
    parts.list,
    [root, ...(replies.length ? [{ rule: say("replies", replies.length), ts: "rule" }] : []), ...replies],
    true,
    () => {},
  );
  drawStatus(parts, channel, thread);
}

function drawStatus(parts, channel, thread) {
  const status = statusOf(channel, thread);
  const stops = canStop(channel, thread);
  const mark = `${status} ${stops}`;
  if (parts.status.mark === mark) return;
  parts.status.mark = mark;
  const stop = (event) =>
    tried(() => act("stop_session", { user: store.me, channel, thread_ts: thread }), event.currentTarget);
  const words = status || (stops ? say("working") : "");
  fill(
    parts.status,
    words ? el("span", { class: "thinking" }, `${userOf(store.around.bot).real_name} `, words) : null,
    stops
      ? el("button", { type: "button", class: "button stop", on: { click: stop } }, "⏹ ", say("stop"))
      : null,
  );
  if (words) toEnd(parts.list);
}

/** Make the parts of a pane once for each thing it shows. */
function built(pane, mark, make) {
  if (pane.mark !== mark) {
    pane.mark = mark;
    pane.parts = make();
    fill(pane, pane.parts.nodes);
    queueMicrotask(() => {
      if (pane.parts.list.classList.contains("messages"))
        pane.parts.list.scrollTop = pane.parts.list.scrollHeight;
    });
  }
  return pane.parts;
}

function channelParts(channel, isHome, go) {
  const back = el(
    "button",
    {
      type: "button",
      class: "icon back",
      "aria-label": say("back"),
      on: { click: () => go({ pane: "sidebar" }) },
    },
    "‹",
  );
  const head = el(
    "header",
    { class: "head" },
    back,
    el("h1", {}, placeOf(channel)),
    channel.is_ext_shared ? el("small", {}, say("external")) : null,
    channel.kind === "im" && store.around.features.app_home?.home_tab_enabled ? tabs(isHome, go) : null,
  );
  if (isHome) {
    const list = el("div", { class: "home", tabindex: -1 });
    return { nodes: [head, list], list };
  }
  const list = el("div", { class: "messages", role: "log", "aria-label": placeOf(channel) });
  const nothing = el("p", { class: "nothing" }, say("empty"));
  const prompts = el("div", { class: "prompts" });
  const said = (ts) => {
    toEnd(list, true);
    if (ts && channel.kind === "im") go({ thread: ts });
  };
  const write = composer(channel.id, null, said);
  const foot = channel.is_archived ? el("p", { class: "nothing" }, say("archived")) : write.node;
  droppable(list, write.take);
  return { nodes: [head, list, nothing, prompts, foot], list, nothing, prompts, write };
}

function tabs(isHome, go) {
  const tab = (name, current) =>
    el(
      "button",
      {
        type: "button",
        role: "tab",
        "aria-selected": String(current),
        on: { click: () => go({ tab: name }) },
      },
      say(name),
    );
  return el("div", { class: "tabs", role: "tablist" }, tab("home", isHome), tab("messages", !isHome));
}

function threadParts(channel, thread, go) {
  const close = el(
    "button",
    { type: "button", class: "icon", "aria-label": say("close"), on: { click: () => go({ thread: null }) } },
    "✕",
  );
  const title = el("h2", {});
  const list = el("div", { class: "messages", role: "log", "aria-label": say("thread") });
  const status = el("div", { class: "status", role: "status" });
  const write = composer(channel, thread, () => toEnd(list, true));
  droppable(list, write.take);
  return {
    nodes: [el("header", { class: "head" }, title, close), list, status, write.node],
    title,
    list,
    status,
    write,
  };
}

function drawMessages(list, items, inThread, openThread) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
  keep(
    list,
    items,
    (each) => each.ts,
    (each) => each.rule ?? versionOf(each, inThread),
    (each) =>
      each.rule
        ? el("div", { class: "rule" }, el("span", {}, each.rule))
        : messageNode(each, inThread, openThread),
  );
  if (atEnd) toEnd(list, true);
}

function withDays(messages) {
  let day = "";
  return messages.flatMap((message) => {
    const now = moment(message.ts, { month: "long", day: "numeric", weekday: "long" });
    const rule = now === day ? [] : [{ rule: now, ts: `day ${now}` }];
    day = now;
    return [...rule, message];
  });
}

function drawPrompts(parts, channel, go) {
  const { prompts: given, features } = store.around;
  const known = given.length ? given : (features.agent_view?.suggested_prompts ?? []);
  const prompts = channel.kind === "im" ? known : [];
  const mark = JSON.stringify(prompts);
  if (parts.prompts.mark === mark) return;
  parts.prompts.mark = mark;
  const ask = (prompt) => async (event) => {
    await tried(
      async () =>
        go({ thread: await act("post", { user: store.me, channel: channel.id, text: prompt.message }) }),
      event.currentTarget,
    );
  };
  fill(
    parts.prompts,
    prompts.length ? el("b", {}, say("prompts")) : null,
    prompts.map((prompt) =>
      el(
        "button",
        { type: "button", class: "button", title: prompt.message, on: { click: ask(prompt) } },
        prompt.title,
      ),
    ),
  );
}

function toEnd(list, sure = false) {
  queueMicrotask(() => {
    if (sure || list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END * 2)
      list.scrollTop = list.scrollHeight;
  });
}

function placeOf(channel) {
  return { im: "🦆 ", mpim: "👥 ", group: "🔒 ", channel: "# " }[channel.kind] + nameOf(channel);
}
