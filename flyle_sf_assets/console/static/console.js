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

// Fields that are in the list above are marked in the picker, and its checked boxes are done with.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "rows") return;
  const taken = new Set();
  document.querySelectorAll("#rows input[name$='.from'], #rows input[name$='.field']").forEach((input) => {
    if (/^[mc]\d/.test(input.name)) taken.add(input.value);
  });
  document.querySelectorAll("#picker-found [data-path]").forEach((line) => {
    line.classList.toggle("is-taken", taken.has(line.dataset.path));
    const box = line.querySelector("input[type=checkbox]");
    if (box && taken.has(line.dataset.path)) box.checked = false;
  });
});
