// The stream as elements: in pages, of which only those near the window have content. Ten thousand generations take no more of the browser than a hundred.
import { $, h, on } from './dom.js';
import { entryOf } from './entry.js';
import { dayOf } from './format.js';
import { promptOf } from './picture.js';
import { runOf } from './runs.js';
import { known } from './store.js';

/** Few, so that none takes long to build. The first page grows as generations are made. */
const perPage = 12;
const pages = [];
const pageOf = new Map();
const pageOfElement = new WeakMap();
/** Of the pages that were seen: what one that was never seen is taken for. */
const heights = { sum: 0, entries: 0 };

/** Near the window, and still without content: the nearest one first. */
let waiting = [];

const nearby = new IntersectionObserver(
  entries => {
    const middle = innerHeight / 2;
    const distances = new Map(waiting);
    for (const { target, isIntersecting, boundingClientRect: { top, bottom, height } } of entries) {
      const page = pageOfElement.get(target);
      distances.delete(page);
      if (!isIntersecting) empty(page, height);
      else if (!page.isFilled) distances.set(page, Math.max(0, top - middle, middle - bottom));
    }
    const isWaiting = waiting.length > 0;
    waiting = [...distances].sort(([, one], [, other]) => one - other);
    if (!isWaiting) fillNext();
  },
  { rootMargin: '1200px 0px' },
);

/** Each in a task of its own: a person who goes far meets many at once. */
function fillNext() {
  const [nearest] = waiting.shift() ?? [];
  if (!nearest) return;
  fill(nearest);
  if (waiting.length > 0) setTimeout(fillNext);
}

export const shownIds = () => pages.flatMap(page => page.ids);
export const isShown = id => pageOf.has(id);

export function clear() {
  nearby.disconnect();
  waiting = [];
  heights.sum = heights.entries = 0;
  pages.length = 0;
  pageOf.clear();
  $('#results').replaceChildren();
}

/** Below all others. */
export function addEntries(ids) {
  for (let at = 0; at < ids.length; at += perPage) insert({ element: h('div', { class: 'results-page' }), ids: ids.slice(at, at + perPage), isFilled: false }, pages.length);
}

/** A generation that was not in the list before. */
export function addEntry(id) {
  if (isShown(id)) return;
  if (pages.length === 0 || pages[0].ids.length >= 2 * perPage) insert({ element: h('div', { class: 'results-page' }), ids: [], isFilled: true }, 0);
  const page = pages[0];
  const older = page.ids.findIndex(each => !isNewer(each, id));
  const at = older < 0 ? page.ids.length : older;
  page.ids.splice(at, 0, id);
  pageOf.set(id, page);
  if (!page.isFilled) return;
  page.element.insertBefore(article(id), articleOf(page.ids[at + 1]));
  markDays(page);
}

export function updateEntry(id) {
  const element = articleOf(id);
  if (!element) return;
  const hadFocus = element.contains(document.activeElement);
  element.setAttribute('aria-busy', String(Boolean(runOf(id))));
  const hadMenu = $('.menu[open]', element) !== null;
  element.replaceChildren(...entryOf(known(id)));
  const menu = hadMenu && $('.menu', element);
  if (menu) menu.open = true;
  if (hadFocus) $(menu ? '.menu summary' : 'a.asked', element)?.focus();
}

/** @returns the id that is in its place now: the next or the previous one. */
export function removeEntry(id) {
  const page = pageOf.get(id);
  if (!page) return null;
  const all = shownIds();
  const at = all.indexOf(id);
  const next = all[at + 1] ?? all[at - 1] ?? null;
  page.ids.splice(page.ids.indexOf(id), 1);
  pageOf.delete(id);
  articleOf(id, page)?.remove();
  if (page.isFilled) markDays(page);
  if (page.ids.length === 0) {
    nearby.unobserve(page.element);
    page.element.remove();
    pages.splice(pages.indexOf(page), 1);
  }
  return next;
}

/** Its element; null: it is not shown, or far from the window. */
export const articleOf = (id, page = pageOf.get(id)) => (page ? $(`[data-id="${id}"]`, page.element) : null);

const isNewer = (id, other) => (known(id).createdAt ?? '') > (known(other).createdAt ?? '');

function insert(page, at) {
  for (const id of page.ids) pageOf.set(id, page);
  $('#results').insertBefore(page.element, pages[at]?.element ?? null);
  pages.splice(at, 0, page);
  pageOfElement.set(page.element, page);
  // The first ones are seen at once; the others get their content as they come near.
  if (pages.length <= 2) fill(page);
  else if (!page.isFilled) page.element.style.height = `${Math.round((heights.sum / heights.entries || 320) * page.ids.length)}px`;
  nearby.observe(page.element);
}

function fill(page) {
  if (page.isFilled) return;
  page.isFilled = true;
  page.element.replaceChildren(...page.ids.map(article));
  page.element.style.height = '';
  markDays(page);
}

/** @param height as it was observed: to measure it would lay out the page again. */
function empty(page, height) {
  if (!page.isFilled || page.element.contains(document.activeElement)) return;
  heights.sum += height;
  heights.entries += page.ids.length;
  page.element.style.height = `${height}px`;
  page.isFilled = false;
  page.element.replaceChildren();
}

function article(id) {
  const generation = known(id);
  return h('article', { class: 'result', 'data-id': id, 'aria-label': `Result: ${promptOf(generation).slice(0, 80)}`, 'aria-busy': runOf(id) ? 'true' : false }, entryOf(generation));
}

const dayOfId = id => dayOf(known(id).createdAt ?? new Date().toISOString());

/** A heading where another day begins. */
function markDays(page) {
  for (const heading of page.element.querySelectorAll(':scope > h2')) heading.remove();
  const before = pages[pages.indexOf(page) - 1]?.ids.at(-1);
  let day = before ? dayOfId(before) : null;
  for (const id of page.ids) {
    const own = dayOfId(id);
    if (own !== day) articleOf(id, page).before(h('h2', { class: 'day' }, own));
    day = own;
  }
}

// Every height is another one.
on('layout-changed', () => {
  const all = shownIds();
  clear();
  addEntries(all);
});
