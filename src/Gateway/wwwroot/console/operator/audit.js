// Every change that operators made: who, when, why. The newest entries are read; older ones follow when they are asked for.
import { read, save } from '../api.js';
import { $, button, h } from '../dom.js';
import { count, when } from '../format.js';
import { cardFor } from '../problems.js';
import { table } from './table.js';

const pageSize = 200;
/** Of one export. */
const maxPages = 200;

const readLines = before => read(`admin/audit?limit=${pageSize}${before ? `&before=${before}` : ''}`);

/** "anna (1a2b3c4d)": the digits tell two tokens of one name apart. */
const personOf = line => line.who.replace(/ \([0-9a-f]{8}\)$/, '');

const detailOf = line => Object.entries(line.detail ?? {}).filter(([, value]) => value !== null).map(([name, value]) => `${name} ${value}`).join(', ');

export function openAudit(again) {
  let older = [];
  let data = null;
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

  const fits = line =>
    (!filter.who || personOf(line) === filter.who) &&
    (!filter.action || line.action === filter.action) &&
    (!filter.from || line.at.slice(0, 10) >= filter.from) &&
    (!filter.to || line.at.slice(0, 10) <= filter.to) &&
    filter.words.toLowerCase().split(/\s+/).every(word => `${line.who} ${line.action} ${line.target} ${line.reason} ${detailOf(line)}`.toLowerCase().includes(word));

  function draw() {
    const pages = [data, ...older];
    const seen = new Set();
    const lines = pages.flatMap(page => page.lines).filter(({ n }) => !seen.has(n) && seen.add(n));
    complete(people, lines.map(personOf));
    complete(actions, lines.map(({ action }) => action));
    const shown = lines.filter(fits);
    const next = pages.at(-1).next;
    const more = async () => {
      older.push(await readLines(next));
      await again();
    };
    const isBroken = pages.some(page => !page.unbroken);
    return [
      ...(isBroken ? [h('p', { class: 'problem', role: 'alert' }, 'These entries do not match their hashes: the audit trail was changed outside the gateway.')] : []),
      h('p', { class: 'small', role: 'status' }, `${shown.length === lines.length ? count(lines.length, 'entry', 'entries') : `${shown.length} of ${count(lines.length, 'entry', 'entries')}`}${next ? ' read; there are older ones' : ''}${isBroken ? '' : '; their hashes form an unbroken chain'}`),
      shown.length > 0 ? table('Table of changes', columns, shown) : h('p', { class: 'empty' }, lines.length === 0 ? 'No manual changes yet.' : 'No entry fits.'),
      ...(next ? [button('Show older entries', more)] : []),
    ];
  }

  /** Of all there are, not only of those that are shown. */
  async function exportCsv() {
    const made = $('#export-audit');
    made.disabled = true;
    try {
      const all = [];
      let page = await readLines();
      for (let read = 1; ; read++) {
        all.push(...page.lines.filter(fits));
        if (!page.next || read === maxPages) break;
        page = await readLines(page.next);
      }
      save(new Blob([csvOf(all)], { type: 'text/csv' }), 'audit.csv');
    } catch (fault) {
      $('#operator-fault').replaceChildren(cardFor(fault));
    }
    made.disabled = false;
  }

  const exporting = button('Export CSV', exportCsv);
  exporting.id = 'export-audit';
  return {
    title: 'Audit',
    seconds: 15,
    controls: [h('div', { class: 'filters' }, search, people, actions, ...dates, exporting)],
    read: () => readLines(),
    draw(read) {
      // Lines between the newest page and the older ones would be missing.
      if (older.length > 0 && read.next && data && read.lines.at(-1).n > data.lines[0].n) older = [];
      if (older.length > 0) older = [data, ...older].filter((page, index, all) => all.indexOf(page) === index);
      data = read;
      redraw();
      return place;
    },
  };
}

/** Adds the options that are missing. */
function complete(select, values) {
  const known = new Set([...select.options].map(option => option.value));
  for (const value of [...new Set(values)].sort()) if (!known.has(value)) select.append(h('option', { value }, value));
}

const columns = [
  { key: 'at', title: 'Time', cell: line => h('span', { class: 'nowrap' }, when(line.at)) },
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
