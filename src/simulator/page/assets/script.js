// Carries what people do to the simulator. What they see of it comes back as parts of the page.
import { followPermalink, go, showMessage } from "./address.js";
import { complete, noteDraft, put, say, showFound, steer } from "./composer.js";
import { askForOptions, tellApp, valueOf } from "./fields.js";
import { hideMenus, openMessageMenu, react } from "./menus.js";
import { closeView, submitView } from "./modals.js";
import { afterUpdate, atEnd, greet, listen, toEnd } from "./parts.js";
import { act, byId, me, query, send, toast } from "./wire.js";

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
  } else if ((it = hit("[data-panel]"))) {
    send("/page/panel", { name: it.dataset.panel });
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
    greet();
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
  if (view && event.key === "Escape" && !document.querySelector("[popover=auto]:popover-open")) {
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

let following = true;
byId("scroller").addEventListener("scroll", () => {
  following = atEnd(byId("scroller"));
  if (following) byId("news").hidden = true;
});
new ResizeObserver(() => following && toEnd(byId("scroller"))).observe(byId("scroller"));

greet();
afterUpdate();
listen();
if (document.body.dataset.view === "home") act("open_home", {});
