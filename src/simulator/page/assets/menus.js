// Menus, popovers and what can be done to a message.
import { completionData } from "./composer.js";
import { ask } from "./fields.js";
import { act, byId, toast } from "./wire.js";

export function hideMenus() {
  for (const open of document.querySelectorAll("[popover=auto]:popover-open")) open.hidePopover();
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
  if (!(menu instanceof Element) || menu.getAttribute("popover") !== "auto") return;
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

export function openMessageMenu(button) {
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

export async function react(button) {
  const { channel, ts } = button.closest(".message").dataset;
  const name = button.dataset.react;
  const pills = button.closest(".message").querySelectorAll(".reaction.mine");
  const isMine = [...pills].some((it) => it.dataset.react === name);
  await act(isMine ? "unreact" : "react", { channel, ts, name });
}
