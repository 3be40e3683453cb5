// Puts the parts of the page that come back into place, without disturbing what is being read or
// typed.
import { showMessage } from "./address.js";
import { restoreDraft } from "./composer.js";
import { setDateTime } from "./fields.js";
import { showModals } from "./modals.js";
import { byId, toast } from "./wire.js";

// What the page itself has set and the server knows nothing of.
const OWN_ATTRIBUTES = new Set(["open", "aria-expanded", "aria-activedescendant"]);
const OWN_CLASSES = ["busy", "menu-open", "found-it"];

function morphAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (OWN_ATTRIBUTES.has(name) || fresh.hasAttribute(name)) continue;
    old.removeAttribute(name);
    if (name === "checked") old.checked = false;
    if (name === "selected") old.selected = false;
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (OWN_ATTRIBUTES.has(name) || old.getAttribute(name) === value) continue;
    const kept = name === "class" ? OWN_CLASSES.filter((it) => old.classList.contains(it)) : [];
    old.setAttribute(name, value);
    if (kept.length) old.classList.add(...kept);
    // What a person typed stays, unless the app itself now gives another value.
    if (name === "value" && old.matches("input")) old.value = value;
    if (name === "checked") old.checked = true;
    if (name === "selected") old.selected = true;
  }
}

function sameKind(old, fresh) {
  return (
    old.nodeType === fresh.nodeType &&
    old.nodeName === fresh.nodeName &&
    (old.id ?? "") === (fresh.id ?? "") &&
    (old.type ?? "") === (fresh.type ?? "") &&
    (old.dataset?.key ?? "") === (fresh.dataset?.key ?? "")
  );
}

function morph(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old.isEqualNode(fresh) || old.dataset.morph === "skip") return;
  morphAttributes(old, fresh);
  if (old.nodeName === "TEXTAREA") {
    if (old.defaultValue !== fresh.defaultValue) {
      old.defaultValue = fresh.defaultValue;
      old.value = fresh.defaultValue;
    }
    return;
  }
  morphChildren(old, fresh);
}

function morphChildren(old, fresh) {
  const stays = new Set([...fresh.children].map((it) => it.id).filter(Boolean));
  const known = new Map([...old.children].filter((it) => it.id).map((it) => [it.id, it]));
  let cursor = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    // What is gone is taken out first, so that what stays needn't be moved and keeps its focus.
    while (cursor?.id && !stays.has(cursor.id)) {
      const gone = cursor;
      cursor = cursor.nextSibling;
      gone.remove();
    }
    const match = wanted.id ? known.get(wanted.id) : cursor && !cursor.id ? cursor : null;
    if (match && sameKind(match, wanted)) {
      if (match === cursor) cursor = cursor.nextSibling;
      else old.insertBefore(match, cursor);
      morph(match, wanted);
    } else {
      old.insertBefore(wanted, cursor);
    }
  }
  while (cursor) {
    const gone = cursor;
    cursor = cursor.nextSibling;
    gone.remove();
  }
}

// What was at its end stays there when a message comes in or the window changes.
export const atEnd = (it) => !it || it.scrollHeight - it.scrollTop - it.clientHeight < 90;
export const toEnd = (it) => it && (it.scrollTop = it.scrollHeight);
let shownChannel = null;

function update(parts) {
  const scroller = byId("scroller");
  const wasAtEnd = atEnd(scroller);
  const wasThreadAtEnd = atEnd(byId("thread-scroller"));
  const lastBefore = byId("message-list")?.lastElementChild?.id;
  for (const { name, html } of parts) {
    const place = byId(`part-${name}`);
    const template = document.createElement("template");
    template.innerHTML = html;
    morphChildren(place, template.content);
  }
  greet();
  const channel = byId("message-list")?.dataset.channel ?? "home";
  if (channel !== shownChannel) {
    shownChannel = channel;
    if (!showMessage(location.hash)) toEnd(scroller);
    byId("composer")?.focus({ preventScroll: true });
  } else if (wasAtEnd) {
    toEnd(scroller);
  } else if (byId("message-list")?.lastElementChild?.id !== lastBefore) {
    byId("news").hidden = false;
  }
  if (wasThreadAtEnd) toEnd(byId("thread-scroller"));
  afterUpdate();
}

export function afterUpdate() {
  const title = document.querySelector("[data-title]")?.dataset.title ?? "";
  document.title = `${title} – ${document.body.dataset.team}`;
  for (const box of document.querySelectorAll("[data-say] textarea")) restoreDraft(box);
  for (const field of document.querySelectorAll("[data-seconds]:not([data-set])")) setDateTime(field);
  showModals();
}

/** Newcomers are told what to try where they arrive; elsewhere it would only be in the way. */
export function greet() {
  const welcome = byId("welcome");
  const { first } = document.body.dataset;
  const isThere = !first || byId("message-list")?.dataset.channel === first;
  if (welcome) welcome.hidden = !isThere || localStorage.getItem("welcomed") === "yes";
}

let stream = null;
let outage = null;

export function listen() {
  stream?.close();
  stream = new EventSource(`/page/events${location.search}`);
  stream.addEventListener("parts", (event) => {
    clearTimeout(outage);
    update(JSON.parse(event.data));
  });
  stream.onerror = () => {
    clearTimeout(outage);
    outage = setTimeout(() => toast("The simulator has stopped answering."), 4000);
  };
  stream.onopen = () => clearTimeout(outage);
}
