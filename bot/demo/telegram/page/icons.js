// Icons out of the sprite in index.html, so that no emoji font is needed for the page's own signs.

const SVG = "http://www.w3.org/2000/svg";

export function icon(name, label) {
  const node = document.createElementNS(SVG, "svg");
  node.setAttribute("class", `i i-${name}`);
  if (label) {
    node.setAttribute("role", "img");
    node.setAttribute("aria-label", label);
    const title = document.createElementNS(SVG, "title");
    title.textContent = label;
    node.append(title);
  } else node.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  node.append(use);
  return node;
}
