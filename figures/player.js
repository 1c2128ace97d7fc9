// What every interactive figure is drawn and played with: panels, marks, one player.
//
// Pasted into a figure's script, which calls it for each of its roots. A figure gives `begin` how
// it is built, for a wide page or a phone, and how one step of it is shown; the rest is here.
const player = (root) => {
  // Below this share of its width a figure is built for a phone, since its letters get too small;
  // and milliseconds a step for those who want no motion.
  const NARROW = 0.8, CALM = 1000;
  const one = (name) => root.querySelector(name);
  const d = JSON.parse(one('script[type="application/json"]').textContent);
  const svg = one("svg"), words = one("output"), slider = one(".at");
  const minus = (text) => String(text).replace(/-(?=[\d.])/g, "\u2212");
  const range = (n) => Array.from({ length: n }, (_, i) => i);

  const add = (parent, tag, attributes, text) => {
    const node = document.createElementNS(svg.namespaceURI, tag);
    for (const name in attributes) node.setAttribute(name, attributes[name]);
    if (text !== undefined) node.textContent = text;
    parent.appendChild(node);
    return node;
  };
  const canvas = (wide, tall) => {
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${wide} ${tall}`);
  };

  // A panel is a nested svg, which clips what leaves it, and its two scales.
  const panel = ({ box, x, y, title = "", xlabel = "", ylabel = "", xticks = [], yticks = [] }) => {
    const [left, top, w, h] = box, [x0, x1] = x, [y0, y1] = y;
    const X = (v) => (v - x0) / (x1 - x0) * w, Y = (v) => (y1 - v) / (y1 - y0) * h;
    if (title) add(svg, "text", { x: left + w / 2, y: top - 9, "text-anchor": "middle" }, minus(title));
    if (xticks.length + yticks.length) add(svg, "path", { class: "axis", d: `M${left} ${top}v${h}h${w}` });
    for (const [v, name] of xticks) {
      add(svg, "path", { class: "axis", d: `M${left + X(v)} ${top + h}v4` });
      add(svg, "text", { x: left + X(v), y: top + h + 18, "text-anchor": "middle" }, minus(name));
    }
    for (const [v, name] of yticks) {
      add(svg, "path", { class: "axis", d: `M${left - 4} ${top + Y(v)}h4` });
      add(svg, "text", { x: left - 8, y: top + Y(v) + 5, "text-anchor": "end" }, minus(name));
    }
    add(svg, "text", { x: left + w / 2, y: top + h + 36, "text-anchor": "middle" }, xlabel);
    const ym = top + h / 2, xm = left - 40;
    add(svg, "text", { x: xm, y: ym, "text-anchor": "middle", transform: `rotate(-90 ${xm} ${ym})` }, ylabel);
    const inner = add(svg, "svg", { x: left, y: top, width: w, height: h, "aria-hidden": "true" });
    const area = add(inner, "rect", { width: w, height: h, fill: "transparent" });
    return { inner, X, Y, w, h, area };
  };

  // Where in a panel an event is, as shares of its width and height from the lower left corner.
  const within = ({ area }, event) => {
    const box = area.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (box.bottom - event.clientY) / box.height];
  };

  // ------------------------------------------------------------------------------ marks, as paths

  const clipped = (v) => Math.max(-9999, Math.min(9999, v));
  const at = (x, y) => clipped(x).toFixed(1) + " " + clipped(y).toFixed(1);
  const path = (points) => points.length ? "M" + points.map(([x, y]) => at(x, y)).join("L") : "";
  // A line of length 0 with round ends is a dot: one path for a whole cloud.
  const dots = (points) => points.map(([x, y]) => `M${at(x, y)}h0`).join("");
  const inPanel = (p, points) => points.map(([x, y]) => [p.X(x), p.Y(y)]);
  const arrow = ([x0, y0], [x1, y1], longest = Infinity) => {
    const long = Math.hypot(x1 - x0, y1 - y0);
    if (long < 1) return "";
    // Direction by the arrow, length only up to the longest that is shown.
    const shown = Math.min(long, longest), head = Math.min(8, 0.5 * shown);
    const u = (x1 - x0) / long, v = (y1 - y0) / long, x = x0 + shown * u, y = y0 + shown * v;
    return `M${at(x0, y0)}L${at(x, y)}M${at(x - head * (u + 0.5 * v), y - head * (v - 0.5 * u))}` +
      `L${at(x, y)}L${at(x - head * (u - 0.5 * v), y - head * (v + 0.5 * u))}`;
  };
  const cross = (x, y, r) => `M${at(x - r, y - r)}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`;
  const plus = (x, y, r) => `M${at(x - r, y)}h${2 * r}m${-r} ${-r}v${2 * r}`;

  // Round numbers on a scale, each with its name.
  const even = (low, high) => {
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((s) => (high - low) / s <= 6) ?? (high - low) / 4;
    const first = Math.ceil(low / step - 1e-9);
    return range(Math.floor(high / step + 1e-9) - first + 1).map((i) => +((first + i) * step).toPrecision(6)).map((v) => [v, v]);
  };

  // Lines of equal height through the cells of a lattice, all levels in one path.
  const contours = (p, value, levels, [low, high], n = 130) => {
    const place = (i) => low + (high - low) * i / n, text = [];
    const grid = range(n + 1).map((j) => range(n + 1).map((i) => value([place(i), place(j)])));
    for (let j = 0; j < n; j++)
      for (let i = 0; i < n; i++) {
        const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], v = corners.map(([a, b]) => grid[b][a]);
        const least = Math.min(...v), most = Math.max(...v);
        for (const level of levels) {
          if (level <= least || level > most) continue;
          const cut = [];
          for (let k = 0; k < 4; k++) {
            const a = v[k], b = v[(k + 1) % 4];
            if ((a < level) === (b < level)) continue;
            const s = (level - a) / (b - a), [x0, y0] = corners[k], [x1, y1] = corners[(k + 1) % 4];
            cut.push(at(p.X(place(x0 + s * (x1 - x0))), p.Y(place(y0 + s * (y1 - y0)))));
          }
          for (let k = 0; k + 1 < cut.length; k += 2) text.push(`M${cut[k]}L${cut[k + 1]}`);
        }
      }
    return text.join("");
  };

  // ------------------------------------------------------------------------ the words around it

  const GLYPHS = {
    line: "M1 7h24", broken: "M1 7h24", dot: "M13 7h0", ring: "M8 7a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
    cross: "M8 2l10 10m0 -10l-10 10", plus: "M7 7h12m-6 -6v12", square: "M8 2h10v10h-10z",
    arrow: "M1 7h23m-7 -5l7 5l-7 5",
  };
  // What each mark is; text of the page, which wraps where there is little room.
  const legend = (entries) => {
    one(".legend").replaceChildren(...entries.map(([glyph, color, text]) => {
      const entry = document.createElement("span");
      const mark = add(entry, "svg", { viewBox: "0 0 26 14", "aria-hidden": "true" });
      add(mark, "path", {
        d: GLYPHS[glyph], stroke: color, fill: glyph === "square" ? color : "none", "stroke-linecap": "round",
        "stroke-width": glyph === "dot" ? 8 : 2.2, "stroke-dasharray": glyph === "broken" ? "6 4" : "none",
      });
      entry.append(text);
      return entry;
    }));
  };

  // --------------------------------------------------------------------------------- the player

  const wide = svg.viewBox.baseVal.width, narrow = () => root.clientWidth > 0 && root.clientWidth < NARROW * wide;
  const controls = {};

  // `build(narrow)` draws what stays, `show(step)` what changes; `pause` is a step's time in
  // milliseconds. A figure that starts somewhere gives `start(u, v)`, called with the shares of a
  // click in the panel `area()`, and `nudge(dx, dy)` for the arrow keys; in all others a click
  // plays, and the arrow keys step.
  const begin = ({ build, show, pause, start, nudge, area }) => {
    const button = one(".play");
    let timer = null, built = null;
    const still = window.matchMedia?.("(prefers-reduced-motion: reduce)");
    const stop = () => {
      clearInterval(timer);
      timer = null;
      button.textContent = "Play";
      words.setAttribute("aria-live", "polite");
    };
    const shown = () => {
      show(+slider.value);
      slider.setAttribute("aria-valuetext", `step ${slider.value} of ${slider.max}`);
    };
    const go = (to) => { stop(); slider.value = to; shown(); };
    const by = (steps) => go(+slider.value + steps);
    const toggle = () => {
      if (timer !== null) return stop();
      if (slider.value === slider.max) slider.value = slider.min;
      button.textContent = "Pause";
      // Every step read aloud would be a flood.
      words.setAttribute("aria-live", "off");
      shown();
      timer = setInterval(() => {
        slider.value = +slider.value + 1;
        shown();
        if (slider.value === slider.max) stop();
      }, still?.matches ? Math.max(pause, CALM) : pause);
    };
    const draw = () => {
      built = narrow();
      // Built for a phone, it does not grow on what is wider.
      svg.style.maxWidth = built ? "500px" : "";
      build(built);
      shown();
    };
    const keys = {
      " ": toggle, Enter: toggle, Home: () => go(slider.min), End: () => go(slider.max),
      ArrowLeft: () => (nudge ? nudge(-1, 0) : by(-1)), ArrowRight: () => (nudge ? nudge(1, 0) : by(1)),
      ArrowUp: nudge && (() => nudge(0, 1)), ArrowDown: nudge && (() => nudge(0, -1)),
    };
    button.addEventListener("click", toggle);
    one(".rewind").addEventListener("click", () => go(slider.min));
    one(".back").addEventListener("click", () => by(-1));
    one(".on").addEventListener("click", () => by(1));
    slider.addEventListener("input", () => { stop(); shown(); });
    svg.setAttribute("tabindex", 0);
    svg.addEventListener("keydown", (event) => {
      const act = !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
    svg.addEventListener("click", (event) => {
      if (!start) return toggle();
      const [u, v] = within(area(), event);
      if (u >= 0 && u <= 1 && v >= 0 && v <= 1) start(u, v);
    });
    if (window.ResizeObserver) new ResizeObserver(() => { if (narrow() !== built) draw(); }).observe(root);
    Object.assign(controls, { draw, shown, stop });
    svg.removeAttribute("hidden");
    one(".controls").hidden = one(".gestures").hidden = one(".legend").hidden = false;
    draw();
  };

  return {
    d, one, svg, words, slider, minus, range, add, canvas, panel, within, clipped, path, dots, inPanel,
    arrow, cross, plus, even, contours, legend, narrow, controls, begin,
  };
};
