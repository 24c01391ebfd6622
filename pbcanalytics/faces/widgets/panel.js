const CONFIG = {
  displaylogo: false,
  modeBarButtons: [["toImage"]],
  toImageButtonOptions: { format: "png", scale: 2 },
};

const run = (url) =>
  new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => (globalThis.Plotly ? done(globalThis.Plotly) : failed(new Error("no Plotly")));
    script.onerror = () => failed(new Error("plotly.js did not arrive"));
    document.head.append(script);
  });

const fromKernel = (model) =>
  new Promise((done, failed) => {
    const patience = setTimeout(() => failed(new Error("plotly.js did not arrive")), 60000);
    const take = (message, buffers) => {
      if (!message.plotly) return;
      clearTimeout(patience);
      model.off("msg:custom", take);
      run(URL.createObjectURL(new Blob([buffers[0]], { type: "text/javascript" }))).then(done, failed);
    };
    model.on("msg:custom", take);
    model.send({ ask: "plotly" });
  });

// On globalThis, not in the module: each widget evaluates a module of its own.
function plotly(model) {
  if (globalThis.Plotly) return Promise.resolve(globalThis.Plotly);
  if (!globalThis.pbcPlotly) {
    const served = document.getElementById("pbc-plotly")?.src; // run already, or it has failed once
    globalThis.pbcPlotly = served ? run(served).catch(() => fromKernel(model)) : fromKernel(model);
    globalThis.pbcPlotly.catch(() => (globalThis.pbcPlotly = undefined));
  }
  return globalThis.pbcPlotly;
}

function named(layout) {
  const title = typeof layout.title === "string" ? layout.title : layout.title?.text;
  return String(layout.meta?.description ?? title ?? "Figure").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();
}

const NARROW = 560; // pixels, below which labels of an axis run into one another

function fitted(layout, width) {
  const fit = { ...layout, autosize: true };
  delete fit.width; // a fixed width would overflow a phone
  const { tickvals, ticktext } = layout.xaxis ?? {};
  if (width && width < NARROW && tickvals?.length > 2) {
    const kept = (_, i) => i === 0 || i === tickvals.length - 1; // the ends stand furthest apart
    fit.xaxis = { ...layout.xaxis, tickvals: tickvals.filter(kept), ticktext: ticktext?.filter(kept) };
  }
  if (width && width < NARROW && tickvals && layout.xaxis.range) {
    const [low, high] = layout.xaxis.range; // a label takes as many pixels as on a wide screen
    fit.xaxis = { ...layout.xaxis, ...fit.xaxis, range: [low, high + (high - low) / 4] };
  }
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) delete fit.transition;
  return fit;
}

async function render({ model, el }) {
  const boxes = [];
  let wanted = false;
  let drawing = false;
  let gone = false;
  el.classList.add("pbc-panel");

  function box(count) {
    while (boxes.length < count) {
      const figure = document.createElement("figure");
      figure.className = "pbc-figure";
      figure.append(document.createElement("div"));
      boxes.push(figure);
      el.append(figure);
    }
    while (boxes.length > count) {
      const figure = boxes.pop();
      globalThis.Plotly?.purge(figure.firstChild);
      figure.remove();
    }
  }

  async function one(P, figure, wish) {
    const layout = fitted(wish.layout ?? {}, figure.clientWidth);
    figure.setAttribute("role", "figure");
    figure.setAttribute("aria-label", named(layout));
    figure.firstChild.style.height = layout.height ? `${layout.height}px` : "";
    try {
      await P.react(figure.firstChild, wish.data ?? [], layout, CONFIG);
    } catch (error) {
      console.error("a figure could not be drawn", error);
      P.purge(figure.firstChild);
      figure.firstChild.textContent = "This figure could not be drawn.";
    }
  }

  // One draw at a time. A show that comes meanwhile stops the round and starts a new one,
  // so that the last figures asked for are always the ones left standing.
  async function draw() {
    wanted = true;
    if (drawing || gone) return;
    drawing = true;
    el.setAttribute("aria-busy", "true");
    try {
      const P = await plotly(model);
      while (wanted && !gone) {
        wanted = false;
        const { stamp, figures } = JSON.parse(model.get("drawing"));
        box(figures.length); // every box before the first draw: each is measured in the final grid
        for (let i = 0; i < figures.length && !wanted && !gone; i++) await one(P, boxes[i], figures[i]);
        if (!wanted) el.dataset.stamp = stamp;
      }
    } catch (error) {
      console.error(error);
      box(0);
      el.textContent = "The figures could not be drawn. Reload the page.";
    } finally {
      drawing = false;
      el.setAttribute("aria-busy", "false");
    }
  }

  model.on("change:drawing", draw);
  const watch = new ResizeObserver(() =>
    requestAnimationFrame(() => {
      for (const { firstChild } of boxes)
        if (firstChild._fullLayout && firstChild.offsetParent) globalThis.Plotly.Plots.resize(firstChild)?.catch?.(() => {});
    }),
  );
  watch.observe(el);
  draw();
  return () => {
    gone = true;
    model.off("change:drawing", draw);
    watch.disconnect();
    box(0);
  };
}

export default { render };
