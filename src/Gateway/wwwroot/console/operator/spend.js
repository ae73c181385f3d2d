// What was charged over time: stacked by tenant, against the budget and the period before; as a table and as a CSV file.
import { read, save, send } from '../api.js';
import { button, h } from '../dom.js';
import { keepFocus } from '../focus.js';
import { count } from '../format.js';
import { attempt } from './attempt.js';
import { cents, figure, periodOf, quotaOf, readForecast } from './figures.js';
import { stackedDays } from './stacked-days.js';
import { sortedBy, table } from './table.js';

const ranges = [['month', 'This month'], ['7', '7 days'], ['30', '30 days'], ['90', '90 days']];
/** More colours look alike. */
const coloured = 6;

let range = 'month';
let top = 10;
const order = sortedBy('spent', true);

export function openSpend(again) {
  const buttons = ranges.map(([name, label]) => {
    const made = button(label, () => {
      range = name;
      for (const each of buttons) each.setAttribute('aria-pressed', String(each === made));
      return again();
    });
    made.setAttribute('aria-pressed', String(name === range));
    return made;
  });
  let data = null;
  const redraw = () => data && keepFocus(place, () => place.replaceChildren(...draw(data, redraw)));
  const place = h('div', { class: 'work' });
  return {
    title: 'Spend',
    seconds: 60,
    controls: [h('div', { class: 'line' }, h('div', { class: 'actions' }, buttons), button('Download CSV', () => attempt(downloadCsv)))],
    async read() {
      const shown = range;
      const period = periodOf(shown);
      const query = ({ from, to }, by) => read(`admin/usage?from=${from}&to=${to}&by=${by}`);
      const [usage, before, { tenants }, forecast] = await Promise.all([query(period, 'tenant,day'), query(period.before, 'tenant'), read('admin/tenants'), readForecast()]);
      return { range: shown, period, usage, before, tenants, forecast };
    },
    draw(read) {
      data = read;
      redraw();
      return place;
    },
  };
}

function draw({ range, period, usage, before, tenants, forecast }, redraw) {
  const names = new Map(tenants.map(({ id, name }) => [id, name]));
  const previous = new Map(before.rows.map(row => [row.tenant, Number(row.usd)]));
  const spent = new Map();
  for (const row of usage.rows) {
    const each = spent.get(row.tenant) ?? { id: row.tenant, name: names.get(row.tenant) ?? row.tenant, usd: 0, images: 0, before: previous.get(row.tenant) ?? 0 };
    each.usd += Number(row.usd);
    each.images += row.images;
    spent.set(row.tenant, each);
  }
  const teams = [...spent.values()].sort((a, b) => b.usd - a.usd);
  teams.forEach((team, index) => (team.rank = index));
  const total = Number(usage.totals.usd);
  const earlier = Number(before.totals.usd);
  const budget = quotaOf(tenants, 'org-usd-month');
  const limit = budget?.limit ?? null;
  const shown = [...teams.slice(0, top)];
  return [
    h(
      'div',
      { class: 'totals' },
      figure('h2', ranges.find(([name]) => name === range)[1], cents(total), `${count(usage.totals.images, 'image')}${change(total, earlier)}, ${period.from} to ${period.to}, UTC`),
      figure('h2', 'Period before', cents(earlier), `${period.before.from} to ${period.before.to}, UTC`),
      figure('h2', 'Forecast for this month', cents(forecast.forecast), limit === null ? 'no budget for the organisation' : `budget ${cents(limit)}${forecast.forecast > Number(limit) ? ', over it' : ''}`, limit !== null && forecast.forecast > Number(limit)),
    ),
    stackedDays(period.all, usage.rows, teams.slice(0, coloured), limit === null ? null : Number(limit) / forecast.days),
    h('h2', {}, 'Tenants'),
    teams.length > 0 ? table('Table of spend', columns(total), shown, order, redraw) : h('p', { class: 'empty' }, 'Nothing was charged in this time.'),
    ...(teams.length > 10 ? [allOrTop(teams.length, redraw)] : []),
  ];
}

function allOrTop(number, redraw) {
  const made = button(top === 10 ? `Show all ${number}` : 'Show the top 10', () => ((top = top === 10 ? Infinity : 10), redraw()));
  made.dataset.act = 'top';
  return made;
}

const columns = total => [
  {
    key: 'name',
    title: 'Tenant',
    value: team => team.name,
    cell: team => h('span', { class: 'named' }, h('span', { class: `swatch s${team.rank < coloured ? team.rank : 'rest'}`, 'aria-hidden': 'true' }), h('a', { href: `#/operator/tenants/${team.id}` }, team.name)),
  },
  { key: 'spent', title: 'Spent', isNumber: true, value: team => team.usd, cell: team => cents(team.usd) },
  { key: 'share', title: 'Share', isNumber: true, isWide: true, value: team => team.usd, cell: team => (total > 0 ? `${Math.round((team.usd / total) * 100)} %` : '–') },
  { key: 'images', title: 'Images', isNumber: true, isWide: true, value: team => team.images, cell: team => team.images.toLocaleString('en') },
  { key: 'before', title: 'Period before', isNumber: true, value: team => team.before, cell: team => cents(team.before) },
];

function change(now, before) {
  if (before === 0) return '';
  const percent = Math.round((now / before - 1) * 100);
  return percent === 0 ? ', as much as in the period before' : `, ${Math.abs(percent)} % ${percent > 0 ? 'more' : 'less'} than in the period before`;
}

async function downloadCsv() {
  const { from, to } = periodOf(range);
  const response = await send('GET', `admin/usage?from=${from}&to=${to}&by=tenant,day`, { accept: 'text/csv' });
  save(await response.blob(), `usage-${from}-${to}.csv`);
}
