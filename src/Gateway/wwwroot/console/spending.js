// What was charged over time, for all teams and for each one, as plots and as a CSV file.
import { read, save, send } from './api.js';
import { $, button, h } from './dom.js';
import { count, usd } from './format.js';
import { columns } from './plots.js';
import { cardFor } from './problems.js';

let days = 30;

const dayText = date => date.toISOString().slice(0, 10);

function period() {
  const to = new Date();
  const all = Array.from({ length: days }, (_, back) => dayText(new Date(to - (days - 1 - back) * 86_400_000)));
  return { all, query: `from=${all[0]}&to=${all.at(-1)}&by=tenant,day` };
}

export function rangeButtons() {
  const ranges = [7, 30, 90].map(n => {
    const made = button(`${n} days`, async () => {
      days = n;
      for (const each of ranges) each.setAttribute('aria-pressed', String(each === made));
      $('#spending').replaceChildren(await spending().catch(cardFor));
    });
    made.setAttribute('aria-pressed', String(n === days));
    return made;
  });
  return h('div', { class: 'actions' }, ranges, button('Download CSV', downloadCsv));
}

export async function spending() {
  const { all, query } = period();
  const { rows } = await read(`admin/usage?${query}`);
  const dollars = chosen => chosen.reduce((sum, row) => sum + Number(row.usd), 0);
  const byDay = chosen => {
    const sums = new Map(all.map(day => [day, 0]));
    for (const row of chosen) sums.set(row.day, (sums.get(row.day) ?? 0) + Number(row.usd));
    return [...sums].map(([day, value]) => ({ day, value }));
  };
  // All teams have the same scale, so that they can be compared; the highest spending comes first.
  const highest = Math.max(0, ...rows.map(row => Number(row.usd)));
  const teams = [...new Set(rows.map(row => row.tenant))].map(name => ({ name, own: rows.filter(row => row.tenant === name) })).sort((a, b) => dollars(b.own) - dollars(a.own));
  return h(
    'div',
    {},
    h('p', { class: 'figure' }, usd(dollars(rows))),
    h('p', { class: 'small' }, `${count(rows.reduce((sum, row) => sum + row.images, 0), 'image')} in ${count(days, 'day')}, all teams. Days are in UTC.`),
    columns(byDay(rows), 'All teams', usd),
    h(
      'div',
      { class: 'small-plots' },
      teams.map(({ name, own }) => h('div', {}, h('div', { class: 'line' }, h('h3', {}, name), h('p', {}, usd(dollars(own)))), columns(byDay(own), name, usd, highest))),
    ),
  );
}

async function downloadCsv() {
  try {
    const { query, all } = period();
    const response = await send('GET', `admin/usage?${query}`, { accept: 'text/csv' });
    save(await response.blob(), `usage-${all[0]}-${all.at(-1)}.csv`);
  } catch (fault) {
    $('#spending').prepend(cardFor(fault));
  }
}
