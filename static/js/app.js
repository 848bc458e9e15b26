// Behaviour shared by every page. Everything here is an addition: pages work without it.
// Hooks are data attributes, documented in docs/design-system.md.
(() => {
  "use strict";

  const root = document.documentElement;
  const text = (key) => document.body.dataset[key] || "";

  // --- Theme: system, light or dark -----------------------------------------------------------
  function storedTheme() {
    try {
      return window.localStorage.getItem("theme") || "system";
    } catch {
      return "system";
    }
  }

  function showTheme(theme) {
    if (theme === "light" || theme === "dark") {
      root.dataset.theme = theme;
    } else {
      delete root.dataset.theme;
    }
    document.querySelectorAll("[data-theme-choice]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
    });
  }

  function chooseTheme(theme) {
    try {
      window.localStorage.setItem("theme", theme);
    } catch {
      // Storage may be blocked: the choice then lasts for this page only.
    }
    showTheme(theme);
  }

  // --- Toasts ---------------------------------------------------------------------------------
  function toast(message, tone = "info") {
    const region = document.getElementById("toasts");
    const template = document.getElementById("toast-template");
    if (!region || !template || !message) {
      return;
    }
    const node = template.content.firstElementChild.cloneNode(true);
    node.classList.add(`toast--${tone}`);
    node.querySelector("[data-toast-text]").textContent = message;
    const use = node.querySelector("use");
    const names = { danger: "octagon-alert", warning: "triangle-alert", success: "circle-check", info: "info" };
    use.setAttribute("href", use.getAttribute("href").replace(/#.*$/, `#${names[tone] || "info"}`));
    region.append(node);
    // Errors stay until they are closed: nobody should have to read against the clock.
    if (tone !== "danger") {
      window.setTimeout(() => node.remove(), 8000);
    }
  }

  // --- Ticking all of a form's boxes of one name ----------------------------------------------
  function tickAll(box) {
    box.form.querySelectorAll(`input[type="checkbox"][name="${box.dataset.tickAll}"]`).forEach((one) => {
      one.checked = box.checked;
    });
  }

  // --- Double submits -------------------------------------------------------------------------
  function markSubmitted(form, submitter) {
    form.dataset.submitted = "true";
    const buttons = form.querySelectorAll("button:not([type=button]), input[type=submit]");
    // After the event, so that the pressed button's own name and value are still sent.
    window.setTimeout(() => {
      buttons.forEach((button) => {
        button.setAttribute("aria-disabled", "true");
      });
      submitter?.setAttribute("aria-busy", "true");
    });
  }

  function release(form) {
    delete form.dataset.submitted;
    form.querySelectorAll("[aria-busy], [aria-disabled]").forEach((button) => {
      button.removeAttribute("aria-busy");
      button.removeAttribute("aria-disabled");
    });
  }

  function onSubmit(event) {
    const form = event.target;
    // HTMX has sent its request by now; such forms use hx-confirm and hx-disabled-elt.
    if (form.matches("[hx-get], [hx-post], [hx-put], [hx-patch], [hx-delete]")) {
      return;
    }
    if (form.dataset.submitted) {
      event.preventDefault();
      return;
    }
    const question = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (question && !form.dataset.confirmed) {
      event.preventDefault();
      confirmWith(question, event.submitter, () => {
        form.dataset.confirmed = "true";
        form.requestSubmit(event.submitter);
      });
      return;
    }
    delete form.dataset.confirmed;
    const isDownload = form.hasAttribute("data-no-busy") || form.target === "_blank";
    if (form.method === "post" && !isDownload) {
      markSubmitted(form, event.submitter);
    }
  }

  // --- Confirmation ---------------------------------------------------------------------------
  function wordsOf(node) {
    const copyOfNode = node.cloneNode(true);
    copyOfNode.querySelectorAll("kbd, .visually-hidden").forEach((part) => part.remove());
    return copyOfNode.textContent.trim();
  }

  function confirmWith(question, button, proceed) {
    const dialog = document.getElementById("confirm-dialog");
    if (!dialog) {
      return;
    }
    dialog.querySelector("[data-confirm-text]").textContent = question;
    const yes = dialog.querySelector("[data-confirm-yes]");
    yes.textContent = (button && wordsOf(button)) || yes.dataset.label;
    const isDangerous = Boolean(button?.matches(".button--danger, .button--danger-solid"));
    yes.classList.toggle("button--danger-solid", isDangerous);
    yes.classList.toggle("button--primary", !isDangerous);
    dialog.returnValue = "";
    dialog.addEventListener(
      "close",
      () => {
        if (dialog.returnValue === "yes") {
          proceed();
        }
      },
      { once: true },
    );
    dialog.showModal();
  }

  // --- Copy -----------------------------------------------------------------------------------
  async function copy(button) {
    const source = button.dataset.copy || document.querySelector(button.dataset.copyFrom)?.textContent.trim();
    try {
      await navigator.clipboard.writeText(source || "");
      toast(text("textCopied"), "success");
    } catch {
      // The browser refuses without a secure context or permission; say so instead of pretending.
      toast(text("textCopyFailed"), "warning");
    }
  }

  // --- Navigation on narrow screens, menus ----------------------------------------------------
  function toggleNavigation(button) {
    const sidebar = document.getElementById(button.getAttribute("aria-controls"));
    const open = sidebar.classList.toggle("is-open");
    button.setAttribute("aria-expanded", String(open));
  }

  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (menu !== except) {
        menu.open = false;
      }
    });
  }

  // --- Keyboard -------------------------------------------------------------------------------
  // Speech input can type letters by accident: single keys can be switched off (WCAG 2.1.4).
  function usesSingleKeys() {
    try {
      return window.localStorage.getItem("single-keys") !== "off";
    } catch {
      return true;
    }
  }

  function chooseSingleKeys(box) {
    try {
      window.localStorage.setItem("single-keys", box.checked ? "on" : "off");
    } catch {
      toast(text("textNotKept"), "warning");
    }
  }

  function isTyping(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  function moveRow(step) {
    const rows = [...document.querySelectorAll("tr[data-row]")];
    if (!rows.length) {
      return false;
    }
    const current = rows.findIndex((row) => row.classList.contains("is-current"));
    const next = Math.min(Math.max(current + step, 0), rows.length - 1);
    rows[current]?.classList.remove("is-current");
    rows[next].classList.add("is-current");
    const link = rows[next].querySelector("a.row-link, a");
    (link || rows[next]).focus();
    rows[next].scrollIntoView({ block: "nearest" });
    return true;
  }

  function press(key) {
    const target = [...document.querySelectorAll("[data-shortcut]")].find(
      (node) => node.dataset.shortcut === key && !node.disabled && node.getClientRects().length,
    );
    if (!target) {
      return false;
    }
    if (isTyping(target)) {
      target.focus();
      target.select?.();
    } else {
      target.click();
    }
    return true;
  }

  function listShortcuts(dialog) {
    const list = dialog.querySelector("[data-shortcut-list]");
    list.querySelectorAll("[data-added]").forEach((node) => node.remove());
    const known = new Set(["/", "?"]);
    document.querySelectorAll("[data-shortcut]").forEach((node) => {
      const key = node.dataset.shortcut;
      if (known.has(key)) {
        return;
      }
      known.add(key);
      const term = document.createElement("dt");
      const cap = document.createElement("kbd");
      const meaning = document.createElement("dd");
      cap.textContent = key;
      term.append(cap);
      meaning.textContent = node.dataset.shortcutLabel || node.getAttribute("aria-label") || wordsOf(node);
      term.dataset.added = meaning.dataset.added = "";
      list.append(term, meaning);
    });
  }

  function openDialog(id) {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) {
      return false;
    }
    if (dialog.querySelector("[data-shortcut-list]")) {
      listShortcuts(dialog);
      dialog.querySelector("[data-single-keys]").checked = usesSingleKeys();
    }
    dialog.showModal();
    return true;
  }

  function onKey(event) {
    if (event.key === "Escape") {
      const menu = document.querySelector("details.menu[open]");
      closeMenus();
      menu?.querySelector("summary").focus();
      return;
    }
    const isModified = event.ctrlKey || event.metaKey || event.altKey;
    if (isModified || isTyping(event.target) || !usesSingleKeys() || document.querySelector("dialog[open]")) {
      return;
    }
    const actions = { j: () => moveRow(1), k: () => moveRow(-1), "?": () => openDialog("shortcuts-dialog") };
    const done = Object.hasOwn(actions, event.key) ? actions[event.key]() : press(event.key);
    if (done) {
      event.preventDefault();
    }
  }

  // --- Clicks ---------------------------------------------------------------------------------
  const clicks = {
    "[data-theme-choice]": (node) => chooseTheme(node.dataset.themeChoice),
    "[data-toggle-navigation]": toggleNavigation,
    "[data-open-dialog]": (node) => openDialog(node.dataset.openDialog),
    "[data-close-dialog]": (node) => node.closest("dialog")?.close(),
    "[data-close-toast]": (node) => node.closest(".toast")?.remove(),
    "[data-copy], [data-copy-from]": copy,
    "[data-print]": () => window.print(),
  };

  function onClick(event) {
    const disabled = event.target.closest("[aria-disabled=true]");
    if (disabled) {
      event.preventDefault();
      return;
    }
    closeMenus(event.target.closest("details.menu"));
    for (const [selector, action] of Object.entries(clicks)) {
      const node = event.target.closest(selector);
      if (node) {
        action(node);
        return;
      }
    }
  }

  // --- HTMX -----------------------------------------------------------------------------------
  function isPolling(element) {
    return /\bevery\b/.test(element.getAttribute("hx-trigger") || "");
  }

  function watchHtmx() {
    document.body.addEventListener("htmx:configRequest", (event) => {
      const token = document.querySelector("meta[name=csrf-token]")?.content;
      if (token) {
        event.detail.headers["X-CSRFToken"] = token;
      }
    });
    // A tab nobody looks at asks nothing of the server; looked at again, it catches up at once.
    const resting = new Set();
    document.body.addEventListener("htmx:beforeRequest", (event) => {
      if (document.hidden && isPolling(event.detail.elt)) {
        event.preventDefault();
        resting.add(event.detail.elt);
      }
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) {
        return;
      }
      resting.forEach((element) => {
        if (element.isConnected) {
          window.htmx.ajax("GET", element.getAttribute("hx-get"), { source: element });
        }
      });
      resting.clear();
    });
    document.body.addEventListener("htmx:confirm", (event) => {
      if (event.detail.question) {
        event.preventDefault();
        confirmWith(event.detail.question, event.detail.elt.closest("button"), () => event.detail.issueRequest(true));
      }
    });
    // 422 carries a form with its errors: that is an answer, not a failure.
    document.body.addEventListener("htmx:beforeSwap", (event) => {
      if (event.detail.xhr.status === 422) {
        event.detail.shouldSwap = true;
        event.detail.isError = false;
      }
    });
    document.body.addEventListener("htmx:responseError", (event) => {
      const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
      const sentence = answer.querySelector("[data-problem]")?.textContent.trim();
      const fallback = event.detail.xhr.status === 403 ? text("textForbidden") : text("textFailed");
      toast(sentence || fallback, "danger");
    });
    document.body.addEventListener("htmx:sendError", () => toast(text("textOffline"), "danger"));
    // The server may ask for a toast: HX-Trigger: {"toast": {"text": "…", "tone": "success"}}
    document.body.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone));
  }

  // --- Counts that live ------------------------------------------------------------------------
  // One request for every number of the page, and only while somebody looks at it. What did not
  // change is asked for less and less often; after a failure longer still. The chance in it keeps
  // many open pages from asking in step.
  const SOONEST_MS = 30_000;
  const UNCHANGED_MS = 120_000;
  const FAILED_MS = 480_000;

  function showCounts(counts) {
    const told = [];
    document.querySelectorAll("[data-count]").forEach((node) => {
      const words = counts[node.dataset.count];
      if (words === undefined) {
        return;
      }
      const row = node.closest("[data-count-row]");
      if (row && node.textContent !== words) {
        told.push(`${row.querySelector(".task__label")?.textContent.trim()}: ${words || 0}`);
      }
      node.textContent = words;
      row?.toggleAttribute("hidden", !words);
    });
    const status = document.querySelector("[data-count-status]");
    if (status && told.length) {
      status.textContent = told.join(". ");
    }
    const waits = document.querySelector("[data-count-row]:not([hidden])");
    document.querySelector("[data-count-none]")?.toggleAttribute("hidden", Boolean(waits));
  }

  function watchCounts(source) {
    const part = document.querySelector("[data-counts-of]")?.dataset.countsOf;
    const address = part ? `${source.dataset.counts}?of=${part}` : source.dataset.counts;
    let known = "";
    let wait = SOONEST_MS;
    let timer = 0;
    let lastAsked = 0;

    async function answered() {
      const headers = known ? { "If-None-Match": known } : {};
      const answer = await fetch(address, { headers, cache: "no-store", redirect: "manual" });
      if (answer.status === 200) {
        showCounts((await answer.json()).counts);
        known = answer.headers.get("ETag") || "";
        wait = SOONEST_MS;
      } else if (answer.status === 304) {
        wait = Math.min(wait * 1.5, UNCHANGED_MS);
      } else if (answer.status >= 500 || answer.status === 429) {
        wait = Math.min(wait * 2, FAILED_MS);
      } else {
        // Signed out, or not allowed any more: asking again would change nothing.
        return false;
      }
      return true;
    }

    async function ask() {
      window.clearTimeout(timer);
      if (document.hidden) {
        return;
      }
      lastAsked = Date.now();
      let goesOn = true;
      try {
        goesOn = await answered();
      } catch {
        wait = Math.min(wait * 2, FAILED_MS);
      }
      if (goesOn) {
        timer = window.setTimeout(ask, wait * (1 + Math.random() / 4));
      } else {
        document.removeEventListener("visibilitychange", lookedAt);
      }
    }

    function lookedAt() {
      window.clearTimeout(timer);
      if (!document.hidden) {
        timer = window.setTimeout(ask, Math.max(lastAsked + SOONEST_MS - Date.now(), 0));
      }
    }

    document.addEventListener("visibilitychange", lookedAt);
    if (source.hasAttribute("data-counted")) {
      // The page came with its numbers.
      lastAsked = Date.now();
      timer = window.setTimeout(ask, wait * (1 + Math.random() / 4));
    } else {
      ask();
    }
  }

  // --- Start ----------------------------------------------------------------------------------
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit-on-change]")) {
      event.target.form.requestSubmit();
    }
    if (event.target.matches("[data-single-keys]")) {
      chooseSingleKeys(event.target);
    }
    if (event.target.matches("[data-tick-all]")) {
      tickAll(event.target);
    }
  });
  // One box that ticks the others of its form is shown where it can do so.
  document.querySelectorAll("[data-tick-all]").forEach((box) => {
    box.closest("[hidden]")?.removeAttribute("hidden");
  });
  // Paper cannot be unfolded: what is folded for the screen is printed open.
  const folded = "details.fold:not([open]), details[data-beside-chart]:not([open])";
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll(folded).forEach((fold) => {
      fold.open = true;
      fold.dataset.openForPrint = "";
    });
  });
  window.addEventListener("afterprint", () => {
    document.querySelectorAll("details[data-open-for-print]").forEach((fold) => {
      fold.open = false;
      delete fold.dataset.openForPrint;
    });
  });
  // The back button may show a page as it was left, with its form still marked as sent.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) {
      document.querySelectorAll("form[data-submitted]").forEach(release);
    }
  });
  showTheme(storedTheme());
  watchHtmx();
  document.querySelectorAll("[data-counts]").forEach(watchCounts);
  document.querySelector("[data-error-summary]")?.focus();
})();
