// What a page does without asking the server: copying, and sending a form only once.
// Everything works without this file too, except copying.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const said = button.querySelector("[data-said]") || button;
  const before = said.textContent;
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    said.textContent = button.dataset.done;
  } catch {
    const range = document.createRange();
    range.selectNodeContents(source);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    said.textContent = button.dataset.failed;
  }
  window.setTimeout(() => { said.textContent = before; }, 2500);
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  const button = event.submitter;
  if (button) button.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
});

// Fields that are in the list above are marked in the picker, and their boxes are not checked any
// more. After every swap: an answer of the picker may be older than the list.
document.addEventListener("htmx:afterSwap", () => {
  const picker = document.getElementById("picker-found");
  const rows = document.querySelectorAll("#rows input[name$='.from'], #rows input[name$='.field']");
  if (!picker || !document.querySelector("#rows input[name=shown]")) return;
  const used = [...rows].filter((input) => /^[mc]\d/.test(input.name)).map((input) => input.value);
  const taken = new Set(used);
  picker.querySelectorAll("[data-path]").forEach((line) => {
    const is_taken = taken.has(line.dataset.path);
    const was_taken = line.classList.contains("is-taken");
    const box = line.querySelector("input[type=checkbox]");
    if (box && is_taken && !was_taken) box.checked = false;
    line.classList.toggle("is-taken", is_taken);
  });
});

// What htmx replaces: the focus stays where it was, and the result is announced.
const live = () => document.getElementById("live");
const isLost = () => !document.activeElement || document.activeElement === document.body;
const canFocus = (element) => Boolean(element) && element.isConnected && !element.disabled && element.getClientRects().length > 0;
let focused = null;

// Controls of the same name in the same region: the rows' buttons "remove", the suggestions.
function peers(region, name) {
  const all = region.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary");
  return [...all].filter((one) => canFocus(one) && (!name || one.getAttribute("name") === name));
}

function remember(element) {
  const region = element.closest("[data-focus-region]");
  const name = element.getAttribute("name");
  focused = { element, id: element.id, name, region: region ? region.id : "", index: region ? peers(region, name).indexOf(element) : -1 };
}

// Where a control is now: one that moved its row goes with it, up or down as far as it can.
function successor(region, name, index) {
  const near = peers(region, name);
  const place = name === "up" ? index - 1 : name === "down" ? index + 1 : Math.min(Math.max(index, 0), near.length - 1);
  if (near[place]) return near[place];
  return name === "up" ? peers(region, "down")[0] : name === "down" ? peers(region, "up").pop() : null;
}

function restoreFocus() {
  if (!focused || !isLost()) return;
  const { element, id, name, region, index } = focused;
  const part = region && document.getElementById(region);
  const next = part && document.getElementById(part.dataset.focusNext || "");
  const wanted = document.getElementById(element.dataset.focusTo || id || "");
  const candidates = [element, wanted, part && successor(part, name, index), next, document.getElementById("main")];
  const chosen = candidates.find(canFocus);
  // A button that is disabled during its own request gets the focus back after it.
  if (chosen && !(element.isConnected && element.disabled)) chosen.focus();
}

const ANNOUNCED_MS = 700;
let announced = "";
const toAnnounce = [];
function announce(text, isRepeated) {
  const said = text.replace(/\s+/g, " ").trim();
  if (!said || !live() || (said === announced && !isRepeated)) return;
  announced = said;
  toAnnounce.push(said);
  if (toAnnounce.length === 1) announceNext();
}

// One after the other: a text that is replaced at once is never heard.
function announceNext() {
  // Emptied first: the same text again is announced, too.
  live().textContent = "";
  window.setTimeout(() => { live().textContent = toAnnounce[0]; }, 60);
  window.setTimeout(() => { toAnnounce.shift(); if (toAnnounce.length) announceNext(); }, ANNOUNCED_MS);
}

document.addEventListener("pointerdown", () => { focused = null; }, true);
document.addEventListener("focusin", () => { focused = null; });
document.addEventListener("htmx:beforeRequest", () => { if (!isLost()) remember(document.activeElement); });
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!isLost() && event.detail.target.contains(document.activeElement)) remember(document.activeElement);
});
document.addEventListener("htmx:afterRequest", (event) => {
  restoreFocus();
  if (!event.detail.successful) return;
  // An element that replaced itself is looked for in the part of the page that has it.
  const { target } = event.detail;
  const part = document.getElementById(target.id) || (target.isConnected ? target : event.target);
  const result = [...part.querySelectorAll("[data-announce]")].pop();
  // Not detail.elt: the button of a removed row is gone, and htmx names a parent instead.
  const one = event.detail.requestConfig.elt;
  const name = one.matches("button") ? one.getAttribute("aria-label") || one.textContent : "";
  const said = one.dataset.said || name;
  announce(`${said} ${result ? result.textContent : ""}`, Boolean(said));
});

// The page that is loaded again when a sync ends: the focus and the new state.
const REFRESHED = "flyle-refreshed";
const alike = (href) => peers(document, null).filter((one) => one.getAttribute("href") === href);
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Refresh") !== "true") return;
  const one = document.activeElement;
  const index = alike(one.getAttribute("href")).indexOf(one);
  sessionStorage.setItem(REFRESHED, JSON.stringify({ href: one.getAttribute("href"), index }));
});
document.addEventListener("DOMContentLoaded", () => {
  const stored = sessionStorage.getItem(REFRESHED);
  if (!stored) return;
  sessionStorage.removeItem(REFRESHED);
  const { href, index } = JSON.parse(stored);
  const chosen = alike(href)[index];
  if (chosen) chosen.focus();
  const state = document.querySelector("[data-announce-state]");
  if (state) announce(state.textContent, true);
});

// On a phone mappings are folded, except new ones, those with a problem and the one in use.
const narrow = window.matchMedia("(max-width: 40rem)");
const folds = new Map();
let rowsSeen = null;
const isInside = (details, element) => details.contains(element) && !element.matches("summary");
function fold() {
  const all = [...document.querySelectorAll("details[data-fold]")];
  for (const one of all) {
    const key = one.dataset.fold;
    const isOpened = folds.has(key) ? folds.get(key) : rowsSeen !== null && !rowsSeen.has(key);
    one.open = !narrow.matches || isOpened || isInside(one, document.activeElement) || Boolean(one.closest(".mapping").querySelector(".problem"));
  }
  rowsSeen = new Set(all.map((one) => one.dataset.fold));
}
document.addEventListener("click", (event) => {
  const one = event.target.closest("details[data-fold] > summary");
  if (one) folds.set(one.parentElement.dataset.fold, !one.parentElement.open);
});
document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target.id === "rows") fold(); });
narrow.addEventListener("change", fold);
// A browser cannot show its message at a field inside closed details.
document.addEventListener("invalid", (event) => {
  const closed = event.target.closest("details:not([open])");
  if (closed) closed.open = true;
}, true);
