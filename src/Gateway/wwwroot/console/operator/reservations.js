// Reservations as a table: what was asked for, where it stands, and the ids by which it is found in a log.
import { h } from '../dom.js';
import { count, usd, whenUtc } from '../format.js';
import { endButtons } from './decisions.js';
import { table } from './table.js';

const states = {
  queued: 'Queued',
  reserved: 'Waiting for a slot',
  forwarding: 'Being sent',
  unknown: 'Unknown',
  settled: 'Settled',
  released: 'Released',
  'written-off': 'Written off',
};

const isOpen = ({ state }) => state === 'unknown' || state === 'written-off';

/** @param again reads the page again, after a decision. */
export function reservations(label, entries, again, { withTenant = true } = {}) {
  const canEnd = entries.some(isOpen);
  return table(
    label,
    [
      { key: 'at', title: 'Time, UTC', cell: entry => h('span', { class: 'nowrap' }, whenUtc(entry.forwardedAt ?? entry.reservedAt)) },
      ...(withTenant ? [{ key: 'tenant', title: 'Tenant', cell: entry => [h('a', { href: `#/operator/tenants/${entry.tenant}` }, entry.tenant), entry.user && h('span', { class: 'below' }, entry.user)] }] : []),
      { key: 'state', title: 'State', cell: stateOf },
      ...(canEnd ? [{ key: 'end', title: 'End it', cell: entry => isOpen(entry) && h('div', { class: 'actions' }, endButtons(entry, again)) }] : []),
      { key: 'what', title: 'Request', cell: whatOf },
      { key: 'usd', title: 'Charged', isNumber: true, cell: entry => (entry.chargedUsd ? usd(entry.chargedUsd) : h('span', { class: 'small' }, `${usd(entry.usd)} ${entry.state === 'released' ? 'released' : 'held'}`)) },
      { key: 'ids', title: 'Request id and trace', cell: idsOf },
    ],
    entries,
  );
}

function stateOf(entry) {
  const isBad = entry.stuckSince || isOpen(entry);
  return [
    h('span', { class: isBad ? 'bad' : undefined }, entry.stuckSince ? 'Stuck' : states[entry.state]),
    entry.stuckSince && h('span', { class: 'below' }, `since ${whenUtc(entry.stuckSince)}`),
    entry.problem && h('a', { class: 'below', href: `problems/${entry.problem}`, target: '_blank' }, entry.problem),
    entry.reason && h('span', { class: 'below' }, entry.reason),
  ];
}

const whatOf = entry => [
  h('span', { class: 'nowrap' }, `${count(entry.images, 'image')}, ${entry.width} × ${entry.height}`),
  h('span', { class: 'below' }, `${entry.model}, seed ${entry.seed}`),
];

const idsOf = entry => [
  id(entry.requestId, 'request'),
  id(entry.traceId, 'trace'),
  (entry.stuckSince || !entry.requestId) && id(entry.generationId, 'generation'),
  (isOpen(entry) || !entry.requestId) && id(entry.reservationId, 'reservation'),
];

const id = (text, what) => text && h('span', { class: 'below nowrap' }, `${what} `, h('code', {}, text));
