// The message boxes: drafts, completion, sending.
import { toEnd } from "./parts.js";
import { byId, me, send } from "./wire.js";

const draftKey = (box) => `draft ${me()} ${box.dataset.key}`;

export function restoreDraft(box) {
  if (box.dataset.restored) return;
  box.dataset.restored = "yes";
  if (!box.value) box.value = sessionStorage.getItem(draftKey(box)) ?? "";
  noteDraft(box);
}

export function noteDraft(box) {
  box.form.querySelector(".send").disabled = box.value.trim() === "";
  if (box.value) sessionStorage.setItem(draftKey(box), box.value);
  else sessionStorage.removeItem(draftKey(box));
}

export async function say(form) {
  const box = form.querySelector("textarea");
  const text = box.value;
  if (text.trim() === "") return;
  box.value = "";
  noteDraft(box);
  showFound(box, []);
  const thread = form.dataset.thread ?? null;
  toEnd(thread ? byId("thread-scroller") : byId("scroller"));
  await send("/page/say", { user: me(), channel: form.dataset.channel, thread, text });
}

export const completionData = () => JSON.parse(byId("completion-data").dataset.completions);

/** What could complete the word before the caret. */
export function complete(box) {
  const before = box.value.slice(0, box.selectionStart);
  const command = box.form.dataset.thread ? null : /^\/\S*$/.exec(before);
  const mention = /(?:^|\s)([@#])([\w.-]*)$/.exec(before);
  let found = [];
  if (command) {
    found = completionData().commands
      .filter((it) => it.text.startsWith(command[0]))
      .map((it) => ({
        parts: [["b", it.text], ["span", it.hint, "hint"], ["span", it.about, "about"], ["span", it.from, "from"]],
        exact: it.text === command[0],
        pick: () => put(box, command[0].length, `${it.text} `),
      }));
  } else if (mention) {
    const [, sigil, start] = mention;
    const all = sigil === "@"
      ? [...completionData().people, { text: "here", about: "Notify everybody who is active" }]
      : completionData().channels;
    found = all
      .filter((it) => it.text.startsWith(start.toLowerCase()) || it.about?.toLowerCase().startsWith(start.toLowerCase()))
      .slice(0, 8)
      .map((it) => ({
        parts: [["b", sigil + it.text], ["span", it.about ?? "", "about"]],
        exact: it.text === start,
        pick: () => put(box, start.length + 1, `${sigil}${it.text} `),
      }));
  }
  // What is complete is sent by Enter, not completed again; what goes on from it is still offered.
  const isComplete = found.some((it) => it.exact);
  showFound(box, isComplete && found.length === 1 ? [] : found, !isComplete);
}

export function put(box, length, text) {
  const end = box.selectionStart;
  box.setRangeText(text, end - length, end, "end");
  box.focus();
  noteDraft(box);
  complete(box);
}

const offers = new WeakMap();

export function showFound(box, found, pointAtFirst = true) {
  const list = byId(box.getAttribute("aria-controls"));
  if (!list) return;
  offers.set(box, found);
  list.hidden = found.length === 0;
  box.setAttribute("aria-expanded", String(found.length > 0));
  box.removeAttribute("aria-activedescendant");
  list.replaceChildren(...found.map((it, index) => {
    const entry = document.createElement("li");
    entry.id = `${list.id}-${index}`;
    entry.setAttribute("role", "option");
    for (const [tag, text, name] of it.parts) {
      const part = document.createElement(tag);
      part.textContent = text;
      if (name) part.className = name;
      entry.append(part);
    }
    // Before the click the box would lose its focus.
    entry.addEventListener("mousedown", (event) => {
      event.preventDefault();
      pick(box, index);
    });
    return entry;
  }));
  if (found.length && pointAtFirst) point(box, 0);
}

function point(box, index) {
  const entries = [...byId(box.getAttribute("aria-controls")).children];
  const at = (index + entries.length) % entries.length;
  entries.forEach((it, i) => it.setAttribute("aria-selected", String(i === at)));
  entries[at].scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", entries[at].id);
}

function pick(box, index) {
  const chosen = offers.get(box)[index];
  showFound(box, []);
  chosen.pick();
}

/** Keys while something is offered; says whether the key was used. */
export function steer(box, event) {
  const found = offers.get(box) ?? [];
  if (!found.length) return false;
  const current = Number(box.getAttribute("aria-activedescendant")?.split("-").at(-1) ?? -1);
  const picks = current >= 0 && (event.key === "Enter" || event.key === "Tab");
  if (event.key === "ArrowDown") point(box, current + 1);
  else if (event.key === "ArrowUp") point(box, Math.max(current, 0) - 1);
  else if (picks) pick(box, current);
  else if (event.key === "Escape") showFound(box, []);
  else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}
