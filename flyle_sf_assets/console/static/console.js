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
