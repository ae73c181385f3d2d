// What has no outcome yet, what does not end, and any request by its id or trace.
import { read } from '../api.js';
import { h } from '../dom.js';
import { count } from '../format.js';
import { newestFirst } from './older.js';
import { reservations } from './reservations.js';

const views = {
  open: ['All open', 'held', 'Everything that holds quota: queued, waiting for a slot, being sent, or unknown.', 'Nothing is open: every outcome is known.'],
  queued: ['Queued', 'queued', 'Jobs that wait for their turn.', 'No job is queued.'],
  running: ['Being sent', 'forwarding', 'Requests that were sent to Leonardo and are not answered yet.', 'No request is being sent.'],
  unknown: [
    'Unknown',
    'unknown',
    'These requests were sent to Leonardo, but no reliable answer came back. Their quota stays held. The gateway resolves most of them by itself. Before you end one by hand, look for its seed in Leonardo’s own list.',
    'Every outcome is known.',
  ],
  stuck: [
    'Stuck',
    'stuck',
    'These generations are charged, and have been running at Leonardo for much longer than they should. They no longer hold a slot, and the gateway keeps asking for them. There is nothing to decide here: ask Leonardo’s support.',
    'No generation is overdue.',
  ],
  'written-off': ['Written off', 'written-off', 'Unknown for so long that they were counted as spent. If Leonardo made no images, release one: the team gets its quota back.', 'Nothing is written off.'],
};

export function openWork(again, view = 'open', wanted = '') {
  const isSearch = view === 'find';
  const known = Object.hasOwn(views, view) ? view : 'open';
  const list = newestFirst({
    async readPage(limit, before) {
      const { generations, next } = await read(`admin/generations?state=${views[known][1]}&limit=${limit}${before ? `&before=${before}` : ''}`);
      return { items: generations, next };
    },
    size: 50,
    most: 200,
    // They are made from the time.
    orderOf: entry => entry.reservationId,
    cursorOf: entry => entry.reservationId,
  });
  const search = h('input', { type: 'search', id: 'find-request', placeholder: 'X-Request-Id or traceId', autocomplete: 'off', spellcheck: 'false', value: wanted, 'aria-label': 'Request id or trace' });
  const form = h('form', { class: 'filters', role: 'search' }, search, h('button', { type: 'submit', class: 'quiet' }, 'Find'));
  form.onsubmit = event => {
    event.preventDefault();
    const text = search.value.trim();
    location.hash = text ? `#/operator/work/find/${encodeURIComponent(text)}` : '#/operator/work';
  };
  const tabs = h('nav', { class: 'tabs small-tabs', 'aria-label': 'Kinds of work' }, Object.entries(views).map(([name, [label]]) => h('a', { href: `#/operator/work/${name}`, 'aria-current': name === known && !isSearch ? 'page' : undefined }, label)));
  return {
    title: 'Work',
    seconds: 5,
    controls: [form, tabs],
    read: () => (isSearch ? find(wanted) : list.read()),
    draw(data) {
      const { items: all, next, isPartial } = data;
      if (isSearch) return h('div', { class: 'work' }, found(wanted, all, isPartial, again));
      return h(
        'div',
        { class: 'work' },
        h('p', { class: 'lead' }, views[known][2]),
        all.length > 0 ? [h('p', { class: 'small', role: 'status' }, `${count(all.length, 'request')}${next ? ', and more' : ''}`), reservations('Table of requests', all, again)] : h('p', { class: 'empty' }, views[known][3]),
        list.olderButton('Show older ones', data, again),
      );
    },
  };
}

/** A text can be the id of a request and of a trace: both have 32 hexadecimal digits if the gateway made them. */
async function find(text) {
  const traceId = text.replaceAll('-', '').toLowerCase();
  const asked = [`request=${encodeURIComponent(text)}`, /^[0-9a-f]{32}$/.test(traceId) && `trace=${traceId}`].filter(Boolean);
  const isId = /^[A-Za-z0-9._-]{1,128}$/.test(text);
  const pages = isId ? await Promise.all(asked.map(query => read(`admin/generations?${query}&limit=50`))) : [];
  const byId = new Map(pages.flatMap(page => page.generations).map(entry => [entry.reservationId, entry]));
  return { items: [...byId.values()], isPartial: pages.some(page => page.next) };
}

function found(text, all, isPartial, again) {
  return [
    all.length > 0
      ? [h('p', { class: 'small', role: 'status' }, `${count(all.length, 'request')} with the id ${text}`), reservations('Table of what was found', all, again)]
      : h('p', { class: 'empty', role: 'status' }, `No request has the id or trace ${text}.${isPartial ? ' The latest 100,000 requests were searched.' : ' It may have been refused before anything was reserved: the log has it.'}`),
    h('p', {}, h('a', { href: '#/operator/work' }, 'All open work')),
  ].flat();
}
