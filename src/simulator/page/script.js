// Carries what people do to the simulator, and puts the parts of the page that come back into
// place without disturbing what is being read or typed. There is no other state here.
"use strict";

const byId = (id) => document.getElementById(id);
const me = () => document.body.dataset.as;
const query = () => new URLSearchParams(location.search);

// --- Talking to the simulator -----------------------------------------------------------------

async function send(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(await answer.text());
    const done = await answer.json();
    if (done.sentence) toast(done.sentence);
    return done;
  } catch (error) {
    toast(`The simulator can’t be reached: ${error.message}`);
    return { seen: null, sentence: error.message };
  }
}

const act = (name, fields) => send("/page/act", { act: name, user: me(), ...fields });

function toast(text) {
  const line = document.createElement("p");
  line.textContent = text;
  byId("toasts").append(line);
  setTimeout(() => line.remove(), 6000);
}

// --- Parts that change --------------------------------------------------------------------------

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

const atEnd = (it) => !it || it.scrollHeight - it.scrollTop - it.clientHeight < 90;
const toEnd = (it) => it && (it.scrollTop = it.scrollHeight);
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

function afterUpdate() {
  const title = document.querySelector("[data-title]")?.dataset.title ?? "";
  document.title = `${title} – ${document.body.dataset.team}`;
  for (const box of document.querySelectorAll("[data-say] textarea")) restoreDraft(box);
  for (const field of document.querySelectorAll("[data-seconds]:not([data-set])")) setDateTime(field);
  showModals();
}

let stream = null;
let outage = null;

function listen() {
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

// --- Getting about ------------------------------------------------------------------------------

let current = query();

function go(address) {
  history.pushState(null, "", new URL(address, location.href));
  arrive();
}

/** Shows what the address now says. */
function arrive() {
  const before = current;
  current = query();
  if (current.get("as") && current.get("as") !== me()) {
    location.reload();
    return;
  }
  document.body.dataset.view = current.get("view") === "home" ? "home" : "channel";
  byId("sidebar").classList.remove("shown");
  byId("news").hidden = true;
  if (before.toString() === current.toString()) showMessage(location.hash);
  else listen();
  if (current.get("view") === "home") act("open_home", {});
}

addEventListener("popstate", arrive);

/** Scrolls to the message of an address such as "#m-1700000000.000100". */
function showMessage(hash) {
  const message = hash.startsWith("#m-") && byId(hash.slice(1));
  if (!message) return false;
  message.scrollIntoView({ block: "center" });
  message.classList.remove("found-it");
  void message.offsetWidth; // Restarts the animation.
  message.classList.add("found-it");
  return true;
}

function followPermalink(path) {
  const [, , channel, message] = path.split("?")[0].split("/");
  const digits = message.replace(/^p/, "");
  const ts = `${digits.slice(0, -6)}.${digits.slice(-6)}`;
  go(`/?as=${me()}&channel=${channel}#m-${ts}`);
}

// --- Fields of modals, messages and the home tab ------------------------------------------------

/** What an element holds, in its simplest form; undefined for what holds nothing. */
function valueOf(element) {
  const kind = element.dataset.el;
  if (kind === "button" || kind === "workflow_button" || kind === "overflow") return undefined;
  if (kind === "checkboxes" || kind.startsWith("multi_")) {
    return [...element.querySelectorAll("input:checked")].map((it) => it.value);
  }
  if (kind === "radio_buttons") return element.querySelector("input:checked")?.value ?? null;
  if (kind === "external_select") return element.querySelector(".external").dataset.value || null;
  const field = element.querySelector("input, select, textarea");
  if (!field || field.value === "") return null;
  if (kind === "datetimepicker") return Math.floor(new Date(field.value).getTime() / 1000);
  return field.value;
}

function valuesOf(surface) {
  const values = {};
  for (const element of surface.querySelectorAll("[data-el]")) {
    const value = valueOf(element);
    if (value === undefined) continue;
    (values[element.dataset.blockId] ??= {})[element.dataset.actionId] = value;
  }
  return values;
}

function setDateTime(field) {
  const at = new Date(Number(field.dataset.seconds) * 1000);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60000);
  field.value = local.toISOString().slice(0, 16);
  field.dataset.set = "";
}

/** Where an element stands: the message or the view. */
function whereabouts(element) {
  const surface = element.closest("[data-surface]");
  const { channel, ts, viewId } = surface.dataset;
  return viewId ? { view_id: viewId } : { channel, ts };
}

async function tellApp(element, value = null) {
  if (!(await confirmed(element))) return;
  const button = element.querySelector(".button");
  button?.classList.add("busy");
  await act("block_action", {
    ...whereabouts(element),
    block_id: element.dataset.blockId,
    action_id: element.dataset.actionId,
    value,
    values: valuesOf(element.closest("[data-surface]")),
  });
  button?.classList.remove("busy");
}

function confirmed(element) {
  const question = element.querySelector("template.confirm");
  if (!question) return Promise.resolve(true);
  byId("confirm-body").replaceChildren(question.content.cloneNode(true));
  byId("confirm-yes").textContent = question.dataset.yes || "OK";
  byId("confirm-no").textContent = question.dataset.no || "Cancel";
  byId("confirm-yes").className = `button ${question.dataset.style}`;
  return ask(byId("confirm"));
}

function ask(dialog) {
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// Options of an external select come from the app, a moment after the last key.
let asking = 0;
function askForOptions(input) {
  const box = input.closest(".external");
  const element = input.closest("[data-el]");
  box.dataset.value = "";
  clearTimeout(asking);
  if (input.value.length < Number(box.dataset.least)) return showFound(input, []);
  asking = setTimeout(async () => {
    const { seen } = await act("options_query", {
      ...whereabouts(element),
      block_id: element.dataset.blockId,
      action_id: element.dataset.actionId,
      value: input.value,
    });
    const options = (seen?.options ?? []).flatMap((it) => it.options ?? [it]);
    showFound(input, options.map((it) => ({
      parts: [["b", it.text?.text ?? it.value]],
      pick: () => {
        input.value = it.text?.text ?? it.value;
        box.dataset.value = it.value;
        if (element.dataset.sends === "change") tellApp(element, it.value);
      },
    })));
  }, 250);
}

// --- Modals -------------------------------------------------------------------------------------

function showModals() {
  const views = [...document.querySelectorAll("#part-modal > dialog")];
  const top = views.at(-1);
  for (const view of views) if (view !== top && view.open) view.close();
  if (top && !top.open) {
    hideMenus();
    top.showModal();
    const first = top.querySelector("[data-autofocus]") ??
      top.querySelector(".modal-body :is(input, textarea, select):not(:disabled)");
    first?.focus();
  }
  // A field that was refused is where the person goes on.
  if (top && top.dataset.errors !== "0" && top.dataset.toldOf !== top.dataset.errors) {
    top.querySelector('[aria-invalid="true"]')?.focus();
  }
  if (top) top.dataset.toldOf = top.dataset.errors;
}

async function submitView(form) {
  const view = form.closest("dialog");
  if (view.dataset.sending) return;
  view.dataset.sending = "yes";
  form.dataset.busy = "";
  form.querySelector("[type=submit]").disabled = true;
  await act("submit_view", { view_id: view.dataset.viewId, values: valuesOf(view) });
  delete view.dataset.sending;
  delete form.dataset.busy;
  const submit = form.querySelector("[type=submit]");
  if (submit) submit.disabled = false;
}

const closeView = (view, clear) => act("close_view", { view_id: view.dataset.viewId, clear });

// --- Message boxes ------------------------------------------------------------------------------

const draftKey = (box) => `draft ${me()} ${box.dataset.key}`;

function restoreDraft(box) {
  if (box.dataset.restored) return;
  box.dataset.restored = "yes";
  if (!box.value) box.value = sessionStorage.getItem(draftKey(box)) ?? "";
  noteDraft(box);
}

function noteDraft(box) {
  box.form.querySelector(".send").disabled = box.value.trim() === "";
  if (box.value) sessionStorage.setItem(draftKey(box), box.value);
  else sessionStorage.removeItem(draftKey(box));
}

async function say(form) {
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

const completionData = () => JSON.parse(byId("completion-data").dataset.completions);

/** What could complete the word before the caret. */
function complete(box) {
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
    // A command that is complete is sent by Enter, not completed again.
    if (found.some((it) => it.exact)) found = [];
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
        pick: () => put(box, start.length + 1, `${sigil}${it.text} `),
      }));
  }
  showFound(box, found);
}

function put(box, length, text) {
  const end = box.selectionStart;
  box.setRangeText(text, end - length, end, "end");
  box.focus();
  noteDraft(box);
  complete(box);
}

const offers = new WeakMap();

function showFound(box, found) {
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
  if (found.length) point(box, 0);
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
function steer(box, event) {
  const found = offers.get(box) ?? [];
  if (!found.length) return false;
  const current = Number(box.getAttribute("aria-activedescendant")?.split("-").at(-1) ?? 0);
  if (event.key === "ArrowDown") point(box, current + 1);
  else if (event.key === "ArrowUp") point(box, current - 1);
  else if (event.key === "Enter" || event.key === "Tab") pick(box, current);
  else if (event.key === "Escape") showFound(box, []);
  else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

// --- Menus and popovers -------------------------------------------------------------------------

function hideMenus() {
  for (const open of document.querySelectorAll(":popover-open")) open.hidePopover();
}

function placeNear(menu, button) {
  const at = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const left = Math.min(Math.max(8, at.left), innerWidth - width - 8);
  const below = at.bottom + 6;
  menu.style.left = `${left}px`;
  menu.style.top = `${below + height > innerHeight - 8 ? Math.max(8, at.top - height - 6) : below}px`;
}

addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!(menu instanceof Element) || !menu.hasAttribute("popover")) return;
  if (event.newState !== "open") {
    document.querySelector(".menu-open")?.classList.remove("menu-open");
    return;
  }
  const button = menu.id === "message-menu"
    ? document.querySelector(".menu-open [data-message-menu]")
    : document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
  if (button) placeNear(menu, button);
  menu.querySelector("input, [role=menuitem]")?.focus();
}, true);

function openMessageMenu(button) {
  const message = button.closest(".message");
  const { channel, ts } = message.dataset;
  const menu = byId("message-menu");
  const entry = (label, todo, danger) => {
    const item = document.createElement("button");
    item.type = "button";
    item.setAttribute("role", "menuitem");
    item.textContent = label;
    if (danger) item.className = "danger";
    item.addEventListener("click", () => {
      menu.hidePopover();
      todo();
    });
    return item;
  };
  const isPinned = "pinned" in message.dataset;
  const items = [
    entry(isPinned ? "Unpin from channel" : "Pin to channel", () => act(isPinned ? "unpin" : "pin", { channel, ts })),
    entry("Copy link", () => copy(`${location.origin}/archives/${channel}/p${ts.replace(".", "")}`)),
  ];
  for (const it of completionData().shortcuts) {
    items.push(entry(`${it.name} · ${it.from}`, () =>
      act("message_shortcut", { channel, ts, callback_id: it.callback_id })));
  }
  if ("own" in message.dataset) {
    items.push(document.createElement("hr"));
    items.push(entry("Edit message", () => edit(message)));
    items.push(entry("Delete message", () => act("delete_message", { channel, ts }), true));
  }
  menu.replaceChildren(...items);
  message.classList.add("menu-open");
  menu.showPopover();
}

async function edit(message) {
  const { channel, ts, typed } = message.dataset;
  byId("editor-text").value = typed;
  if (await ask(byId("editor"))) {
    await act("edit_message", { channel, ts, text: byId("editor-text").value });
  }
}

async function copy(text) {
  await navigator.clipboard.writeText(text);
  toast("Link copied");
}

async function react(button) {
  const { channel, ts } = button.closest(".message").dataset;
  const name = button.dataset.react;
  const pills = button.closest(".message").querySelectorAll(".reaction.mine");
  const isMine = [...pills].some((it) => it.dataset.react === name);
  await act(isMine ? "unreact" : "react", { channel, ts, name });
}

// --- What people do -----------------------------------------------------------------------------

addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const hit = (selector) => event.target.closest(selector);
  let it;
  if ((it = hit("a[data-jump]"))) {
    event.preventDefault();
    hideMenus();
    if (!showMessage(`#m-${it.dataset.jump}`)) toast("That message is too far up to be shown.");
  } else if ((it = hit("a[data-permalink]"))) {
    event.preventDefault();
    followPermalink(it.getAttribute("href"));
  } else if ((it = hit('a[href^="/?"]')) && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
    event.preventDefault();
    go(it.href);
  } else if ((it = hit("[data-press]"))) {
    tellApp(it.closest("[data-el]"));
  } else if ((it = hit("[data-pick]"))) {
    it.closest("[popover]").hidePopover();
    if (it.dataset.url) open(it.dataset.url, "_blank", "noopener,noreferrer");
    tellApp(it.closest("[data-el]"), it.dataset.pick);
  } else if ((it = hit("[data-react]"))) {
    react(it);
  } else if ((it = hit("[data-message-menu]"))) {
    openMessageMenu(it);
  } else if ((it = hit("button[data-act]"))) {
    hideMenus();
    send("/page/act", JSON.parse(it.dataset.act));
  } else if ((it = hit("[data-close]"))) {
    closeView(it.closest("dialog"), it.dataset.close === "all");
  } else if ((it = hit("[data-trouble]"))) {
    send("/page/trouble", { name: it.dataset.trouble });
  } else if ((it = hit("[data-insert]"))) {
    const box = it.closest("form").querySelector("textarea");
    put(box, 0, it.dataset.insert);
  } else if ((it = hit("[data-wrap]"))) {
    const box = it.closest("form").querySelector("textarea");
    const { selectionStart: start, selectionEnd: end, value } = box;
    const mark = it.dataset.wrap;
    box.setRangeText(mark + value.slice(start, end) + mark, start, end, "select");
    box.setSelectionRange(start + 1, end + 1);
    box.focus();
    noteDraft(box);
  } else if (hit("#news")) {
    toEnd(byId("scroller"));
  } else if (hit("#welcome-close")) {
    localStorage.setItem("welcomed", "yes");
    byId("welcome").hidden = true;
  } else if ((it = hit("#burger"))) {
    const shown = byId("sidebar").classList.toggle("shown");
    it.setAttribute("aria-expanded", String(shown));
  } else if (!hit("#sidebar")) {
    byId("sidebar").classList.remove("shown");
  }
});

addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  event.preventDefault();
  if (form.matches("[data-say]")) {
    say(form);
  } else if (form.matches("[data-act]")) {
    const fields = Object.fromEntries(new FormData(form));
    for (const box of form.querySelectorAll("[type=checkbox]")) fields[box.name] = box.checked;
    form.closest("[popover]")?.hidePopover();
    const { seen } = await send("/page/act", { user: me(), ...JSON.parse(form.dataset.act), ...fields });
    if (form.hasAttribute("data-open-made") && seen?.made) {
      form.reset();
      go(`/?as=${me()}&channel=${seen.made}`);
    }
  } else if (form.closest("dialog[data-view-id]")) {
    submitView(form);
  }
});

addEventListener("change", (event) => {
  const field = event.target;
  if (field.id === "act-as") {
    const next = query();
    next.set("as", field.value);
    next.delete("thread");
    location.assign(`/?${next}`);
    return;
  }
  const element = field.closest("[data-el]");
  if (element?.dataset.sends === "change" && element.dataset.el !== "external_select") {
    tellApp(element, valueOf(element));
  }
});

let typing = 0;
addEventListener("input", (event) => {
  const field = event.target;
  if (field.matches("[data-say] textarea")) {
    noteDraft(field);
    complete(field);
  } else if (field.matches(".external input")) {
    askForOptions(field);
  } else if (field.closest("[data-el]")?.dataset.sends === "typing") {
    const element = field.closest("[data-el]");
    clearTimeout(typing);
    typing = setTimeout(() => tellApp(element, valueOf(element)), 400);
  }
});

addEventListener("keydown", (event) => {
  const field = event.target;
  if (!(field instanceof Element) || event.isComposing) return;
  if (field.matches("[data-say] textarea, .external input") && steer(field, event)) return;
  const view = field.closest("dialog[data-view-id]");
  if (view && event.key === "Escape" && !document.querySelector(":popover-open")) {
    event.preventDefault();
    closeView(view, false);
    return;
  }
  if (field.matches("[data-say] textarea") && event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    field.form.requestSubmit();
  } else if (event.key === "Enter" && field.closest("[data-el]")?.dataset.sends === "enter" && !field.matches("textarea")) {
    event.preventDefault();
    const element = field.closest("[data-el]");
    tellApp(element, valueOf(element));
  } else if (field.matches("[role=menuitem]") && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const items = [...field.closest("[role=menu]").querySelectorAll("[role=menuitem]")];
    const step = event.key === "ArrowDown" ? 1 : -1;
    items[(items.indexOf(field) + step + items.length) % items.length].focus();
  }
});

// Escape asks the app's modal to close, which it does when the simulator says so.
addEventListener("cancel", (event) => {
  const view = event.target.closest?.("dialog[data-view-id]");
  if (!view) return;
  event.preventDefault();
  closeView(view, false);
}, true);

addEventListener("focusout", (event) => {
  if (event.target.matches?.("[data-say] textarea, .external input")) showFound(event.target, []);
});

byId("scroller").addEventListener("scroll", () => {
  if (atEnd(byId("scroller"))) byId("news").hidden = true;
});

byId("welcome") && (byId("welcome").hidden = localStorage.getItem("welcomed") === "yes");
afterUpdate();
listen();
if (document.body.dataset.view === "home") act("open_home", {});
