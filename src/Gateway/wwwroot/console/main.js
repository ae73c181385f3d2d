// The page: which part is shown, which team is calling, dark or light.
import { read, signIn, signOut, tokens } from './api.js';
import { $, h, say } from './dom.js';
import { closeGeneration, openGeneration } from './details.js';
import { forgetDraft, loadModels, startGenerate } from './generate.js';
import { showHistory } from './history.js';
import { setUpKeys } from './keys.js';
import { showOperator } from './operator.js';
import { cardFor } from './problems.js';
import { forgetAll, session } from './store.js';
import { showRecent } from './stream.js';
import { showUsage, whoIs } from './usage.js';

const spent = () => {
  if (!$('#page-usage').hidden) showUsage();
};
const pages = { generate: () => {}, history: showHistory, usage: showUsage, operator: showOperator };

/** The page that is shown, also below an open generation. */
let page = null;
/** How many entries of the browser's history lie between an open generation and the page below it; 0: it was opened by its address. */
let depth = 0;

function readAddress() {
  const [, id, number] = /^#\/g\/([0-9a-f-]{36})(?:\/(\d{1,3}))?$/i.exec(location.hash) ?? [];
  const name = location.hash.slice(1);
  return { id: id?.toLowerCase(), number: Number(number ?? 0), name: Object.hasOwn(pages, name) ? name : 'generate' };
}

/** Follows the address: a page, or a generation over the page that is shown. */
function follow() {
  const { id, number, name } = readAddress();
  const before = history.state?.depth;
  depth = before ?? (id && page ? depth + 1 : 0);
  if (before === undefined) history.replaceState({ depth }, '');
  if (id) {
    if (!page) show('history');
    openGeneration(id, number, leave);
    return false;
  }
  closeGeneration();
  if (name === page) return false;
  show(name);
  return true;
}

/** Closes the open generation. */
function leave() {
  if (!readAddress().id) return;
  if (depth > 0) return history.go(-depth);
  history.replaceState({ depth: 0 }, '', `#${page}`);
  follow();
}

function show(name) {
  page = name;
  for (const each of Object.keys(pages)) $(`#page-${each}`).hidden = each !== name;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === '#' + name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = `${$(`#title-${name}`).textContent} – Leonardo gateway`;
  pages[name]();
}

async function identify(isAgain = false) {
  try {
    const { tenant } = await read('v1/usage');
    tokens.setSignedIn(tenant.identifiedBy === 'session');
    session.team = tenant.id;
    $('#who').textContent = tenant.name ?? tenant.id;
    $('#identity-text').replaceChildren(h('p', {}, whoIs(tenant), '. Tenant id: ', h('code', {}, tenant.id)));
    return true;
  } catch (fault) {
    // The cookie of a session that has ended is cleared by this answer: without it the network may identify the caller.
    if (fault.status === 401 && !isAgain) {
      const isKnown = await identify(true);
      if (isKnown) await loadModels();
      return isKnown;
    }
    tokens.setSignedIn(false);
    if (fault.status === 404) showOnlyOperator();
    $('#who').textContent = fault.name === 'suspended' ? 'Suspended' : 'Not identified';
    $('#identity-text').replaceChildren(cardFor(fault));
    return false;
  } finally {
    $('#forget').hidden = !tokens.hasTenant;
  }
}

/** The management port serves no teams: only the operator's part is shown. */
function showOnlyOperator() {
  for (const each of document.querySelectorAll('nav a:not([href="#operator"]), #who, footer')) each.hidden = true;
  history.replaceState({ depth: 0 }, '', '#operator');
  follow();
}

function setUpIdentity() {
  const dialog = $('#identity');
  $('#who').addEventListener('click', () => {
    dialog.showModal();
    read('v1/session').then(({ signIn }) => ($('#sign-in').hidden = !signIn), () => {});
  });
  // Relative to the page, which may be served under a prefix.
  $('#sign-in').href = `signin?returnUrl=${encodeURIComponent(location.pathname)}`;
  $('#identity-close').addEventListener('click', () => dialog.close());
  $('#forget').addEventListener('click', () => change(''));
  $('#token-form').addEventListener('submit', event => {
    event.preventDefault();
    if ($('#token').value.trim() !== '') change($('#token').value);
  });

  async function change(token) {
    $('#token').value = '';
    try {
      await (token === '' ? signOut() : signIn(token));
    } catch (fault) {
      // A refused token is explained in the dialog, and changes nothing.
      $('#identity-text').replaceChildren(cardFor(fault));
      return;
    }
    // The content of the page belongs to the team that was calling before, which finds its draft again.
    session.team = null;
    forgetDraft();
    forgetAll();
    const isKnown = await identify();
    if (isKnown) dialog.close();
    else if ((await read('v1/session').catch(() => ({}))).operator) {
      // An operator's token, of somebody who is in no team.
      dialog.close();
      location.hash = '#operator';
    }
    await loadModels();
    show(page);
    say($('#who').textContent);
  }
}

function setUpTheme() {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : dark.matches);
  const mark = () => $('#theme').setAttribute('aria-pressed', String(isDark()));
  $('#theme').addEventListener('click', () => {
    const theme = isDark() ? 'light' : 'dark';
    root.dataset.theme = theme;
    try {
      localStorage.setItem('theme', theme);
    } catch {
      // Storage is blocked: the choice lasts until the page is closed.
    }
    mark();
  });
  dark.addEventListener('change', mark);
  mark();
}

addEventListener('hashchange', () => {
  if (!follow()) return;
  $('#page').focus({ preventScroll: true });
  scrollTo(0, 0);
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !$('#form').hidden) showRecent(spent);
});
// Following the link would change the hash and show another part.
$('.skip').addEventListener('click', event => {
  event.preventDefault();
  $('#page').focus();
});
setUpTheme();
setUpIdentity();
setUpKeys();
follow();
// The draft is that of the team.
identify().then(() => startGenerate(spent));
