// What the widgets of a page need on top of Voila, as the module federation container that Voila
// asks of an extension: written by hand, so that nothing has to be built.
(() => {
  // ipywidgets 8.1.9 looks for a model every 100 ms, for 2 s, and not once more before it gives up.
  // Models that arrive in that last wait are called "widget model not found", and their place on
  // the page stays an error (jupyter-widgets/ipywidgets pull 4033; issue 4026, pull 4040).
  // Here whoever asks is told when the model comes, and the last look comes after the last wait.
  function findPatiently(manager) {
    const look = manager.get_model.bind(manager);
    const arrivals = new Map();
    manager.modelRegistered.connect((_, id) => {
      arrivals.get(id)?.forEach((tell) => tell());
      arrivals.delete(id);
    });
    const arrival = (id) =>
      new Promise((tell) => arrivals.set(id, [...(arrivals.get(id) ?? []), tell]));
    manager.get_model = async (id) => {
      let failure;
      if (!manager.has_model(id))
        await Promise.race([arrival(id), look(id).catch((error) => (failure = error))]);
      if (manager.has_model(id)) return look(id);
      throw failure;
    };
  }

  // Voila has MathJax fetched and run on every page, and every label of a widget set by it.
  const FORMULA = /\$[^$]*\$|\\[([]|\\begin\{/;

  function leaveOutMathJax(manager) {
    const texts = [...document.querySelectorAll(".jp-MarkdownOutput")];
    if (texts.some((one) => FORMULA.test(one.textContent))) return;
    manager.rendermime.latexTypesetter = null;
  }

  const plugin = {
    id: "pbc:opening",
    autoStart: true,
    activate: (app) => {
      app.widgetManagerPromise.promise.then((manager) => {
        findPatiently(manager);
        leaveOutMathJax(manager);
      });
    },
  };

  (window._JUPYTERLAB ??= {}).pbc = { init() {}, get: async () => () => plugin };
})();
