const TOUCHES = ["pointerdown", "keydown", "wheel", "touchstart"];

function render({ model, el }) {
  const every = model.get("every") * 1000;
  const patience = model.get("patience") * 1000;
  const idle = model.get("idle") * 1000;
  const page = document.getElementById("rendered_cells"); // Voila; JupyterLab has none
  const controls = page ?? el.closest(".jp-OutputArea") ?? el;
  const stopped = [];
  let asked = 0;
  let ticked = Date.now();
  let touched = Date.now();
  let banner = null;

  function lose() {
    banner = document.createElement("div");
    banner.className = page ? "pbc-lost pbc-lost-page" : "pbc-lost";
    banner.setAttribute("role", "alert");
    const words = document.createElement("span");
    words.textContent = "This page has lost its connection, so the figures no longer change.";
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = "Reload the page";
    again.onclick = () => location.reload();
    banner.append(words, again);
    (page ? document.body : el).prepend(banner);
    for (const control of controls.querySelectorAll("select, input, textarea, button")) {
      if (control.disabled || banner.contains(control)) continue;
      control.disabled = true;
      stopped.push(control);
    }
    document.documentElement.dataset.pulse = "lost";
  }

  function find() {
    asked = 0;
    document.documentElement.dataset.pulse = "ok";
    if (!banner) return;
    banner.remove();
    banner = null;
    for (const control of stopped.splice(0)) control.disabled = false;
  }

  function tick() {
    const now = Date.now();
    // A laptop that slept has not been waiting for an answer: count from when it woke.
    if (asked && now - ticked > 3 * every) asked = now;
    ticked = now;
    if (asked) {
      if (!banner && now - asked > patience) lose();
      return;
    }
    if (document.visibilityState !== "visible" || now - touched > idle) return;
    asked = now;
    try {
      model.send({ ask: "beat" });
    } catch {
      // the socket is gone; the missing answer says so
    }
  }

  const touch = () => {
    touched = Date.now();
  };
  model.on("msg:custom", (message) => message.beat && find());
  for (const kind of TOUCHES) addEventListener(kind, touch, { passive: true });
  document.addEventListener("visibilitychange", tick);
  const clock = setInterval(tick, every);
  tick();
  return () => {
    clearInterval(clock);
    document.removeEventListener("visibilitychange", tick);
    for (const kind of TOUCHES) removeEventListener(kind, touch);
    banner?.remove();
  };
}

export default { render };
