// Gets about: the address says what is shown, and every link only changes it.
import { listen } from "./parts.js";
import { act, byId, me, query } from "./wire.js";

let current = query();

export function go(address) {
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
export function showMessage(hash) {
  const message = hash.startsWith("#m-") && byId(hash.slice(1));
  if (!message) return false;
  message.scrollIntoView({ block: "center" });
  message.classList.remove("found-it");
  void message.offsetWidth; // Restarts the animation.
  message.classList.add("found-it");
  return true;
}

export function followPermalink(path) {
  const [, , channel, message] = path.split("?")[0].split("/");
  const digits = message.replace(/^p/, "");
  const ts = `${digits.slice(0, -6)}.${digits.slice(-6)}`;
  go(`/?as=${me()}&channel=${channel}#m-${ts}`);
}
