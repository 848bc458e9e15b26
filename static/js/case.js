// The case page by keyboard. An addition: every link and form works without it. Keys themselves are
// bound in app.js by `data-shortcut`; here a form that was opened by a key takes the focus, so that
// the next key press writes into it and never decides anything, and a link to a section leads there
// also while its part of the page is still being loaded.
(() => {
  "use strict";

  // --- Forms that open ------------------------------------------------------------------------
  // `toggle` does not bubble, so it is listened for on the way down.
  document.addEventListener(
    "toggle",
    (event) => {
      const opened = event.target;
      if (!(opened instanceof HTMLDetailsElement) || !opened.open || !opened.closest("#review")) {
        return;
      }
      if (document.activeElement !== document.body && !opened.contains(document.activeElement)) {
        return;
      }
      opened.querySelector("form input:not([type=hidden]), form textarea, form select")?.focus();
    },
    true,
  );

  // --- Sections -------------------------------------------------------------------------------
  let wanted = "";

  function lead() {
    const section = wanted && document.getElementById(wanted);
    if (!section) {
      return;
    }
    section.querySelectorAll(":scope > .card__body details.fold").forEach((fold) => (fold.open = true));
    section.scrollIntoView({ block: "start" });
    section.setAttribute("tabindex", "-1");
    section.focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-sections] a");
    if (link) {
      wanted = link.hash.slice(1);
      event.preventDefault();
      history.replaceState(null, "", link.hash);
      lead();
    }
  });
  // Where somebody has moved on by themselves, nothing pulls them back.
  ["wheel", "touchstart", "keydown"].forEach((name) => {
    window.addEventListener(name, () => (wanted = ""), { passive: true });
  });
  document.body.addEventListener("htmx:afterSettle", lead);
})();
