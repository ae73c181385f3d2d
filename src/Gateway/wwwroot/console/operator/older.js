// A list that is read page by page, the newest first. What a person has asked for stays shown: all of it is read again each time.
import { button, h } from '../dom.js';
import { count } from '../format.js';
import { shortly } from '../problems.js';

/** With more rows a table makes the browser slow. */
const mostRows = 2000;

/**
 * @param readPage of a limit and a cursor, or null; it answers `{items, next}`. @param size of the first page. @param most that one read may ask for.
 * @param orderOf an item: greater for newer ones. @param cursorOf an item: what readPage takes to read what is older.
 */
export function newestFirst({ readPage, size, most, orderOf, cursorOf }) {
  /** Of the last row, once older ones were asked for: new ones do not push it out. */
  let oldest = null;
  let isAsked = false;

  async function readRows() {
    const [last, isMore] = [oldest, isAsked];
    const [pages, items] = [[], []];
    let [next, wanted] = [null, 0];
    do {
      const page = await readPage(last === null && !isMore ? size : most, next);
      pages.push(page);
      items.push(...page.items);
      next = page.next;
      const before = last === null ? size : items.findIndex(item => orderOf(item) < last);
      wanted = before < 0 ? mostRows : Math.min(mostRows, Math.max(size, before + (isMore ? size : 0)));
    } while (next !== null && items.length < wanted);
    const shown = items.slice(0, wanted);
    if (isMore) [oldest, isAsked] = [shown.length > 0 ? orderOf(shown.at(-1)) : null, false];
    return { items: shown, pages, next: shown.length < items.length ? cursorOf(shown.at(-1)) : next };
  }

  /** @param again reads the page; @returns null where there are none. */
  function olderButton(label, { items, next }, again) {
    if (next === null) return null;
    if (items.length >= mostRows) return h('p', { class: 'small' }, `Only the newest ${count(mostRows, 'row')} are shown.`);
    const failed = h('p', { class: 'fault', role: 'status' });
    const more = async () => {
      isAsked = true;
      const fault = await again();
      // After a success the page is made again, without this button.
      failed.textContent = fault ? `Not read: ${shortly(fault)}. It is tried again by itself.` : '';
    };
    return h('div', { class: 'actions' }, button(label, more), failed);
  }

  return { read: readRows, olderButton };
}
