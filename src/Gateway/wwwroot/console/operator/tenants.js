// All tenants in a table that can be sorted and searched.
import { read } from '../api.js';
import { button, h } from '../dom.js';
import { keepFocus } from '../focus.js';
import { count, quotaAmount } from '../format.js';
import { bar } from '../plots.js';
import { grantButton } from './decisions.js';
import { cents } from './figures.js';
import { refusedFile } from './refused-file.js';
import { sortedBy, table } from './table.js';

const most = 200;
const order = sortedBy('spent', true);
let words = '';
let only = 'all';
let isComplete = false;

const quota = (tenant, name) => tenant.quotas.find(each => each.name === name);
const share = each => (each && Number(each.limit) > 0 ? (Number(each.used) + Number(each.held)) / Number(each.limit) : 0);
const highest = tenant => Math.max(...['usd-month', 'images-month', 'images-day'].map(name => share(quota(tenant, name))));

const filters = {
  all: ['All', () => true],
  near: ['Over 80 % of a quota', tenant => highest(tenant) >= 0.8],
  suspended: ['Suspended', tenant => tenant.suspended],
};

export function openTenants(again) {
  let data = null;
  const redraw = () => data && keepFocus(place, () => place.replaceChildren(...draw(data, again, redraw)));
  const place = h('div', { class: 'work' });
  const search = h('input', { type: 'search', 'aria-label': 'Search tenants', placeholder: 'Search tenants by name or id', autocomplete: 'off', value: words });
  search.oninput = () => {
    words = search.value;
    redraw();
  };
  const select = h('select', { 'aria-label': 'Which tenants' }, Object.entries(filters).map(([name, [label]]) => h('option', { value: name, selected: name === only }, label)));
  select.onchange = () => {
    only = select.value;
    redraw();
  };
  return {
    title: 'Tenants',
    seconds: 15,
    controls: [h('div', { class: 'filters' }, search, select)],
    read: () => read('admin/tenants'),
    draw(read) {
      data = read;
      redraw();
      return place;
    },
  };
}

function draw({ tenants, fileErrors = [], fileSince }, again, redraw) {
  const all = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = tenants.filter(tenant => all.every(word => `${tenant.id} ${tenant.name}`.toLowerCase().includes(word)) && filters[only][1](tenant));
  const shown = isComplete ? found : found.slice(0, most);
  return [
    ...(fileErrors.length > 0 ? [refusedFile(fileErrors, fileSince)] : []),
    h('p', { class: 'small', role: 'status' }, found.length === tenants.length ? count(tenants.length, 'tenant') : `${found.length} of ${count(tenants.length, 'tenant')}`),
    found.length > 0 ? table('Table of tenants', columns(again), shown, order, redraw) : h('p', { class: 'empty' }, 'No tenant fits the search.'),
    ...(found.length > shown.length
      ? [button(`Show all ${found.length}`, () => ((isComplete = true), redraw()))]
      : []),
  ];
}

function columns(again) {
  const used = (key, title, name, isWide) => ({
    key,
    title,
    isNumber: true,
    isWide,
    value: tenant => Number(quota(tenant, name)?.used ?? 0),
    cell: tenant => amountOf(quota(tenant, name), title),
  });
  return [
    {
      key: 'name',
      title: 'Tenant',
      value: tenant => tenant.name,
      cell: tenant => [
        h('a', { href: `#/operator/tenants/${tenant.id}`, 'data-act': `open-${tenant.id}` }, tenant.name),
        tenant.suspended && h('span', { class: 'tag' }, 'Suspended'),
        tenant.name !== tenant.id && h('code', { class: 'below' }, tenant.id),
      ],
    },
    used('spent', 'This month', 'usd-month'),
    { key: 'share', title: 'Nearest to a limit', isNumber: true, isWide: true, value: highest, cell: tenant => `${Math.round(highest(tenant) * 100)} %` },
    used('month', 'Images this month', 'images-month', true),
    used('day', 'Images today', 'images-day', true),
    used('running', 'Running', 'concurrent-generations', true),
    used('queued', 'Queued', 'jobs-queued', true),
    { key: 'grant', title: 'Change', isHidden: true, cell: tenant => grantButton(tenant, again) },
  ];
}

function amountOf(each, title) {
  if (!each) return '–';
  const amount = value => (each.name === 'usd-month' ? cents(value) : quotaAmount(each.name, value));
  const used = amount(each.used);
  if (each.limit === null || !['usd-month', 'images-month', 'images-day'].includes(each.name)) return used;
  return [h('span', {}, `${used} of ${amount(each.limit)}`), bar(Number(each.used), Number(each.held), Number(each.limit), `${title}: ${used} of ${amount(each.limit)}`)];
}
