// Sets the chosen theme before the first paint. Loaded without defer, in <head>.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("has-js");
  let chosen = null;
  try {
    chosen = window.localStorage.getItem("theme");
  } catch {
    // Storage may be blocked; the system's own scheme then decides.
  }
  if (chosen === "light" || chosen === "dark") {
    root.dataset.theme = chosen;
  }
})();
