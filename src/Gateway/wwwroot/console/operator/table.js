// A table whose columns can be sorted. It scrolls in its own frame where the window is too narrow.
import { h } from '../dom.js';

/** Which column the rows are sorted by, kept while the table is made again. */
export const sortedBy = (key, isDown = false) => ({ key, isDown });

/**
 * @param columns `{key, title, value(row), cell(row), isNumber, isWide}`; without `value` it cannot be sorted; a wide one is left out where the window is narrow.
 * @param order of sortedBy, or null; @param again makes the table again.
 */
export function table(label, columns, rows, order = null, again = null) {
  const by = order && columns.find(column => column.key === order.key);
  const sorted = by ? [...rows].sort((a, b) => compare(by.value(a), by.value(b)) * (order.isDown ? -1 : 1)) : rows;
  return h(
    'div',
    { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': label },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, columns.map(column => head(column, order, again)))),
      h('tbody', {}, sorted.map(row => h('tr', {}, columns.map(column => h('td', { class: classOf(column) }, column.cell(row)))))),
    ),
  );
}

function head(column, order, again) {
  const isOrder = order?.key === column.key;
  const sort = isOrder ? (order.isDown ? 'descending' : 'ascending') : undefined;
  const title = !order || !column.value ? h('span', { class: column.isHidden ? 'away' : undefined }, column.title) : sorter(column, order, again, sort);
  return h('th', { scope: 'col', class: classOf(column), 'aria-sort': sort }, title);
}

function sorter(column, order, again, sort) {
  const choose = () => {
    // Amounts begin with the largest, names with the first.
    order.isDown = order.key === column.key ? !order.isDown : Boolean(column.isNumber);
    order.key = column.key;
    again();
  };
  return h('button', { type: 'button', class: 'sort', 'data-act': `sort-${column.key}`, onclick: choose }, column.title, h('span', { 'aria-hidden': 'true' }, sort === 'descending' ? ' ↓' : sort ? ' ↑' : ''));
}

const classOf = ({ isNumber, isWide }) => [isNumber && 'number', isWide && 'extra'].filter(Boolean).join(' ') || undefined;

const compare = (a, b) => (typeof a === 'string' || typeof b === 'string' ? String(a).localeCompare(String(b), 'en', { numeric: true }) : a - b);
