// One tenant: its quotas, what it was charged, its recent requests, and what an operator can do about it.
import { read } from '../api.js';
import { $, button, h } from '../dom.js';
import { count, usd } from '../format.js';
import { columns, quotaBar } from '../plots.js';
import { grantButton, suspendButton } from './decisions.js';
import { byDay, cents, periodOf, sum } from './figures.js';
import { newestFirst } from './older.js';
import { reservations } from './reservations.js';

export function openTenant(again, id) {
  let days = 30;
  const path = `admin/tenants/${encodeURIComponent(id)}`;
  const list = newestFirst({
    async readPage(limit, before) {
      const { generations, next } = await read(`admin/generations?tenant=${encodeURIComponent(id)}&limit=${limit}${before ? `&before=${before}` : ''}`);
      return { items: generations, next };
    },
    size: 25,
    most: 200,
    orderOf: entry => Date.parse(entry.reservedAt),
    cursorOf: entry => entry.reservationId,
  });
  return {
    title: id,
    seconds: 15,
    async read() {
      const period = periodOf(days);
      const [tenant, usage, recent] = await Promise.all([read(path), read(`admin/usage?by=tenant,day&tenant=${encodeURIComponent(id)}&from=${period.from}&to=${period.to}`), list.read()]);
      return { tenant, period, usage, recent };
    },
    draw({ tenant, period, usage, recent }) {
      const ranges = [7, 30, 90].map(n => {
        const made = button(`${n} days`, () => ((days = n), again()));
        made.setAttribute('aria-pressed', String(n === days));
        made.dataset.act = `days-${n}`;
        return made;
      });
      const total = sum(usage.rows);
      $('#title-operator').textContent = tenant.name;
      return h(
        'div',
        { class: 'work' },
        h('div', { class: 'line' }, h('p', {}, h('a', { href: '#/operator/tenants' }, 'All tenants'), ' / ', h('code', {}, tenant.id), tenant.suspended && h('span', { class: 'tag' }, 'Suspended')), h('div', { class: 'actions' }, grantButton(tenant, again), suspendButton(tenant, again))),
        h('p', { class: 'small' }, [`${usd(tenant.totals.today.usd)} today`, `${cents(tenant.totals.month.usd)} for ${count(tenant.totals.month.images, 'image')} this month`, tenant.neverSent?.month > 0 && `${count(tenant.neverSent.month, 'request')} never sent this month`, ...rules(tenant.policy)].filter(Boolean).join(' · ')),
        h('h2', {}, 'Quotas'),
        h('div', { class: 'quotas' }, tenant.quotas.filter(quota => quota.limit !== null && !quota.name.startsWith('org-')).map(quota => quotaBar({ ...quota, isUtc: true }))),
        h('section', { class: 'part', 'aria-labelledby': 'tenant-usage' }, h('div', { class: 'line' }, h('h2', { id: 'tenant-usage' }, `${cents(total)} in ${count(period.all.length, 'day')}`), h('div', { class: 'actions' }, ranges)), columns(byDay(period.all, usage.rows), tenant.name, usd)),
        h(
          'section',
          { class: 'part', 'aria-labelledby': 'tenant-requests' },
          h('h2', { id: 'tenant-requests' }, 'Recent requests'),
          recent.items.length > 0 ? reservations('Table of recent requests', recent.items, again, { withTenant: false }) : h('p', { class: 'empty' }, 'None yet.'),
          list.olderButton('Show older requests', recent, again),
        ),
      );
    },
  };
}

/** The parts of the policy that restrict or allow something. */
const rules = policy =>
  [
    policy.models && `only ${policy.models.join(', ')}`,
    policy.maxQuantity && `at most ${count(policy.maxQuantity, 'image')} per request`,
    policy.maxPixels && `at most ${policy.maxPixels.toLocaleString('en')} pixels`,
    policy.allowPublic && 'may publish to the community feed',
    policy.references === 'any' && 'may use any reference images',
  ].filter(Boolean);
