// What the fields of modals, messages and the home tab hold, and telling the app of it.
import { showFound } from "./composer.js";
import { act, byId } from "./wire.js";

/** What an element holds, in its simplest form; undefined for what holds nothing. */
export function valueOf(element) {
  const kind = element.dataset.el;
  if (kind === "button" || kind === "workflow_button" || kind === "overflow") return undefined;
  if (kind === "checkboxes" || kind.startsWith("multi_")) {
    return [...element.querySelectorAll("input:checked")].map((it) => it.value);
  }
  if (kind === "radio_buttons") return element.querySelector("input:checked")?.value ?? null;
  if (kind === "external_select") {
    const chosen = element.querySelector(".external").dataset.value;
    return chosen ? JSON.parse(chosen) : null;
  }
  const field = element.querySelector("input, select, textarea");
  if (!field || field.value === "") return null;
  if (kind === "datetimepicker") return Math.floor(new Date(field.value).getTime() / 1000);
  return field.value;
}

export function valuesOf(surface) {
  const values = {};
  for (const element of surface.querySelectorAll("[data-el]")) {
    const value = valueOf(element);
    if (value === undefined) continue;
    (values[element.dataset.blockId] ??= {})[element.dataset.actionId] = value;
  }
  return values;
}

export function setDateTime(field) {
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

export async function tellApp(element, value = null) {
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

export function ask(dialog) {
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// Options of an external select come from the app, a moment after the last key.
let asking = 0;
export function askForOptions(input) {
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
        box.dataset.value = JSON.stringify(it);
        if (element.dataset.sends === "change") tellApp(element, it);
      },
    })));
  }, 250);
}
