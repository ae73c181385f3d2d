// Whether anything needs an operator now: alerts with their remedies, the month against its budget, and the state of the gateway.
import { read } from '../api.js';
import { h } from '../dom.js';
import { count, quotaName, span, when } from '../format.js';
import { quotaBar } from '../plots.js';
import { cardFor } from '../problems.js';
import { cents, quotaOf, readForecast } from './figures.js';
import { folded } from './focus.js';
import { refusedFile } from './refused-file.js';

const runbook = name => `docs/runbook#${name.toLowerCase()}`;

export const openOverview = () => ({
  title: 'Overview',
  seconds: 5,
  async read() {
    const [{ alerts, gateway }, upstream, { tenants, fileErrors, fileSince }, forecast] = await Promise.all([read('admin/alerts'), read('admin/upstream'), read('admin/tenants'), readForecast()]);
    return { alerts, gateway, upstream, tenants, fileErrors, fileSince, forecast };
  },
  draw: data => h('div', { class: 'work' }, alertsOf(data), money(data), gatewayFacts(data), errorsOf(data.upstream)),
  /** Nothing can be read while the store does not answer: this is an alert of its own. */
  drawFault: fault =>
    fault.name === 'store-unavailable'
      ? [alertCard({ name: 'GatewayStoreDown', severity: 'critical', summary: 'The store is unavailable: no generation is admitted', remedy: 'Repair the database or the disk; the gateway recovers by itself. What is shown below is older.' })]
      : [cardFor(fault)],
});

function alertsOf({ alerts, gateway, fileErrors, fileSince }) {
  const cardOf = alert => (alert.name === 'GatewayTenantsFileBad' && fileErrors.length > 0 ? refusedFile(fileErrors, fileSince, alert.name) : alertCard(alert));
  const inState = state => alerts.filter(alert => alert.state === state);
  const firing = inState('firing').sort((a, b) => (a.severity === b.severity ? 0 : a.severity === 'critical' ? -1 : 1));
  const [quiet, open, outside] = ['quiet', 'not-known', 'prometheus'].map(inState);
  const own = gateway.replicas > 1 ? ' Alerts marked “this instance” count only what the answering one of the instances has seen.' : '';
  return h(
    'section',
    { class: 'alerts', 'aria-label': 'Alerts' },
    firing.length > 0 ? firing.map(cardOf) : h('p', { class: 'calm' }, h('strong', {}, 'No alert is firing.'), ` ${count(quiet.length, 'condition')} checked.`),
    open.length > 0 && h('p', { class: 'small' }, `Not known while the store does not answer: ${open.map(({ name }) => name).join(', ')}.`),
    folded(
      'alerts',
      `All ${count(alerts.length, 'alert')}`,
      h('p', { class: 'small' }, `The gateway checks the conditions of deploy/prometheus/alerts.yml itself, at this moment. Prometheus waits before it alerts (“for”), so an alert may be here and not there.${own} Only Prometheus can see: ${outside.map(({ name }) => name).join(', ')}.`),
      h('ul', { class: 'checks' }, alerts.map(check)),
    ),
  );
}

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

function money({ tenants, forecast }) {
  const budget = quotaOf(tenants, 'org-usd-month');
  const limit = budget?.limit ?? null;
  const others = (tenants[0]?.quotas ?? []).filter(quota => quota.name.startsWith('org-') && quota.limit !== null && quota.name !== 'org-usd-month');
  const isOver = limit !== null && forecast.forecast > Number(limit);
  return h(
    'section',
    { class: 'part', 'aria-labelledby': 'money-title' },
    h('div', { class: 'line' }, h('h2', { id: 'money-title' }, 'This month'), h('a', { href: '#/operator/spend' }, 'Spend')),
    h(
      'div',
      { class: 'totals' },
      figure('Spent', cents(forecast.spent), limit === null ? 'no budget for the organisation' : `of ${cents(limit)}`),
      figure('Forecast', cents(forecast.forecast), `at ${cents(forecast.perDay)} a day, as in the last 7 days${isOver ? `: ${cents(forecast.forecast - Number(limit))} over the budget` : ''}`, isOver),
      figure('Today', cents(forecast.today), 'UTC'),
    ),
    h('div', { class: 'quotas' }, [...(limit === null ? [] : [budget]), ...others].map(quota => quotaBar({ ...quota, title: quotaName(quota.name) }))),
  );
}

const figure = (label, value, text, isBad) => h('div', { class: 'total' }, h('h3', { class: 'small' }, label), h('p', { class: isBad ? 'figure bad' : 'figure' }, value), h('p', { class: 'small' }, text));

function gatewayFacts({ gateway, upstream, tenants, fileErrors, fileSince }) {
  const { simulator, key, balance, slots, waiting, open } = upstream;
  const alarming = (text, isBad) => (isBad ? h('span', { class: 'bad' }, text) : text);
  const entries = {
    Version: gateway.version.replace(/\+([0-9a-f]{7})[0-9a-f]*$/, ' ($1)'),
    Running: `for ${span((Date.now() - new Date(gateway.startedAt)) / 1000)}`,
    Instances: gateway.replicas,
    Store: alarming(gateway.storeUp ? gateway.store : `${gateway.store}: does not answer`, !gateway.storeUp),
    Watcher: alarming(gateway.watcherLagSeconds > 0 ? `${span(gateway.watcherLagSeconds)} late` : 'on time', gateway.watcherLagSeconds > 120),
    'Tenants file': alarming(fileErrors.length > 0 ? 'refused' : `${count(tenants.length, 'tenant')}${fileSince ? `, since ${when(fileSince)}` : ''}`, fileErrors.length > 0),
    Account: simulator ? 'The bundled simulator: nothing is charged' : 'Leonardo',
    Key: alarming(`${key.tail ? `ends in ${key.tail}` : 'not shown'}${key.refused ? ', refused by Leonardo' : ''}`, key.refused),
    Balance: balance ? `${Number(balance.tokens).toLocaleString('en')} tokens, ${when(balance.at)}` : 'not known',
    Slots: `${slots.used} of ${slots.limit} in use`,
    Queue: `${count(waiting, 'request')} waiting, ${count(gateway.jobsQueued, 'job')} queued`,
    'No outcome yet': h('a', { href: '#/operator/work' }, `${open.reserved} reserved, ${open.forwarding} sent, ${open.unknown} unknown`),
    'Not recorded yet': alarming(count(open.delayedOutcomes, 'outcome'), open.delayedOutcomes > 0),
  };
  return h(
    'section',
    { class: 'part', 'aria-labelledby': 'gateway-title' },
    h('h2', { id: 'gateway-title' }, 'Gateway'),
    h('dl', { class: 'facts even' }, Object.entries(entries).map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value)))),
  );
}

function errorsOf({ lastErrors }) {
  return h(
    'section',
    { class: 'part', 'aria-labelledby': 'errors-title' },
    h('h2', { id: 'errors-title' }, 'Last errors of Leonardo'),
    lastErrors.length === 0
      ? h('p', {}, 'None since this instance started.')
      : h(
          'ul',
          { class: 'rows close' },
          lastErrors.map(fault =>
            h('li', { class: 'line' }, h('p', {}, h('a', { href: `problems/${fault.outcome}`, target: '_blank' }, fault.outcome), fault.why && `: ${fault.why}`), h('p', { class: 'small' }, when(fault.at))),
          ),
        ),
  );
}
