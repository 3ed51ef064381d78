// Dialogs of the page: one that asks before a control acts, and one that asks for words.

import { el } from "./dom.js";
import { textOf } from "./mrkdwn.js";
import { say } from "./words.js";

/** Ask as a control's `confirm` wants it. Gives whether the person went on. */
export function confirmed(confirm) {
  if (!confirm) return Promise.resolve(true);
  const style = confirm.style === "danger" ? "danger" : "primary";
  return asked(
    confirm.title.text,
    [el("p", {}, textOf(confirm.text))],
    confirm.confirm.text,
    confirm.deny.text,
    style,
  );
}

/** Ask for other words for a message. Gives them, or null. */
export async function reworded(text) {
  const box = el("textarea", { rows: 5, "aria-label": say("edit") });
  box.value = text;
  return (await asked(say("edit"), [box], say("save"), say("cancel"), "primary")) ? box.value : null;
}

function asked(title, body, yes, no, style) {
  return new Promise((answer) => {
    const dialog = el(
      "dialog",
      { class: "ask", "aria-label": title },
      el(
        "form",
        { method: "dialog" },
        el("h2", {}, title),
        ...body,
        el(
          "footer",
          {},
          el("button", { value: "no", class: "button" }, no),
          el("button", { value: "yes", class: `button ${style}` }, yes),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
