// The page: who looks, where they look, and a drawing after each change.
// Where one is stands in the address, as `#U0MINJI/C0DATA/1764.000001` or `#U0MINJI/D0MINJI/home`.

import { act, tried } from "./api.js";
import { el, fill } from "./dom.js";
import { drawModal } from "./modal.js";
import { drawChannel, drawThread } from "./panes.js";
import { drawSidebar } from "./sidebar.js";
import { channelOf, lookOnAs, markRead, store, unreadIn, userOf } from "./store.js";
import { say, speak } from "./words.js";

const FIRST = "U0MINJI";
const app = document.getElementById("app");
const [sidebar, channel, thread] = ["sidebar", "channel", "thread"].map((id) => document.getElementById(id));
const away = el("div", { class: "away", role: "alert", hidden: true });
document.body.prepend(away);
let opened = "";

function draw() {
  if (!store.around) return;
  speak(userOf(store.me).locale);
  away.hidden = !store.isAway;
  fill(away, say("away"));
  if (!channelOf(store.place.channel))
    Object.assign(store.place, { channel: firstChannel(), thread: null, tab: "messages" });
  if (!document.hidden) markRead(store.place.channel);
  drawSidebar(sidebar, (id) => go({ channel: id, thread: null, tab: "messages", pane: "channel" }), be);
  drawChannel(channel, go);
  drawThread(thread, go);
  drawModal();
  tellOpened();
  const unread = store.around.channels.reduce((sum, each) => sum + unreadIn(each.id), 0);
  document.title = `${unread ? `(${unread}) ` : ""}Duckferry sandbox`;
}

/** Go somewhere: to a channel, a thread of it, a tab; `pane` says what a phone shows. */
function go({ pane, ...place }) {
  Object.assign(store.place, place);
  app.dataset.pane = pane ?? (store.place.thread ? "thread" : "channel");
  const { channel: where, thread: ts, tab } = store.place;
  const address = `#${[store.me, where, ts ?? (tab === "home" ? "home" : null)].filter(Boolean).join("/")}`;
  if (address !== location.hash) history.pushState(null, "", address);
  draw();
}

/** Tell the app when somebody opens its Home or its messages, as Slack does. */
function tellOpened() {
  const { channel: where, tab } = store.place;
  const now = channelOf(where).kind === "im" ? `${store.me} ${tab}` : "";
  if (now && now !== opened) tried(() => act("open_home", { user: store.me, tab }));
  opened = now;
}

/** Look on as somebody else, from where one is if they may be there. */
function be(user) {
  Object.assign(store.place, {
    channel: store.place.channel?.startsWith("D") ? null : store.place.channel,
    tab: "messages",
  });
  history.pushState(
    null,
    "",
    `#${[user, store.place.channel, store.place.thread].filter(Boolean).join("/")}`,
  );
  lookOnAs(user, draw, beFirst);
}

/** Somebody the address names is not there. */
function beFirst() {
  history.replaceState(null, "", "#");
  readAddress();
}

function readAddress() {
  const [user, where, rest] = location.hash.slice(1).split("/");
  const isHome = rest === "home";
  store.place = {
    channel: where || null,
    thread: isHome ? null : rest || null,
    tab: isHome ? "home" : "messages",
  };
  app.dataset.pane = store.place.thread ? "thread" : "channel";
  if ((user || FIRST) !== store.me) lookOnAs(user || FIRST, draw, beFirst);
  else draw();
}

function firstChannel() {
  return store.around.channels.find((each) => !each.is_archived)?.id;
}

document.addEventListener("visibilitychange", draw);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && store.place.thread && !document.querySelector("dialog[open], .menu"))
    go({ thread: null });
});
addEventListener("popstate", readAddress);
readAddress();
