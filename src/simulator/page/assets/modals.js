// The modals a person has open. The server draws the whole stack; the last one is shown.
import { valuesOf } from "./fields.js";
import { hideMenus } from "./menus.js";
import { act, byId } from "./wire.js";

let hadModal = false;

export function showModals() {
  const views = [...document.querySelectorAll("#part-modal > dialog")];
  const top = views.at(-1);
  // A modal that is gone leaves the focus nowhere.
  if (!top && hadModal && document.activeElement === document.body) byId("composer")?.focus();
  hadModal = Boolean(top);
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

export async function submitView(form) {
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

export const closeView = (view, clear) => act("close_view", { view_id: view.dataset.viewId, clear });
