// Whether anything needs an operator now: alerts with their remedies, the month against its budget, and the state of the gateway.
import { read } from '../api.js';
import { h } from '../dom.js';
import { folded, keepFocus } from '../focus.js';
import { count, quotaName, span, whenUtc } from '../format.js';
import { quotaBar } from '../plots.js';
import { cardFor, shortly } from '../problems.js';
import { cents, figure, quotaOf, readForecast } from './figures.js';
import { refusedFile } from './refused-file.js';

const runbook = name => `docs/runbook#${name.toLowerCase()}`;

/** Each is read on its own: what fails, or does not end, holds back no other. */
const reads = { alerts: () => read('admin/alerts'), upstream: () => read('admin/upstream'), tenants: () => read('admin/tenants'), forecast: readForecast };
/** For so long the alerts, once read, wait for the others to be shown with them. */
const patience = 2000;

export function openOverview() {
  /** Of each what was read last, and what went wrong since. */
  const parts = Object.fromEntries(Object.keys(reads).map(name => [name, {}]));
  const running = {};
  const place = h('div', { class: 'work' });

  const readPart = name =>
    (running[name] ??= reads[name]()
      .then(value => (parts[name] = { value }), fault => (parts[name] = { value: parts[name].value, fault }))
      .finally(() => {
        delete running[name];
        draw(place, parts);
      }));

  return {
    title: 'Overview',
    seconds: 5,
    async read() {
      const [alerts, ...others] = Object.keys(reads).map(readPart);
      await alerts;
      await Promise.race([Promise.all(others), new Promise(resolve => setTimeout(resolve, patience))]);
      const faults = Object.values(parts).flatMap(({ fault }) => fault ?? []);
      const ended = faults.find(fault => fault.status === 401);
      if (ended) throw ended;
      return { fault: faults[0] };
    },
    draw: () => place,
  };
}

/** What is as it was stays, so that an alert is announced once. */
function draw(place, parts) {
  const sections = [alertsOf, money, gatewayFacts, errorsOf].map(make => make(parts));
  keepFocus(place, () =>
    sections.forEach((section, index) => {
      const shown = place.children[index];
      if (!shown) place.append(section);
      else if (!shown.isEqualNode(section)) renew(shown, section);
    }),
  );
}

/** Of two that differ, the parts that are alike are neither replaced nor moved. */
function renew(shown, section) {
  const old = [...shown.children];
  const wanted = [...section.children].map(part => {
    const at = old.findIndex(each => each.isEqualNode(part));
    return at < 0 ? part : old.splice(at, 1)[0];
  });
  for (const each of old) each.remove();
  wanted.forEach((part, at) => shown.children[at] === part || shown.insertBefore(part, shown.children[at] ?? null));
}

/** Instead of what was not read, or before what is older. */
const notRead = (...parts) => {
  const texts = parts.flatMap(({ value, fault }) => (fault ? `${value ? 'This is older. It cannot be read now' : 'This cannot be read now'}: ${shortly(fault)}.` : value ? [] : 'Reading…'));
  return [...new Set(texts)].map(text => h('p', { class: text === 'Reading…' ? 'small' : 'fault' }, text));
};

function alertsOf({ alerts: { value, fault }, tenants }) {
  const { fileErrors = [], fileSince } = tenants.value ?? {};
  const cardOf = alert => (alert.name === 'GatewayTenantsFileBad' && fileErrors.length > 0 ? refusedFile(fileErrors, fileSince, alert.name) : alertCard(alert));
  const all = value?.alerts ?? [];
  const inState = state => all.filter(alert => alert.state === state);
  // Nothing can be read while the store does not answer: this is an alert of its own.
  const isStoreDown = fault?.name === 'store-unavailable';
  const firing = inState('firing').filter(({ name }) => !isStoreDown || name !== storeDown.name).sort((a, b) => (a.severity === b.severity ? 0 : a.severity === 'critical' ? -1 : 1));
  const [quiet, open, outside] = ['quiet', 'not-known', 'prometheus'].map(inState);
  const own = value?.gateway.replicas > 1 ? ' Alerts marked “this instance” count only what the answering one of the instances has seen.' : '';
  return h(
    'section',
    { class: 'alerts', 'aria-label': 'Alerts' },
    fault && (isStoreDown ? alertCard(storeDown) : cardFor(fault)),
    fault && value && h('p', { class: 'small' }, 'What is shown below is older.'),
    !fault && !value && notRead({}),
    firing.map(cardOf),
    !fault && value && firing.length === 0 && h('p', { class: 'calm' }, h('strong', {}, 'No alert is firing.'), ` ${count(quiet.length, 'condition')} checked.`),
    open.length > 0 && h('p', { class: 'small' }, `Not known while the store does not answer: ${open.map(({ name }) => name).join(', ')}.`),
    value &&
      folded(
        'alerts',
        `All ${count(all.length, 'alert')}`,
        h('p', { class: 'small' }, `The gateway checks the conditions of deploy/prometheus/alerts.yml itself, at this moment. Prometheus waits before it alerts (“for”), so an alert may be here and not there.${own} Only Prometheus can see: ${outside.map(({ name }) => name).join(', ')}.`),
        h('ul', { class: 'checks' }, all.map(check)),
      ),
  );
}

const storeDown = { name: 'GatewayStoreDown', severity: 'critical', summary: 'The store is unavailable: no generation is admitted', remedy: 'Repair the database or the disk; the gateway recovers by itself.' };

const alertCard = ({ name, severity, summary, remedy, scope }) =>
  h(
    'div',
    { class: 'problem', role: 'alert', 'data-alert': name },
    h('h2', {}, summary),
    remedy && h('p', {}, remedy),
    h('p', { class: 'small' }, h('a', { href: runbook(name), target: '_blank' }, name), `, ${severity}${scope === 'instance' ? ', this instance' : ''}`),
  );

const stateNames = { firing: 'firing', quiet: 'quiet', 'not-known': 'not known', prometheus: 'Prometheus only' };

const check = ({ name, state, scope }) =>
  h('li', { class: 'line' }, h('a', { href: runbook(name), target: '_blank' }, name), h('span', { class: state === 'firing' ? 'bad' : 'small' }, stateNames[state], scope === 'instance' && state !== 'prometheus' ? ', this instance' : ''));

function money(parts) {
  return h(
    'section',
    { class: 'part', 'aria-labelledby': 'money-title' },
    h('div', { class: 'line' }, h('h2', { id: 'money-title' }, 'This month'), h('a', { href: '#/operator/spend' }, 'Spend')),
    notRead(parts.tenants, parts.forecast),
    parts.tenants.value && parts.forecast.value && figures(parts.tenants.value.tenants, parts.forecast.value),
  );
}

function figures(tenants, forecast) {
  const budget = quotaOf(tenants, 'org-usd-month');
  const limit = budget?.limit ?? null;
  const others = (tenants[0]?.quotas ?? []).filter(quota => quota.name.startsWith('org-') && quota.limit !== null && quota.name !== 'org-usd-month');
  const isOver = limit !== null && forecast.forecast > Number(limit);
  return [
    h(
      'div',
      { class: 'totals' },
      figure('h3', 'Spent', cents(forecast.spent), limit === null ? 'no budget for the organisation' : `of ${cents(limit)}`),
      figure('h3', 'Forecast', cents(forecast.forecast), `at ${cents(forecast.perDay)} a day, as in the last 7 days${isOver ? `: ${cents(forecast.forecast - Number(limit))} over the budget` : ''}`, isOver),
      figure('h3', 'Today', cents(forecast.today), 'UTC'),
    ),
    h('div', { class: 'quotas' }, [...(limit === null ? [] : [budget]), ...others].map(quota => quotaBar({ ...quota, title: quotaName(quota.name), isUtc: true }))),
  ];
}

function gatewayFacts({ alerts, upstream, tenants }) {
  const entries = { ...(alerts.value && gatewayEntries(alerts.value.gateway)), ...(tenants.value && fileEntries(tenants.value)), ...(upstream.value && accountEntries(upstream.value)) };
  return h(
    'section',
    { class: 'part', 'aria-labelledby': 'gateway-title' },
    h('h2', { id: 'gateway-title' }, 'Gateway'),
    notRead(alerts, tenants, upstream),
    h('dl', { class: 'facts even' }, Object.entries(entries).map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value)))),
  );
}

const alarming = (text, isBad) => (isBad ? h('span', { class: 'bad' }, text) : text);

const gatewayEntries = ({ version, startedAt, replicas, store, storeUp, watcherLagSeconds, jobsQueued }) => ({
  Version: version.replace(/\+([0-9a-f]{7})[0-9a-f]*$/, ' ($1)'),
  Running: `for ${span((Date.now() - new Date(startedAt)) / 1000)}`,
  Instances: replicas,
  Store: alarming(storeUp ? store : `${store}: does not answer`, !storeUp),
  Watcher: alarming(watcherLagSeconds > 0 ? `${span(watcherLagSeconds)} late` : 'on time', watcherLagSeconds > 120),
  Jobs: `${jobsQueued.toLocaleString('en')} queued`,
});

const fileEntries = ({ tenants, fileErrors, fileSince }) => ({
  'Tenants file': alarming(fileErrors?.length > 0 ? 'refused' : `${count(tenants.length, 'tenant')}${fileSince ? `, since ${whenUtc(fileSince)} UTC` : ''}`, fileErrors?.length > 0),
});

const accountEntries = ({ simulator, key, balance, slots, waiting, open }) => ({
  Account: simulator ? 'The bundled simulator: nothing is charged' : 'Leonardo',
  Key: alarming(`${key.tail ? `ends in ${key.tail}` : 'not shown'}${key.refused ? ', refused by Leonardo' : ''}`, key.refused),
  Balance: balance ? `${Number(balance.tokens).toLocaleString('en')} tokens, ${whenUtc(balance.at)} UTC` : 'not known',
  Slots: `${slots.used} of ${slots.limit} in use`,
  Queue: `${count(waiting, 'request')} waiting`,
  'No outcome yet': h('a', { href: '#/operator/work' }, `${open.reserved} reserved, ${open.forwarding} sent, ${open.unknown} unknown`),
  'Not recorded yet': alarming(count(open.delayedOutcomes, 'outcome'), open.delayedOutcomes > 0),
});

function errorsOf({ upstream }) {
  return h('section', { class: 'part', 'aria-labelledby': 'errors-title' }, h('h2', { id: 'errors-title' }, 'Last errors of Leonardo'), notRead(upstream), upstream.value && errorRows(upstream.value.lastErrors));
}

const errorRows = lastErrors =>
  lastErrors.length === 0
    ? h('p', {}, 'None since this instance started.')
    : h(
        'ul',
        { class: 'rows close' },
        lastErrors.map(fault =>
          h('li', { class: 'line' }, h('p', {}, h('a', { href: `problems/${fault.outcome}`, target: '_blank' }, fault.outcome), fault.why && `: ${fault.why}`), h('p', { class: 'small' }, `${whenUtc(fault.at)} UTC`)),
        ),
      );
