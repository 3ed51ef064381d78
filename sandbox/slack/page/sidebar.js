// The side bar: who one is, the channels, and the messages with the app.

import { el, fill } from "./dom.js";
import { avatar } from "./messages.js";
import { nameOf, store, unreadIn, userOf } from "./store.js";
import { say } from "./words.js";

/** Draw it; *go* is called with a channel's id, *be* with a person's. */
export function drawSidebar(node, go, be) {
  const { channels, users, bot } = store.around;
  const counts = channels.map((each) => [each.id, unreadIn(each.id)]);
  const mark = JSON.stringify([
    store.me,
    channels,
    counts,
    store.place.channel,
    document.documentElement.lang,
  ]);
  if (node.mark === mark) return;
  node.mark = mark;
  node.setAttribute("aria-label", say("workspace"));
  const unread = new Map(counts);
  const people = users.filter((each) => !each.is_bot && !each.deleted);
  const select = el(
    "select",
    { id: "me", on: { change: () => be(select.value) } },
    people.map((each) => el("option", { value: each.id }, each.real_name)),
  );
  select.value = store.me;
  const direct = channels.filter((each) => each.kind === "im" || each.kind === "mpim");
  const open = channels.filter((each) => !direct.includes(each) && !each.is_archived);
  const row = (channel) => entry(channel, unread.get(channel.id), () => go(channel.id));
  fill(
    node,
    el("header", {}, el("b", {}, "Duckferry"), el("small", {}, say("workspace"))),
    el(
      "label",
      { class: "who", for: "me" },
      avatar(userOf(store.me), "small"),
      el("span", {}, say("people")),
      select,
    ),
    el("h2", {}, say("channels")),
    el("ul", {}, open.map(row)),
    el("h2", {}, say("direct")),
    el("ul", {}, direct.map(row)),
    el("footer", {}, userOf(bot).real_name, " · sandbox"),
  );
}

function entry(channel, unread, open) {
  const current = channel.id === store.place.channel;
  const sign = { im: "🦆", mpim: "👥", group: "🔒", channel: "#" }[channel.kind];
  const fresh = unread > 0 && !current;
  return el(
    "li",
    {},
    el(
      "button",
      {
        type: "button",
        class: `entry${fresh ? " unread" : ""}`,
        "aria-current": current ? "page" : null,
        "data-channel": channel.id,
        on: { click: open },
      },
      el("i", { "aria-hidden": "true" }, sign),
      el("span", {}, nameOf(channel)),
      channel.is_ext_shared ? el("small", { title: say("external") }, "◇") : null,
      fresh ? el("em", { "aria-label": `${unread} ${say("unread")}` }, String(unread)) : null,
    ),
  );
}
