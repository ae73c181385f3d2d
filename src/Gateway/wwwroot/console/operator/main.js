// The operator's part: signing in, the pages and their addresses, and reading the page that is shown again and again.
import { confirmCaller, read, signIn, signOut } from '../api.js';
import { $, button, h, say } from '../dom.js';
import { keepFocus } from '../focus.js';
import { cardFor } from '../problems.js';
import { attempt } from './attempt.js';
import { openAudit } from './audit.js';
import { openOverview } from './overview.js';
import { openSetUp } from './set-up.js';
import { openSpend } from './spend.js';
import { openTenant } from './tenant.js';
import { openTenants } from './tenants.js';
import { openWork } from './work.js';

/**
 * Each is opened with the rest of its address and a function that reads it again. It returns `{title, seconds, controls, read, draw}`: the controls stay,
 * what `draw` makes of what `read` has read is replaced; null: it has replaced it. What was read may say with `fault` why it is not complete.
 */
const pages = {
  overview: ['Overview', openOverview],
  tenants: ['Tenants', (again, id) => (id ? openTenant(again, id) : openTenants(again))],
  spend: ['Spend', openSpend],
  work: ['Work', openWork],
  audit: ['Audit', openAudit],
  'set-up': ['Set-up', openSetUp],
};

let isUnlocked = false;
let address = null;
let shown = null;
/** Of the page that is shown: what was asked for an earlier one comes too late. */
let turn = 0;
let timer = null;
/** Counts the reads, and the newest of them: an answer of an older one comes too late. */
let reads = 0;
let newest = null;

const isOperators = hash => /^#\/?operator(\/|$)/.test(hash);
const isVisible = () => shown && !$('#page-operator').hidden && location.hash === address;

/** What is not encoded is taken as it is. */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export async function showOperator() {
  const [name, ...rest] = location.hash.replace(/^#\/?operator\/?/, '').split('/').map(decode);
  const known = Object.hasOwn(pages, name) ? name : 'overview';
  if (known !== name) history.replaceState(history.state, '', '#/operator/overview');
  address = location.hash;
  const mine = ++turn;
  clearTimeout(timer);
  if (!(await unlock()) || mine !== turn) return;
  openPage(known, rest);
}

async function unlock() {
  if (isUnlocked) return true;
  try {
    // An answer about a session that has ended clears its cookie.
    confirmCaller();
    // The management port does not say who is signed in: there /admin does.
    const { operator } = await read('v1/session').catch(fault => (fault.status === 404 ? { operator: '?' } : Promise.reject(fault)));
    if (operator) {
      await read('admin/alerts');
      return (isUnlocked = true);
    }
    lock();
  } catch (fault) {
    lock(fault.status === 401 ? null : fault);
  }
  return false;
}

function openPage(name, rest) {
  shown = pages[name][1](refresh, ...rest);
  const { title, controls = [] } = shown;
  $('#title-operator').textContent = title;
  document.title = `${title} – Leonardo gateway`;
  const tabs = Object.entries(pages).map(([each, [label]]) => h('a', { href: `#/operator/${each}`, 'aria-current': each === name ? 'page' : undefined }, label));
  $('#operator-parts').replaceChildren(
    h(
      'div',
      { class: 'operator-head' },
      h('nav', { class: 'tabs', 'aria-label': 'Operator pages' }, tabs),
      h('div', { class: 'actions' }, h('p', { class: 'small', id: 'as-of' }, 'Reading…'), button('Refresh', () => refresh().then(fault => fault || say('Refreshed'))), button('Sign out', leave)),
    ),
    h('div', { id: 'operator-fault' }),
    h('div', { id: 'operator-outcome' }),
    ...controls,
    h('div', { id: 'operator-content' }),
  );
  return refresh();
}

/** Also after a change that this page made. @returns what went wrong, or null. */
function refresh() {
  clearTimeout(timer);
  newest = readPage(shown, ++reads);
  return newest;
}

async function readPage(page, mine) {
  const isOld = () => mine !== reads || page !== shown;
  let fault = null;
  try {
    const data = await page.read();
    if (isOld()) return mine === reads ? null : newest;
    draw(page, data);
    fault = data.fault ?? null;
  } catch (thrown) {
    if (isOld()) return mine === reads ? null : newest;
    fault = thrown;
    if (fault.status === 401) {
      isUnlocked = false;
      lock();
      return fault;
    }
    $('#operator-fault').replaceChildren(cardFor(fault));
  }
  timer = setTimeout(later, page.seconds * 1000);
  return fault;
}

function draw(page, data) {
  const place = $('#operator-content');
  keepFocus(place, () => {
    const made = page.draw(data);
    // What is put where it is already would lose the focus.
    if (made && made !== place.firstChild) place.replaceChildren(...[made].flat());
  });
  $('#as-of').textContent = `as of ${new Date().toLocaleTimeString('en-GB', { timeZone: 'UTC' })} UTC${data.fault ? ', not all of it' : ''}`;
  $('#operator-fault').replaceChildren();
}

/** Not while nobody looks, and not under a person's hands: a dialog is open, or text is being selected. */
function later() {
  // It may be called before its time.
  clearTimeout(timer);
  if (!isVisible() || document.hidden) return;
  const selection = getSelection();
  const isBusy = $('dialog[open]') || (!selection.isCollapsed && $('#operator-content')?.contains(selection.anchorNode));
  if (isBusy) timer = setTimeout(later, 1000);
  else refresh();
}

addEventListener('hashchange', () => {
  if ($('#page-operator').hidden || !isOperators(location.hash)) return;
  // A generation was open over it, and nothing was read meanwhile.
  if (location.hash === address) return later();
  showOperator();
  $('#page').focus({ preventScroll: true });
  scrollTo(0, 0);
});
document.addEventListener('visibilitychange', () => document.hidden || later());

function lock(fault) {
  $('#title-operator').textContent = 'Operator';
  shown = null;
  clearTimeout(timer);
  const input = h('input', { id: 'admin-token', type: 'password', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'admin-token-help' });
  const form = h(
    'form',
    { class: 'lock', autocomplete: 'off' },
    h('p', { class: 'lead' }, 'Alerts, tenants, spending, stuck work and the audit trail, for the operators of this gateway.'),
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

const leave = () => attempt(signOut);
