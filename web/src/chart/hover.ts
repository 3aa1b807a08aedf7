// SPDX-License-Identifier: GPL-3.0-or-later

/** Writes what lies under the pointer into the drawing's title when it comes there: a title for each shape would be as many
 * elements again. Who hears the page has the table. */
export function titled(under: (event: MouseEvent) => string): (event: MouseEvent) => void {
  return (event) => {
    const drawing = event.currentTarget as Element;
    const title = drawing.querySelector(":scope > title") ?? drawing.appendChild(document.createElementNS(drawing.namespaceURI, "title"));
    const said = under(event);
    if (title.textContent !== said) title.textContent = said;
  };
}
