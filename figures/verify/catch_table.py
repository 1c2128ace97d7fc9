"""Every mutant in words, on the page: grouped by the source that it changes, and searchable.

On a narrow screen a mutant is a block of lines, not a row that runs off it.
"""

import html

from .. import page
from . import catch_matrix

STYLE = """
.catch input { width: 100%; box-sizing: border-box; padding: .4em .6em; font: inherit;
  margin-bottom: .6em; }
.catch details { border-top: 1px solid #7d7d7d66; padding: .3em 0; }
.catch summary { cursor: pointer; font-weight: 600; }
.catch dl { margin: .5em 0 .9em .2em; display: grid; gap: .1em .9em;
  grid-template-columns: minmax(6em, 9em) minmax(0, 1fr); overflow-wrap: anywhere; }
.catch dt { grid-column: 1; opacity: .75; font-weight: 400; margin: 0; }
.catch dd { grid-column: 2; margin: 0; }
.catch dl > dt:first-of-type, .catch dl > dd:first-of-type { opacity: 1; font-weight: 600; }
@media (max-width: 600px) { .catch dl { grid-template-columns: minmax(0, 1fr); }
  .catch dt, .catch dd { grid-column: 1; } }
"""
SCRIPT = """
(() => {
  const box = document.currentScript.parentElement, field = box.querySelector("input");
  const said = box.querySelector("[role=status]"), all = [...box.querySelectorAll("dl")];
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    for (const one of all) {
      const text = one.textContent.toLowerCase();
      one.hidden = !words.every(word => text.includes(word));
      one.style.display = one.hidden ? "none" : "";
      shown += !one.hidden;
    }
    for (const part of box.querySelectorAll("details")) {
      const some = [...part.querySelectorAll("dl")].some(one => !one.hidden);
      part.style.display = some ? "" : "none";
      part.open = words.length > 0 && some;
    }
    said.textContent = words.length ? `${shown} of ${all.length}` : "";
  });
})();
"""


def rows(data, verdicts=None):
    """Of each mutant its group and what is told of it, pairs of a word and a text.

    Parameters
    ----------
    data : catch_matrix.Matrix
    verdicts : dict, optional
        Mutant -> what the first report is worth, of `judgement.read`.
    """
    told = {row["mutant"]: row for row in catch_matrix.table(data)}
    found = []
    for mutant in data.mutants:
        if mutant.harmless:
            continue
        row = told[mutant.name]
        entry = [
            (row["mutant"], row["mistake"]),
            ("changes", row["source"]),
            ("caught in", row["caught in"]),
            ("first", f"{row['first case']}, {row['quantity']}".strip(", ")),
            ("report", row["report"]),
        ]
        if verdicts:
            entry.append(("judged", verdicts[mutant.name]))
        found.append((catch_matrix.group(mutant), entry))
    return found


def show(data, verdicts=None):
    """The table as a piece of HTML; as plain text, how many mutants each source has."""
    groups = {}
    for name, entry in rows(data, verdicts):
        groups.setdefault(name, []).append(entry)
    parts = [
        f"<details><summary>{html.escape(name)} ({len(entries)})</summary>"
        + "".join(map(_entry, entries))
        + "</details>"
        for name, entries in groups.items()
    ]
    total = sum(map(len, groups.values()))
    text = (
        f'<div class="catch"><style>{STYLE}</style>'
        f'<input type="search" placeholder="search {total} mistakes: gamma, transposed, threshold"'
        ' aria-label="search the mistakes"><div role="status"></div>'
        + "".join(parts)
        + f"<script>{SCRIPT}</script></div>"
    )
    words = "; ".join(f"{name} {len(entries)}" for name, entries in groups.items())
    return page.Html(text, f"Mistakes by the source that they change: {words}.")


def _entry(pairs):
    lines = (f"<dt>{html.escape(word)}</dt><dd>{html.escape(text)}</dd>" for word, text in pairs)
    return f"<dl>{''.join(lines)}</dl>"
