// The verbs of the sandbox (sandbox/slack/control.py and control_page.py), called as one person.

import { el } from "./dom.js";
import { say } from "./words.js";

const NOTICE_MILLISECONDS = 7000;

/** What the sandbox said no to; `kind` is its own name for it. */
export class Refused extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** Do something. Raises `Refused`. */
export async function act(verb, given) {
  return answerOf(
    await fetch(`/sandbox/${verb}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(given),
    }),
  );
}

/** Look at something. Raises `Refused`. */
export async function look(verb, given, signal) {
  return answerOf(await fetch(`/sandbox/${verb}?${new URLSearchParams(given)}`, { signal }));
}

/** Share a file with words beside it. */
export async function upload(file, given) {
  const asked = new URLSearchParams(
    Object.entries({ ...given, name: file.name }).filter(([, value]) => value),
  );
  return answerOf(await fetch(`/sandbox/upload?${asked}`, { method: "POST", body: file }));
}

async function answerOf(response) {
  const answer = await response
    .json()
    .catch(() => ({ error: `Broken: ${response.status} ${response.statusText}` }));
  if (response.ok) return answer.result;
  const [, kind, words] = /^(\w+): ([\s\S]*)$/.exec(answer.error);
  throw new Refused(kind, words);
}

/** Do it, with its control busy meanwhile; a refusal is told. Gives whether it was done. */
export async function tried(deed, control) {
  control?.setAttribute("aria-busy", "true");
  try {
    await deed();
    return true;
  } catch (error) {
    if (error.kind === "NotAcknowledged") notice(`⚠ ${say("late")}`, error.message);
    else if (error.kind === "SlackRefusal") notice(say("refused", error.message));
    else notice(say("failed", error.message));
    return false;
  } finally {
    control?.removeAttribute("aria-busy");
  }
}

/** Say something to the person for a while. */
export function notice(words, detail) {
  const shown = el(
    "div",
    { class: "notice" },
    el("span", {}, words, detail ? el("small", {}, detail) : null),
    el("button", { type: "button", "aria-label": say("close"), on: { click: () => shown.remove() } }, "✕"),
  );
  const all = document.getElementById("notices");
  all.append(shown);
  all.hidePopover();
  all.showPopover(); // above a modal that has opened since
  setTimeout(() => shown.remove(), NOTICE_MILLISECONDS);
}
