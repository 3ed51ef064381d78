// What the person sees, as the sandbox last told it, and where they are looking.

import { look } from "./api.js";

const POLL_SECONDS = 25;
const RETRY_MILLISECONDS = 1000;

/** Everything the page shows is drawn from here. */
export const store = {
  me: null,
  around: null, // users, channels, statuses, modal, home …: all of `seen` besides messages
  messages: new Map(), // by channel and ts
  read: new Map(), // by person and channel, the newest ts they have looked at
  isAway: false,
  place: { channel: null, thread: null, tab: "messages" },
};

let polling = null;

/** Look on as *user* from now, calling *draw* after each change, or *unknown* if there is nobody. */
export function lookOnAs(user, draw, unknown) {
  polling?.abort();
  const mine = new AbortController();
  polling = mine;
  Object.assign(store, { me: user, around: null, messages: new Map() });
  poll(user, draw, unknown, mine.signal);
}

async function poll(user, draw, unknown, signal) {
  let after = 0;
  let stamp = "";
  let channels = "";
  while (!signal.aborted) {
    try {
      const seen = await look(
        "seen",
        { user, after, stamp, timeout_seconds: stamp ? POLL_SECONDS : 0 },
        signal,
      );
      if (signal.aborted) return;
      const ids = seen.channels.map((each) => each.id).join();
      if (stamp && ids !== channels) {
        [after, stamp, channels] = [0, "", ids]; // what was said in a channel one has joined is new, too
        continue;
      }
      [after, stamp, channels] = [seen.version, seen.stamp, ids];
      store.around = seen;
      store.isAway = false;
      for (const message of seen.messages) take(message);
      draw();
    } catch (error) {
      if (signal.aborted) return;
      if (error.kind === "SlackRefusal") return void unknown();
      store.isAway = true;
      if (store.around) draw();
      await new Promise((done) => setTimeout(done, RETRY_MILLISECONDS));
    }
  }
}

function take(message) {
  const key = `${message.channel} ${message.ts}`;
  if (message.deleted) store.messages.delete(key);
  else store.messages.set(key, message);
}

const byTime = (one, other) => (one.ts < other.ts ? -1 : 1);

/** A message, or nothing if it is not there. */
export function messageAt(channel, ts) {
  return store.messages.get(`${channel} ${ts}`);
}

/** What stands in a channel itself, oldest first. */
export function rootsOf(channel) {
  return [...store.messages.values()]
    .filter((each) => each.channel === channel && (!each.thread_ts || each.thread_ts === each.ts))
    .sort(byTime);
}

/** What stands below a message, oldest first. */
export function repliesOf(channel, ts) {
  return [...store.messages.values()]
    .filter((each) => each.channel === channel && each.thread_ts === ts && each.ts !== ts)
    .sort(byTime);
}

/** Somebody by id, or a stand-in for somebody unknown. */
export function userOf(id) {
  return store.around.users.find((each) => each.id === id) ?? { id, real_name: id, name: id, locale: "en" };
}

/** A channel by id, or nothing. */
export function channelOf(id) {
  return store.around.channels.find((each) => each.id === id);
}

/** What a channel is called for the person. */
export function nameOf(channel) {
  if (channel.kind === "im") return userOf(store.around.bot).real_name;
  if (channel.kind !== "mpim") return channel.name;
  return channel.members
    .filter((each) => each !== store.me)
    .map((each) => userOf(each).real_name)
    .join(", ");
}

/** The status below a thread, such as "is thinking…", or an empty text. */
export function statusOf(channel, thread) {
  return store.around.statuses.find(([place, ts]) => place === channel && ts === thread)?.[2] ?? "";
}

/** What a thread is called, or an empty text. */
export function titleOf(channel, thread) {
  const title = store.around.titles.find(([place, ts]) => place === channel && ts === thread)?.[2];
  return title || (sessionOf(channel, thread)?.[3] ?? "");
}

/** Whether the agent is at work in a thread and can be stopped by Slack's own button. */
export function canStop(channel, thread) {
  return store.around.has_stop && sessionOf(channel, thread)?.[2] === "processing";
}

function sessionOf(channel, thread) {
  return store.around.sessions.find(([place, ts]) => place === channel && ts === thread);
}

/** How many messages of others the person has not looked at in a channel. */
export function unreadIn(channel) {
  const since = store.read.get(`${store.me} ${channel}`) ?? "";
  return [...store.messages.values()].filter(
    (each) => each.channel === channel && each.user !== store.me && each.ts > since,
  ).length;
}

/** Remember that the person has looked at all there is in a channel. */
export function markRead(channel) {
  const newest = [...store.messages.values()]
    .filter((each) => each.channel === channel)
    .sort(byTime)
    .at(-1);
  if (newest) store.read.set(`${store.me} ${channel}`, newest.ts);
}
