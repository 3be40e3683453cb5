// Talks to the simulator, and tells the person when that fails.

export const byId = (id) => document.getElementById(id);
export const me = () => document.body.dataset.as;
export const query = () => new URLSearchParams(location.search);

export async function send(path, body) {
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

export const act = (name, fields) => send("/page/act", { act: name, user: me(), ...fields });

export function toast(text) {
  const line = document.createElement("p");
  line.textContent = text;
  const toasts = byId("toasts");
  toasts.append(line);
  // Shown anew, they stand above a modal that was opened since.
  if (toasts.matches(":popover-open")) toasts.hidePopover();
  toasts.showPopover();
  setTimeout(() => line.remove(), 6000);
}
