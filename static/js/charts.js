// Draws the charts of a page with Plotly. The server makes each figure as JSON: data, layout, and
// colours as our tokens, `var(--name)`. Without this file the figure stays hidden and its table is
// all there is.
(() => {
  "use strict";

  const CONFIG = {
    responsive: true,
    // Plotly's buttons and tips speak English only; the legend and the table below do their work.
    displayModeBar: false,
    showTips: false,
  };
  const reduced = window.matchMedia("(prefers-reduced-motion: reduce)");
  const probe = document.createElement("span");

  // --- Colours --------------------------------------------------------------------------------
  // A token is a light-dark() pair; only an element's own colour comes out as one of the two.
  function resolved(token) {
    probe.style.color = token;
    return getComputedStyle(probe).color;
  }

  function painted(value) {
    if (Array.isArray(value)) {
      return value.map(painted);
    }
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, painted(part)]));
    }
    return typeof value === "string" && value.startsWith("var(--") ? resolved(value) : value;
  }

  // --- Frame: what every chart of ours looks like -----------------------------------------------
  function axis(given) {
    return {
      color: "var(--text-muted)",
      gridcolor: "var(--border)",
      linecolor: "var(--border-strong)",
      zerolinecolor: "var(--border-strong)",
      automargin: true,
      ...given,
      title: { ...given.title, font: { size: 13 } },
    };
  }

  function framed(layout) {
    const axes = Object.entries(layout).filter(([name]) => /^[xy]axis\d*$/.test(name));
    return {
      ...layout,
      ...Object.fromEntries(axes.map(([name, given]) => [name, axis(given)])),
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: "var(--text)" },
      hoverlabel: { bgcolor: "var(--surface)", bordercolor: "var(--border-strong)", font: { color: "var(--text)" } },
      margin: { l: 8, r: 8, t: 8, b: 8, ...layout.margin },
      transition: { duration: reduced.matches ? 0 : 150 },
    };
  }

  // --- Drawing --------------------------------------------------------------------------------
  function draw(figure) {
    const canvas = figure.querySelector(".chart__canvas");
    const source = document.getElementById(figure.dataset.chart);
    if (!canvas || !source || !window.Plotly) {
      return;
    }
    const { data, layout } = JSON.parse(source.textContent);
    figure.hidden = false;
    // Plotly forgets the height it was given when the window changes, and would cover what follows.
    canvas.style.height = `${layout.height}px`;
    window.Plotly.react(canvas, painted(data), painted(framed(layout)), CONFIG);
  }

  function drawAll() {
    document.body.append(probe);
    document.querySelectorAll("[data-chart]").forEach(draw);
    probe.remove();
  }

  // --- Start ----------------------------------------------------------------------------------
  drawAll();
  // A part that is asked for later brings its figure with it.
  document.body.addEventListener("htmx:afterSwap", drawAll);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
})();
