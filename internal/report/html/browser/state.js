// What the reader has chosen, as it shows: which of the buttons are pressed, what
// lists and fields have, and what the pictures say.
(() => {
  const all = (selector, of) => [...document.querySelectorAll(selector)].map(of);
  return {
    hash: location.hash,
    pressed: all(".legend [aria-pressed], .controls [aria-pressed]", (b) => b.textContent + " " + b.getAttribute("aria-pressed")),
    chosen: all(".controls select, .controls input", (e) => e.value),
    drawn: all("section.figure svg[role=img]", (s) => s.getAttribute("aria-label") + " " + s.textContent),
  };
})()
