// On every page: the search, in search-index.js, which is loaded when somebody searches; what scrolls, for who has no mouse.
"use strict";
(() => {
  const top = document.currentScript.dataset.top;

  document.addEventListener("DOMContentLoaded", () => {
    const box = document.querySelector("nav.site .search");
    const input = box.querySelector("input"), found = box.querySelector(".found");
    box.hidden = false;
    let loading = null;
    const load = () => loading ??= new Promise((done) => {
      const script = document.createElement("script");
      script.src = `${top}search-index.js`;
      script.onload = done;
      document.head.append(script);
    });
    input.addEventListener("focus", load);
    input.addEventListener("input", async () => {
      await load();
      show(results(input.value));
    });
    box.addEventListener("keydown", (event) => {
      const links = [...found.querySelectorAll("a")], at = links.indexOf(document.activeElement);
      if (event.key === "Escape") { input.value = ""; show(null); input.focus(); }
      else if (event.key === "ArrowDown") links[Math.min(at + 1, links.length - 1)]?.focus();
      else if (event.key === "ArrowUp") (links[at - 1] ?? input).focus();
      else if (event.key === "Enter" && event.target === input) links[0]?.click();
      else return;
      event.preventDefault();
    });
    document.addEventListener("click", (event) => { if (!box.contains(event.target)) found.hidden = true; });
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !event.target.closest("input, textarea, select, [contenteditable]")) {
        event.preventDefault();
        input.focus();
      }
    });

    const scrolling = () => {
      for (const each of document.querySelectorAll("p, li, figcaption, .output")) {
        if (each.scrollWidth > each.clientWidth && getComputedStyle(each).overflowX === "auto") each.tabIndex = 0;
      }
    };
    scrolling();
    window.addEventListener("resize", scrolling);

    function show(entries) {
      found.replaceChildren();
      found.hidden = entries === null;
      for (const { page, section, address, around } of entries ?? []) {
        const link = document.createElement("a"), head = document.createElement("b"), text = document.createElement("span");
        link.href = top + address;
        link.addEventListener("click", () => { found.hidden = true; });
        head.textContent = section && section !== page ? `${section} (${page})` : page;
        text.textContent = around;
        link.append(head, text);
        found.append(link);
      }
      if (entries && !entries.length) found.textContent = "Nothing found.";
    }
  });

  // Sections that have every word, those first that have them in their titles.
  function results(typed) {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return null;
    const entries = [];
    for (const [page, section, address, text] of searchIndex) {
      const title = `${page} ${section}`.toLowerCase(), body = text.toLowerCase();
      if (!words.every((word) => title.includes(word) || body.includes(word))) continue;
      const name = section.toLowerCase();
      const score = words.reduce((sum, word) => sum + (name === word ? 8 : name.includes(word) ? 3 : title.includes(word) ? 1 : 0), 0);
      const at = Math.max(0, body.indexOf(words[0]) - 30);
      entries.push({ page, section, address, around: text.slice(at, at + 110), score });
    }
    return entries.sort((a, b) => b.score - a.score).slice(0, 12);
  }
})();
