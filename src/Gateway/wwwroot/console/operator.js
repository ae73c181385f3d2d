// The operator's part: the lock, the frame, and the read-only sections.
import { confirmCaller, read, signIn, signOut } from './api.js';
import { stuck, tenants } from './decisions.js';
import { $, button, h, say } from './dom.js';
import { count, when } from './format.js';
import { cardFor } from './problems.js';
import { rangeButtons, spending } from './spending.js';

let unlocked = false;

export async function showOperator() {
  if (!unlocked) {
    try {
      // An answer about a session that has ended clears its cookie.
      confirmCaller();
      // The management port does not say who is signed in: there /admin does.
      const { operator } = await read('v1/session').catch(fault => (fault.status === 404 ? { operator: '?' } : Promise.reject(fault)));
      if (!operator) return lock();
      await read('admin/tenants');
      unlocked = true;
    } catch (fault) {
      return lock(fault.status === 401 ? null : fault);
    }
  }
  const part = (id, title, ...head) =>
    h('section', { class: 'part', 'aria-labelledby': `${id}-title` }, h('div', { class: 'line' }, h('h2', { id: `${id}-title`, tabindex: '-1' }, title), ...head), h('div', { id }));
  $('#operator-parts').replaceChildren(
    h('div', { class: 'actions' }, button('Refresh', refresh), button('Sign out', leave)),
    part('stuck', 'Stuck work'),
    part('tenants', 'Tenants'),
    part('spending', 'Spending', rangeButtons()),
    part('upstream', 'Leonardo'),
    part('audit', 'Audit'),
  );
  return reload();
}

const leave = () => signOut().catch(fault => $('#operator-parts').prepend(cardFor(fault)));

async function refresh() {
  await reload();
  say('Refreshed');
}

const parts = { stuck: () => stuck(reload), tenants: () => tenants(reload), spending, upstream, audit };

/** Reads parts again and shows them together, so that none moves while another loads; a slow one follows later. */
async function reload(names = Object.keys(parts)) {
  const ready = [];
  let shown = false;
  const reads = names.map(async name => {
    const made = await parts[name]().catch(cardFor);
    if (shown) put(name, made);
    else ready.push([name, made]);
  });
  await Promise.race([Promise.all(reads), new Promise(resolve => setTimeout(resolve, 1500))]);
  shown = true;
  for (const [name, made] of ready) put(name, made);
}

// Keyboard focus stays where it was: at the same button if it is still there, else at the part's heading.
function put(name, made) {
  const place = $('#' + name);
  if (!place) return;
  const focused = document.activeElement;
  const act = place.contains(focused) ? focused.dataset.act ?? '' : null;
  place.replaceChildren(made);
  if (act !== null) (place.querySelector(`[data-act="${act}"]`) ?? $(`#${name}-title`)).focus({ preventScroll: true });
}

function lock(fault) {
  const input = h('input', { id: 'admin-token', type: 'password', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'admin-token-help' });
  const form = h(
    'form',
    { class: 'lock', autocomplete: 'off' },
    h('p', { class: 'lead' }, 'Tenants, spending, stuck work and the audit trail, for the operators of this gateway.'),
    h('div', { class: 'field' }, h('label', { for: 'admin-token' }, 'Admin token'), input, h('p', { class: 'help', id: 'admin-token-help' }, 'You stay signed in until you sign out or close the browser, at most twelve hours.')),
    h('button', { type: 'submit', class: 'main' }, 'Open'),
    fault && cardFor(fault),
    fault?.status === 404 && h('p', { class: 'help' }, 'The operator’s part is switched off (neither Admin:TokenFile nor SignIn:OperatorClaim is set), or it is served on the management port only.'),
  );
  form.addEventListener('submit', async event => {
    event.preventDefault();
    const token = input.value;
    input.value = '';
    try {
      await signIn(token);
    } catch (refusal) {
      lock(refusal);
      $('#admin-token').focus();
    }
  });
  $('#operator-parts').replaceChildren(form);
}

async function upstream() {
  const { simulator, key, balance, slots, waiting, open, lastErrors } = await read('admin/upstream');
  const alarming = (text, isBad) => (isBad ? h('span', { class: 'bad' }, text) : text);
  const entries = {
    Account: simulator ? 'The bundled simulator: nothing is charged' : 'Leonardo',
    Key: alarming(`${key.tail ? `ends in ${key.tail}` : 'not shown'}${key.refused ? ', refused by Leonardo' : ''}`, key.refused),
    Balance: balance ? `${Number(balance.tokens).toLocaleString('en')} tokens, ${when(balance.at)}` : 'not known',
    Slots: `${slots.used} of ${slots.limit} in use`,
    Waiting: count(waiting, 'request'),
    'No outcome yet': `${open.reserved} reserved, ${open.forwarding} sent, ${open.unknown} unknown`,
    'Not recorded yet': alarming(count(open.delayedOutcomes, 'outcome'), open.delayedOutcomes > 0),
    'Ledger alarms': alarming(open.ledgerAlarms > 0 ? `${open.ledgerAlarms}: see the log` : 'none', open.ledgerAlarms > 0),
  };
  return h(
    'div',
    {},
    h('dl', { class: 'facts even' }, Object.entries(entries).map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value)))),
    h('h3', { class: 'spaced' }, 'Last errors'),
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

async function audit(before = null) {
  const { lines, next, unbroken } = await read(`admin/audit?limit=25${before ? `&before=${before}` : ''}`);
  if (lines.length === 0) return h('p', { class: 'empty' }, 'No manual changes yet.');
  const older =
    next &&
    button('Show older entries', async () => {
      const more = await audit(next).catch(cardFor);
      more.tabIndex = -1;
      older.replaceWith(more);
      more.focus({ preventScroll: true });
    });
  return h(
    'div',
    { class: 'trail' },
    !unbroken && h('p', { class: 'fault', role: 'alert' }, 'These entries do not match their hashes: the audit trail was changed outside the gateway.'),
    h('ul', { class: 'rows' }, lines.map(auditLine)),
    older,
  );
}

function auditLine(line) {
  const detail = Object.entries(line.detail ?? {}).filter(([, value]) => value !== null).map(([name, value]) => `${name} ${value}`);
  return h(
    'li',
    {},
    h('div', { class: 'line' }, h('p', {}, h('strong', {}, line.action), ' ', h('code', {}, line.target), detail.length > 0 && `, ${detail.join(', ')}`), h('p', { class: 'small' }, `${when(line.at)}, ${line.who}`)),
    h('p', {}, line.reason),
  );
}
