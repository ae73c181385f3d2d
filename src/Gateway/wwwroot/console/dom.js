// Elements without a framework. Text is inserted as text nodes only: nothing that a caller or Leonardo wrote is parsed as markup.

export const $ = (selector, root = document) => root.querySelector(selector);

export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

let last = 0;

/** An id for labels and descriptions. */
export const freshId = stem => `${stem}-${++last}`;

export function button(label, onclick, look = 'quiet') {
  return h('button', { type: 'button', class: look, onclick }, label);
}

/** Announces something to screen readers without moving the focus. */
export function say(text) {
  const place = $('#said');
  place.textContent = '';
  // A text that is set in the same task as it is emptied may not be announced.
  setTimeout(() => (place.textContent = text), 50);
}

export async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Plain http has no clipboard API; the old command still works.
  const area = h('textarea', { class: 'away', 'aria-hidden': 'true', tabindex: '-1' });
  area.value = text;
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error('The browser does not allow this page to copy.');
}

/** Tells other modules that something has happened. */
export const emit = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
export const on = (name, handler) => document.addEventListener(name, event => handler(event.detail));

const outlines = {
  download: 'M12 4v11m-5-5 5 5 5-5M5 20h14',
  reference: 'M4 5h11v11H4zM18 9v11H8m10-15v-2m-1 1h2',
  left: 'm15 5-7 7 7 7',
  right: 'm9 5 7 7-7 7',
  close: 'M6 6l12 12M18 6 6 18',
  lock: 'M6 11h12v9H6zm2 0V8a4 4 0 0 1 8 0v3',
  swap: 'M4 9h15l-4-4m5 10H5l4 4',
};

/** A button with a picture instead of a text. @param label what it does, for everyone who does not see or know the picture. */
export function iconButton(name, label, onclick, look = 'icon') {
  return h('button', { type: 'button', class: look, 'aria-label': label, title: label, onclick }, icon(name));
}

export const icon = name => svg('svg', { viewBox: '0 0 24 24', class: 'outline', 'aria-hidden': 'true' }, svg('path', { d: outlines[name] }));
