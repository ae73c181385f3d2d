// Every change that operators made: who, when, why. The newest entries are read; older ones too when they are asked for.
import { read, save } from '../api.js';
import { button, h } from '../dom.js';
import { count, whenUtc } from '../format.js';
import { attempt } from './attempt.js';
import { newestFirst } from './older.js';
import { table } from './table.js';

/** That one read may ask for. */
const mostLines = 500;
/** Of one export. */
const mostPages = 200;

const readLines = (limit, before) => read(`admin/audit?limit=${limit}${before ? `&before=${before}` : ''}`);

/** "anna (1a2b3c4d)": the digits tell two tokens of one name apart. */
const personOf = line => line.who.replace(/ \([0-9a-f]{8}\)$/, '');

const detailOf = line => Object.entries(line.detail ?? {}).filter(([, value]) => value !== null).map(([name, value]) => `${name} ${value}`).join(', ');

export function openAudit(again) {
  let data = null;
  const list = newestFirst({
    async readPage(limit, before) {
      const page = await readLines(limit, before);
      return { ...page, items: page.lines };
    },
    size: 200,
    most: mostLines,
    orderOf: line => line.n,
    cursorOf: line => line.n,
  });
  const filter = { words: '', who: '', action: '', from: '', to: '' };
  const place = h('div', { class: 'work' });
  const redraw = () => data && place.replaceChildren(...draw());
  const control = (name, element) => {
    element.oninput = () => {
      filter[name] = element.value;
      redraw();
    };
    return element;
  };
  const people = control('who', h('select', { 'aria-label': 'Who' }, h('option', { value: '' }, 'Everybody')));
  const actions = control('action', h('select', { 'aria-label': 'What' }, h('option', { value: '' }, 'Every change')));
  const search = control('words', h('input', { type: 'search', 'aria-label': 'Search the audit', placeholder: 'Search targets and reasons', autocomplete: 'off' }));
  const dates = ['from', 'to'].map(name => control(name, h('input', { type: 'date', 'aria-label': name === 'from' ? 'First day, UTC' : 'Last day, UTC' })));

  const fits = (line, filter) =>
    (!filter.who || personOf(line) === filter.who) &&
    (!filter.action || line.action === filter.action) &&
    (!filter.from || line.at.slice(0, 10) >= filter.from) &&
    (!filter.to || line.at.slice(0, 10) <= filter.to) &&
    filter.words.toLowerCase().split(/\s+/).every(word => `${line.who} ${line.action} ${line.target} ${line.reason} ${detailOf(line)}`.toLowerCase().includes(word));

  function draw() {
    const { items: lines, pages, next } = data;
    complete(people, lines.map(personOf));
    complete(actions, lines.map(({ action }) => action));
    const shown = lines.filter(line => fits(line, filter));
    // The gateway checks each page, and not where two meet.
    const isBroken = pages.some(page => !page.unbroken) || lines.some((line, index) => index > 0 && lines[index - 1].previousHash !== line.hash);
    return [
      ...(isBroken ? [h('p', { class: 'problem', role: 'alert' }, 'These entries do not match their hashes: the audit trail was changed outside the gateway.')] : []),
      h('p', { class: 'small', role: 'status' }, `${shown.length === lines.length ? count(lines.length, 'entry', 'entries') : `${shown.length} of ${count(lines.length, 'entry', 'entries')}`}${next ? ' read; there are older ones' : ''}${isBroken ? '' : '; their hashes form an unbroken chain'}`),
      shown.length > 0 ? table('Table of changes', columns, shown) : h('p', { class: 'empty' }, lines.length === 0 ? 'No manual changes yet.' : 'No entry fits.'),
      list.olderButton('Show older entries', data, again) ?? '',
    ];
  }

  /** Of all there are, not only of those that are shown. */
  async function exportCsv() {
    // A person may change it meanwhile.
    const wanted = { ...filter };
    const all = new Map();
    let next = null;
    let pages = 0;
    do {
      const page = await patiently(() => readLines(mostLines, next));
      for (const line of page.lines) all.set(line.n, line);
      next = page.next;
    } while (next !== null && ++pages < mostPages);
    save(new Blob([csvOf([...all.values()].filter(line => fits(line, wanted)))], { type: 'text/csv' }), 'audit.csv');
    return next === null ? null : h('p', { class: 'problem', role: 'alert' }, `Only the newest ${count(all.size, 'entry', 'entries')} were read: older ones are not in the file.`);
  }

  const exporting = button('Export CSV', async () => {
    exporting.disabled = true;
    await attempt(exportCsv);
    exporting.disabled = false;
  });
  return {
    title: 'Audit',
    seconds: 15,
    controls: [h('div', { class: 'filters' }, search, people, actions, ...dates, exporting)],
    read: list.read,
    draw(read) {
      data = read;
      redraw();
      return place;
    },
  };
}

/** Again when the gateway says so: many reads in a row are more than an operator may send in a second. */
async function patiently(action, tries = 20) {
  try {
    return await action();
  } catch (fault) {
    if (fault.status !== 429 || !fault.retryAfter || tries === 0) throw fault;
    await new Promise(resolve => setTimeout(resolve, fault.retryAfter * 1000));
    return patiently(action, tries - 1);
  }
}

/** Adds the options that are missing. */
function complete(select, values) {
  const known = new Set([...select.options].map(option => option.value));
  for (const value of [...new Set(values)].sort()) if (!known.has(value)) select.append(h('option', { value }, value));
}

const columns = [
  { key: 'at', title: 'Time, UTC', cell: line => h('span', { class: 'nowrap' }, whenUtc(line.at)) },
  { key: 'who', title: 'Who', cell: line => h('span', { title: line.who }, personOf(line)) },
  { key: 'action', title: 'Change', cell: line => [h('strong', {}, line.action), detailOf(line) && h('span', { class: 'below' }, detailOf(line))] },
  { key: 'target', title: 'Of', cell: line => h('code', {}, line.target) },
  { key: 'reason', title: 'Reason', cell: line => line.reason },
];

function csvOf(lines) {
  // A spreadsheet would run a cell that begins so as a formula.
  const cell = value => `"${String(value).replace(/^(?=[=+\-@\t\r])/, "'").replaceAll('"', '""')}"`;
  const rows = lines.map(line => [line.n, line.at, personOf(line), line.who, line.action, line.target, line.reason, JSON.stringify(line.detail ?? {})].map(cell).join(','));
  return ['n,at,person,who,action,target,reason,detail', ...rows, ''].join('\r\n');
}
