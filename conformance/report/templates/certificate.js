"use strict";
(() => {
  const form = document.querySelector(".filter");
  const query = document.getElementById("q"), verdict = document.getElementById("verdict"), level = document.getElementById("level");
  const shown = document.getElementById("shown");
  const rows = [...document.querySelectorAll("[data-verdict]")];
  const texts = new Map();
  const closed = new Map();
  form.hidden = false;

  function textOf(row) {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  }

  function apply() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filtering = words.length > 0 || verdict.value || level.value;
    let count = 0;
    for (const row of rows) {
      const fits = (!verdict.value || row.dataset.verdict === verdict.value)
        && (!level.value || row.dataset.level === level.value)
        && words.every(word => textOf(row).includes(word));
      row.hidden = !fits;
      count += fits;
    }
    for (const box of document.querySelectorAll("main .topic, main section, main section > .card")) {
      const inside = box.querySelectorAll("[data-verdict]");
      if (box.matches("[data-verdict]")) continue;
      const some = [...inside].some(row => !row.hidden);
      box.hidden = filtering && !some;
      if (box.matches("details")) {
        if (!closed.has(box)) closed.set(box, box.open);
        box.open = filtering ? some : closed.get(box);
      }
    }
    if (!filtering) closed.clear();
    shown.textContent = filtering ? `${count} of ${rows.length}` : "";
  }

  function reveal() {
    let target = null;
    try { target = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    if (!target) return;
    if (target.closest("[hidden]")) { form.reset(); apply(); }
    for (let box = target; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
    target.scrollIntoView();
    requestAnimationFrame(() => target.scrollIntoView()); // what was laid out on the way may have moved it
  }

  let waiting = 0;
  query.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 80); });
  verdict.addEventListener("change", apply);
  level.addEventListener("change", apply);
  form.addEventListener("submit", event => event.preventDefault());
  document.addEventListener("keydown", event => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) { event.preventDefault(); query.focus(); }
    if (event.key === "Escape" && event.target === query) { form.reset(); apply(); query.blur(); }
  });
  addEventListener("hashchange", reveal);
  reveal();

  if (navigator.clipboard) {
    for (const pre of document.querySelectorAll(".curl pre")) {
      const button = document.createElement("button");
      button.type = "button"; button.className = "copy"; button.textContent = "Copy";
      button.addEventListener("click", () => navigator.clipboard.writeText(pre.textContent).then(() => {
        button.textContent = "Copied"; setTimeout(() => { button.textContent = "Copy"; }, 1500);
      }));
      pre.after(button);
    }
  }
})();
