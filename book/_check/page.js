// What one built page shows at the width it has: lists of {kind, words}, read by `run.py`.
(() => {
  const faults = [];
  const visible = (element) => element.checkVisibility() && element.getClientRects().length > 0;
  const say = (kind, element, words) => faults.push({
    kind,
    words: `${words}: ${(element.getAttribute?.("id") || element.closest("[id]")?.id || "")} ` +
      `${(element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 60)}`,
  });
  const wide = (element) => element.scrollWidth > element.clientWidth + 1;
  // The bar itself, or the border of a bar that takes no room.
  const bar = (element) => {
    const style = getComputedStyle(element);
    const borders = parseFloat(style.borderTopWidth) + parseFloat(style.borderBottomWidth);
    return ["auto", "scroll"].includes(style.overflowX) &&
      element.offsetHeight - element.clientHeight - borders >= 4;
  };
  const content = document.querySelector(".bd-article") || document.body;
  const room = content.getBoundingClientRect();
  const KINDS = {
    equation: "div.math",
    table: "table",
    code: "div.cell_input pre, div.piece pre, div.highlight pre",
    output: "div.cell_output :is(pre, img, svg, figure, output), div.cell_output > .output > *",
  };
  const told = new Set();
  for (const [kind, selector] of Object.entries(KINDS)) {
    for (const element of content.querySelectorAll(selector)) {
      if (!visible(element) || element.closest("mjx-container")) continue;
      // What is cut is wider than one of the boxes around it that lets nothing out.
      const inside = kind === "equation" ? element.querySelector("mjx-container > svg") : element;
      if (!inside) continue;
      for (let box = inside; box && content.contains(box); box = box.parentElement) {
        const overflow = getComputedStyle(box).overflowX;
        if (overflow === "visible" || !wide(box) || told.has(box)) continue;
        told.add(box);
        if (!bar(box)) say(`cut ${kind}`, element, `${box.scrollWidth} px in ${box.clientWidth}`);
      }
      const edges = inside.getBoundingClientRect();
      const free = !element.closest(":is(pre, div, mjx-container)[data-free]");
      let hidden = false;
      for (let box = inside.parentElement; box && content.contains(box); box = box.parentElement) {
        hidden ||= getComputedStyle(box).overflowX !== "visible";
      }
      if (free && !hidden && edges.right > Math.max(room.right, 0) + 1) {
        say(`out ${kind}`, element, `${Math.round(edges.right - room.right)} px beyond the column`);
      }
    }
  }
  for (const number of content.querySelectorAll("div.math > .eqno")) {
    if (!visible(number)) continue;
    const edges = number.getBoundingClientRect();
    const outside = edges.left < 0 || edges.right > document.documentElement.clientWidth + 1;
    const math = number.parentElement.querySelector("mjx-container > svg");
    const covered = math && math.getBoundingClientRect().right > edges.left + 1 &&
      !["auto", "scroll"].includes(getComputedStyle(math.parentElement).overflowX);
    if (outside || covered) say("hidden number", number, "not to be seen");
    const lines = new Set([...number.childNodes].flatMap((part) => {
      const range = document.createRange();
      range.selectNodeContents(part);
      return part.nodeType === Node.TEXT_NODE
        ? [...range.getClientRects()].map((line) => Math.round(line.top)) : [];
    }));
    if (lines.size > 1) say("broken number", number, `in ${lines.size} lines`);
  }
  // On a laptop nobody has to scroll for what is printed.
  for (const output of content.querySelectorAll("div.cell_output pre")) {
    if (innerWidth >= 1200 && visible(output) && wide(output)) {
      say("long print", output, `${output.scrollWidth} px in ${output.clientWidth}`);
    }
  }
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth + 1) {
    say("page too wide", document.body, `${document.documentElement.scrollWidth} px`);
  }
  for (const head of content.querySelectorAll("th")) {
    if (visible(head) && !head.textContent.trim()) say("empty head", head.closest("table"), "th");
  }
  const names = (element) => element.getAttribute("aria-label") || element.textContent.trim() ||
    element.getAttribute("title") || "";
  for (const summary of document.querySelectorAll("nav summary, nav button, nav label")) {
    if (!names(summary)) say("nameless", summary, "an arrow of the navigation");
  }
  const labels = {};
  for (const summary of content.querySelectorAll("details > summary, .toggle-button")) {
    const words = (summary.dataset.toggleHint || names(summary)).replace(/\s+/g, " ");
    if (/\b(show|hide|expand|collapse)\b/i.test(words)) labels[words] = (labels[words] || 0) + 1;
  }
  return { faults, labels };
})()
