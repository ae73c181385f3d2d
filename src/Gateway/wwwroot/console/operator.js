// The operator's part. The admin token lives in memory; a reload forgets it.
import { asOperator, postAdmin, readAdmin, save, tokens } from './api.js';
import { ask } from './ask.js';
import { $, button, h, say } from './dom.js';
import { count, quotaName, usd, when } from './format.js';
import { columns, quotaBar } from './plots.js';
import { cardFor } from './problems.js';

const quotaMembers = ['imagesPerDay', 'imagesPerMonth', 'usdPerMonth'];
const quotaOf = { imagesPerDay: 'images-day', imagesPerMonth: 'images-month', usdPerMonth: 'usd-month' };

let unlocked = false;
let days = 30;

export function showOperator() {
  if (!unlocked) return lock();
  const part = (id, title, ...head) => h('section', { class: 'part', 'aria-labelledby': `${id}-title` }, h('div', { class: 'line' }, h('h2', { id: `${id}-title` }, title), ...head), h('div', { id }));
  const range = h('div', { class: 'actions' }, [7, 30, 90].map(n => rangeButton(n)), button('Download CSV', downloadCsv));
  $('#operator').replaceChildren(
    h('div', { class: 'actions' }, button('Refresh', showOperator), button('Forget the admin token', forget)),
    part('stuck', 'Stuck work'),
    part('tenants', 'Tenants'),
    part('spending', 'Spending', range),
    part('upstream', 'Leonardo'),
    part('audit', 'Audit'),
  );
  load('stuck', stuck);
  load('tenants', tenants);
  load('spending', spending);
  load('upstream', upstream);
  load('audit', audit);
}

async function load(id, make) {
  const place = $('#' + id);
  try {
    place.replaceChildren(await make());
  } catch (fault) {
    place.replaceChildren(cardFor(fault));
  }
}

function lock(fault) {
  const input = h('input', { id: 'admin-token', type: 'password', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'admin-token-help' });
  const form = h(
    'form',
    { class: 'lock', autocomplete: 'off' },
    h('p', { class: 'lead' }, 'Tenants, spending, stuck work and the audit trail, for whoever runs this gateway.'),
    h('div', { class: 'field' }, h('label', { for: 'admin-token' }, 'Admin token'), input, h('p', { class: 'help', id: 'admin-token-help' }, 'It is kept in this page’s memory only, and is gone when the page is closed or reloaded.')),
    h('button', { type: 'submit', class: 'main' }, 'Open'),
    fault && cardFor(fault),
    fault?.status === 404 && h('p', { class: 'help' }, 'The operator’s part is off (no Admin:TokenFile is set), or it answers on the management port only.'),
  );
  form.addEventListener('submit', async event => {
    event.preventDefault();
    tokens.setAdmin(input.value);
    input.value = '';
    try {
      await readAdmin('/admin/tenants');
      unlocked = true;
      showOperator();
      $('#page').focus();
    } catch (refusal) {
      tokens.setAdmin('');
      lock(refusal);
      $('#admin-token').focus();
    }
  });
  $('#operator').replaceChildren(form);
}

function forget() {
  tokens.setAdmin('');
  unlocked = false;
  lock();
  $('#admin-token').focus();
}

/** Sends a change, shows a refusal where it was asked for, and reads anew what it touches. */
async function change(place, done, path, body, ...touched) {
  try {
    await postAdmin(path, body);
    say(done);
    await Promise.all([...touched, ['audit', audit]].map(([id, make]) => load(id, make)));
  } catch (fault) {
    place.querySelector('.problem')?.remove();
    place.append(cardFor(fault));
  }
}

const reason = { label: 'Reason', required: true, maxlength: 500, help: 'It is kept in the audit trail.' };

async function stuck() {
  const { generations } = await readAdmin('/admin/generations?state=unknown');
  if (generations.length === 0) return h('p', { class: 'empty' }, 'Nothing is stuck: every request’s outcome is known.');
  return h('ul', { class: 'rows' }, generations.map(stuckRow));
}

function stuckRow(entry) {
  const id = entry.reservationId;
  const row = h('li', {});
  const decide = (act, title, text, go, fields = {}) => async () => {
    const answer = await ask(title, text, { ...fields, reason }, go);
    if (answer?.generationId === '') delete answer.generationId;
    if (answer) await change(row, 'Done', `/admin/generations/${id}/${act}`, answer, ['stuck', stuck], ['tenants', tenants], ['upstream', upstream]);
  };
  row.append(
    h(
      'div',
      { class: 'line' },
      h('p', {}, h('strong', {}, entry.tenant), `, ${count(entry.images, 'image')}, ${usd(entry.usd)}`, h('br'), h('span', { class: 'small' }, `Sent ${when(entry.forwardedAt ?? entry.reservedAt)}, ${entry.model}, ${entry.width} × ${entry.height}, seed ${entry.seed}, reservation `, h('code', {}, id))),
      h(
        'div',
        { class: 'actions' },
        button('Release', decide('release', 'Release this reservation?', 'The team gets its quota back. Do this when Leonardo made nothing.', 'Release')),
        button('Settle', decide('settle', 'Settle this reservation?', 'The team is charged. Do this when Leonardo made the images.', 'Settle', { generationId: { label: 'Id of the generation at Leonardo, if it was found', help: 'The team then gets its images.' } })),
      ),
    ),
  );
  return row;
}

async function tenants() {
  const { tenants: all } = await readAdmin('/admin/tenants');
  return h('ul', { class: 'rows' }, all.map(tenantRow));
}

function tenantRow(tenant) {
  const row = h('li', {});
  const path = `/admin/tenants/${encodeURIComponent(tenant.id)}`;
  const suspend = async () => {
    const [act, title, text] = tenant.suspended
      ? ['resume', `Resume ${tenant.name}?`, 'Its requests are admitted again.']
      : ['suspend', `Suspend ${tenant.name}?`, 'All its requests are refused until it is resumed.'];
    const answer = await ask(title, text, { reason }, tenant.suspended ? 'Resume' : 'Suspend');
    if (answer) await change(row, 'Done', `${path}/${act}`, answer, ['tenants', tenants]);
  };
  const grant = async () => {
    const answer = await ask(
      `Grant ${tenant.name} more`,
      'For the running period only; the tenants file is not changed.',
      { quota: { label: 'Quota', options: quotaMembers.map(name => [name, quotaName(quotaOf[name])]) }, amount: { label: 'Amount', type: 'number', min: 1, step: 'any', required: true }, reason },
      'Grant',
    );
    if (answer) await change(row, 'Granted', `${path}/grants`, { ...answer, amount: Number(answer.amount) }, ['tenants', tenants]);
  };
  row.append(
    h(
      'div',
      { class: 'line' },
      h('h3', {}, tenant.name, ' ', h('code', {}, tenant.id), tenant.suspended && h('span', { class: 'tag' }, 'Suspended')),
      h('div', { class: 'actions' }, button('Grant', grant), button(tenant.suspended ? 'Resume' : 'Suspend', suspend, tenant.suspended ? 'quiet' : 'danger')),
    ),
    h('div', { class: 'quotas' }, tenant.quotas.filter(quota => quota.limit !== null && !quota.name.startsWith('org-')).map(quotaBar)),
  );
  return row;
}

const dayText = date => date.toISOString().slice(0, 10);

function period() {
  const to = new Date();
  const all = Array.from({ length: days }, (_, back) => dayText(new Date(to - (days - 1 - back) * 86_400_000)));
  return { all, query: `from=${all[0]}&to=${all.at(-1)}&by=tenant,day` };
}

function rangeButton(n) {
  const made = button(`${n} days`, () => {
    days = n;
    for (const each of made.parentElement.querySelectorAll('[aria-pressed]')) each.setAttribute('aria-pressed', String(each === made));
    load('spending', spending);
  });
  made.setAttribute('aria-pressed', String(n === days));
  return made;
}

async function spending() {
  const { all, query } = period();
  const { rows } = await readAdmin(`/admin/usage?${query}`);
  const byDay = chosen => {
    const sums = new Map(all.map(day => [day, 0]));
    for (const row of chosen) sums.set(row.day, (sums.get(row.day) ?? 0) + Number(row.usd));
    return [...sums].map(([day, value]) => ({ day, value }));
  };
  // Teams are drawn to one scale, so that they can be compared.
  const highest = Math.max(0, ...rows.map(row => Number(row.usd)));
  const total = rows.reduce((sum, row) => sum + Number(row.usd), 0);
  const names = [...new Set(rows.map(row => row.tenant))].sort();
  return h(
    'div',
    {},
    h('p', { class: 'figure' }, usd(total)),
    h('p', { class: 'small' }, `${count(rows.reduce((sum, row) => sum + row.images, 0), 'image')} in ${count(days, 'day')}, all teams`),
    columns(byDay(rows), 'All teams', usd),
    h(
      'div',
      { class: 'small-plots' },
      names.map(name => {
        const own = rows.filter(row => row.tenant === name);
        return h('div', {}, h('div', { class: 'line' }, h('h3', {}, name), h('p', {}, usd(own.reduce((sum, row) => sum + Number(row.usd), 0)))), columns(byDay(own), name, usd, highest));
      }),
    ),
  );
}

async function downloadCsv() {
  try {
    const { query, all } = period();
    const response = await asOperator('GET', `/admin/usage?${query}`, { accept: 'text/csv' });
    save(await response.blob(), `usage-${all[0]}-${all.at(-1)}.csv`);
  } catch (fault) {
    $('#spending').prepend(cardFor(fault));
  }
}

async function upstream() {
  const { simulator, key, balance, slots, waiting, open, lastErrors } = await readAdmin('/admin/upstream');
  const entries = {
    Account: simulator ? 'The bundled simulator: nothing is charged' : 'Leonardo',
    Key: `${key.tail ? `ends in ${key.tail}` : 'not told'}${key.refused ? ', refused by Leonardo' : ''}`,
    Balance: balance ? `${Number(balance.tokens).toLocaleString('en')} tokens, ${when(balance.at)}` : 'not known',
    Slots: `${slots.used} of ${slots.limit} in use`,
    Waiting: count(waiting, 'request'),
    'No outcome yet': `${open.reserved} reserved, ${open.forwarding} sent, ${open.unknown} unknown`,
    'Ledger alarms': open.ledgerAlarms,
  };
  return h(
    'div',
    {},
    h('dl', { class: 'facts' }, Object.entries(entries).map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, String(value))))),
    h('h3', { class: 'spaced' }, 'Last errors'),
    lastErrors.length === 0
      ? h('p', {}, 'None since this replica started.')
      : h('ul', { class: 'rows' }, lastErrors.map(fault => h('li', {}, h('p', {}, h('a', { href: `/problems/${fault.outcome}` }, fault.outcome), ` ${fault.why ?? ''}`), h('p', { class: 'small' }, when(fault.at))))),
  );
}

async function audit(before = null) {
  const { lines, next, unbroken } = await readAdmin(`/admin/audit?limit=25${before ? `&before=${before}` : ''}`);
  if (lines.length === 0) return h('p', { class: 'empty' }, 'Nothing was changed by hand yet.');
  const older = next && button('Show older ones', async () => older.replaceWith(await audit(next).catch(cardFor)));
  return h(
    'div',
    {},
    !unbroken && h('p', { class: 'fault', role: 'alert' }, 'These lines do not agree with their hashes: the trail was changed outside the gateway.'),
    h('ul', { class: 'rows' }, lines.map(auditLine)),
    older,
  );
}

function auditLine(line) {
  const detail = Object.entries(line.detail ?? {}).filter(([, value]) => value !== null).map(([name, value]) => `${name} ${value}`);
  return h(
    'li',
    {},
    h('p', {}, h('strong', {}, line.action), ' ', h('code', {}, line.target), detail.length > 0 && `, ${detail.join(', ')}`),
    h('p', {}, line.reason),
    h('p', { class: 'small' }, `${when(line.at)}, ${line.who}`),
  );
}
