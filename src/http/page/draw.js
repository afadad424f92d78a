/** Elements from words, and a document that changes only where something changed. */

/**
 * An element. `attributes`: null, undefined and false are left out; `style` is an object, since the policy of
 * this page allows no style attribute. Children: elements, texts, and lists of both; null is left out.
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  fill(element, attributes);
  for (const child of children.flat(3)) if (child !== null && child !== undefined) element.append(child);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

export function svg(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  fill(element, attributes);
  element.append(...children);
  return element;
}

function fill(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'style') Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

/** Makes the content of `target` that of `wanted`. What is the same stays: focus, selection, open details. */
export function show(target, wanted) {
  const next = wanted.flat(3).filter((child) => child !== null && child !== undefined);
  const fresh = next.map((child) => (typeof child === 'string' ? document.createTextNode(child) : child));
  const old = [...target.childNodes];
  fresh.forEach((node, place) => {
    const before = old[place];
    if (before === undefined) target.append(node);
    else if (isAlike(before, node)) mend(before, node);
    else before.replaceWith(node);
  });
  for (const surplus of old.slice(fresh.length)) surplus.remove();
}

const isAlike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
const keyOf = (node) => node.dataset?.key ?? '';

function mend(before, node) {
  if (node.nodeType === Node.TEXT_NODE) {
    if (before.data !== node.data) before.data = node.data;
    return;
  }
  for (const { name } of [...before.attributes]) {
    // Whether details are open is the reader's business.
    if (!node.hasAttribute(name) && name !== 'open') before.removeAttribute(name);
  }
  for (const { name, value } of node.attributes) {
    if (name === 'style' || before.getAttribute(name) === value) continue;
    before.setAttribute(name, value);
  }
  if (before.style.cssText !== node.style.cssText) before.style.cssText = node.style.cssText;
  show(before, [...node.childNodes]);
}
