"""The first pages of the PDF: title, and contents with the numbers of the pages."""

import html

# Pages with more, lists of names, are listed by their titles alone.
MOST_SECTIONS = 25
STYLE = """
body { font: 11pt/1.5 sans-serif; color: #222; margin: 0 }
header { height: 9.5in; break-after: page; text-align: center; padding-top: 2.5in;
  box-sizing: border-box }
h1 { font-size: 28pt; font-weight: 600; line-height: 1.2 }
h2 { font-size: 16pt } h3 { font-size: 11pt; margin: 1.2em 0 0.2em; color: #555 }
ol { list-style: none; margin: 0; padding: 0 }
li { display: flex; align-items: baseline; break-inside: avoid }
li.section { font-size: 9.5pt; padding-left: 1.5em }
a { color: inherit; text-decoration: none }
li::before { content: ""; order: 2; flex: 1; border-bottom: 1px dotted #999; margin: 0 0.4em }
li span { order: 3 }
"""


def page(base, book, lines, about):
    """The HTML of title and contents.

    Parameters
    ----------
    base, book : str
        The address of the folder that links start from, and the title.
    lines : list of (part, name, headings, number)
        Headings are (level, words, place); the number is that of the page's first leaf.
    about : list of str
        What stands below the title.
    """
    parts, last = [], None
    for part, name, headings, number in lines:
        if part != last:
            parts.append(f"<h3>{html.escape(part)}</h3>" if part else "")
            last = part
        parts += [_line("", f"{name}.html", words, number) for _, words, _ in headings[:1]]
        sections = [heading for heading in headings if heading[0] == 2]
        if len(sections) > MOST_SECTIONS:
            sections = []
        parts += [
            _line("section", f"{name}.html#{place}", words, None) for _, words, place in sections
        ]
    base = html.escape(base)
    said = "".join(f"<p>{html.escape(line)}</p>" for line in about)
    return (
        f"<!DOCTYPE html><html lang='en'><meta charset='utf-8'><base href='{base}'>"
        f"<title>{html.escape(book)}</title>"
        f"<style>{STYLE}</style><header><h1>{html.escape(book)}</h1>{said}</header>"
        f"<h2>Contents</h2><ol>{''.join(parts)}</ol></html>"
    )


def _line(kind, address, words, number):
    told = "" if number is None else f"<span>{number}</span>"
    link = f'<a href="{html.escape(address)}">{html.escape(words)}</a>'
    return f'<li class="{kind}">{link}{told}</li>'
