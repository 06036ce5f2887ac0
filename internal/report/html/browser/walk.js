// Uses everything on the page that can be used, saving aside, until there is
// nothing left that was not: what a click uncovers is used too. Returns how often
// each kind of control was.
(async () => {
  const saves = (el) => /^(svg|png|csv)$/.test(el.dataset.do ?? "") || /\.json$/.test(el.textContent);
  const tick = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const used = {}, seen = new Set();
  const nameOf = (el) => [
    el.closest("section")?.id, el.tagName, el.closest("[data-choice]")?.dataset.choice, el.dataset.do, el.dataset.who,
    el.dataset.value, el.getAttribute("aria-label"), el.dataset.do ? "" : el.textContent, el.closest("tr, li, .panels > div")?.textContent.slice(0, 60),
  ].join("|");
  const give = (el, value, event) => { el.value = value; el.dispatchEvent(new Event(event, { bubbles: true })); };
  const use = async (el) => {
    if (el.tagName === "SELECT") {
      for (const o of [...el.options].map((o) => o.value)) { give(el, o, "change"); await tick(); }
    } else if (el.tagName === "INPUT") {
      for (const v of el.type === "number" ? ["0", "1e9", "5000"] : ["(", "no such thing", "parse", ""]) { give(el, v, "input"); await tick(); }
    } else {
      el.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    }
    await tick();
  };
  for (let again = true; again && seen.size < 3000;) {
    again = false;
    for (const el of document.querySelectorAll("summary, button, select, input, a[href^='#'], svg g[data-w], svg rect[data-i], svg [data-cell]")) {
      const name = nameOf(el) + (el.closest("svg") ? "|" + (el.getAttribute("data-i") ?? el.getAttribute("data-w")) : "");
      if (seen.has(name) || saves(el)) continue;
      seen.add(name);
      const kind = el.tagName.toLowerCase() + (el.dataset.do ? " " + el.dataset.do : "");
      used[kind] = (used[kind] ?? 0) + 1;
      await use(el);
      again = true;
      if (!el.isConnected) break;
    }
  }
  return used;
})()
