// The page: which part is shown, which team is calling, dark or light. What few people need at once is loaded when they ask for it.
import { belongTo, confirmCaller, isSignedIn, read, readUsage, setLabel, signIn, signOut, takeLeft } from './api.js';
import { loadModels, setUpComposer, showNote, showNoForm } from './composer.js';
import { $, button, emit, h, on, say } from './dom.js';
import { setUpKeys } from './keys.js';
import { cardFor } from './problems.js';
import { setPerson, setTeam, shared } from './store.js';
import { whoIs } from './words.js';

function setUpTheme() {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const root = document.documentElement;
  try {
    const kept = localStorage.getItem('theme');
    if (kept === 'light' || kept === 'dark') root.dataset.theme = kept;
  } catch {
    // Storage is blocked: the system's setting holds.
  }
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

// Before anything else: the page is not painted until then.
setUpTheme();

const pages = {
  generate: () => {},
  history: () => {},
  usage: async () => (await later(import('./usage.js'))).showUsage(),
  operator: async () => (await later(import('./operator/main.js'))).showOperator(),
};

/** The page that is shown, also below an open generation. */
let page = null;
let wasBrowsing = false;
/** How many entries of the browser's history lie between an open generation and the page below it; 0: it was opened by its address. */
let depth = 0;

let pagesStyle = null;

/** With the style of the pages that are loaded later. */
async function later(module) {
  pagesStyle ??= new Promise(resolve => document.head.append(h('link', { rel: 'stylesheet', href: 'console/pages.css', onload: resolve, onerror: resolve })));
  await pagesStyle;
  return module;
}

function readAddress() {
  const [, id, number] = /^#\/g\/([0-9a-f-]{36})(?:\/(\d{1,3}))?$/i.exec(location.hash) ?? [];
  const name = location.hash.startsWith('#/operator/') ? 'operator' : location.hash.slice(1);
  return { id: id?.toLowerCase(), number: Number(number ?? 0), name: Object.hasOwn(pages, name) ? name : 'generate' };
}

/** Asked for at once: the form can be used while it is loading. */
const stream = import('./stream.js');
let details = null;

/** Follows the address: a page, or a generation over the page that is shown. */
function follow() {
  const { id, name } = readAddress();
  const before = history.state?.depth;
  depth = before ?? (id && page ? depth + 1 : 0);
  if (before === undefined) history.replaceState({ depth }, '');
  if (id) {
    if (!page) show('generate');
    stream
      .then(({ loadDetails }) => loadDetails())
      .then(module => {
        details = module;
        if (readAddress().id === id) details.openGeneration(id, readAddress().number, leave);
      });
    return false;
  }
  details?.closeGeneration();
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
  // The history is the stream without the form beside it.
  const shown = name === 'history' ? 'generate' : name;
  for (const each of ['generate', 'usage', 'operator']) $(`#page-${each}`).hidden = each !== shown;
  const isBrowsing = name === 'history';
  if ($('.halves').classList.toggle('browse', isBrowsing) !== wasBrowsing) emit('layout-changed');
  wasBrowsing = isBrowsing;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === '#' + name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const title = name === 'history' ? 'History' : $(`#title-${name}`).textContent;
  document.title = `${title} – Leonardo gateway`;
  $('#title-stream').textContent = name === 'history' ? 'History' : 'Images';
  // The heading of the form is not shown then.
  $('#title-stream').setAttribute('aria-level', isBrowsing ? '1' : '2');
  pages[name]();
}

/** @returns the team that is calling; undefined: it is not known, and the page says why. Without it nothing is sent: nobody could say who would pay. */
async function identify(isAgain = false) {
  try {
    const { tenant, quotas } = await readUsage();
    belongTo(tenant);
    setTeam(tenant.id);
    showLabel(tenant.user);
    $('#who').textContent = tenant.name ?? tenant.id;
    $('#identity-text').replaceChildren(h('p', {}, whoIs(tenant), '. Tenant id: ', h('code', {}, tenant.id)));
    $('#forget').hidden = !isSignedIn();
    if (quotas.some(({ name, used, held }) => name === 'jobs-queued' && used + held > 0)) stream.then(({ loadJobs }) => loadJobs());
    return tenant;
  } catch (fault) {
    // The cookie of a session that has ended is cleared by this answer: without it the network may identify the caller.
    if (fault.status === 401 && !isAgain) {
      // The page has asked for these already, as the session that has ended.
      await read('v2/models').catch(() => null);
      return await identify(true);
    }
    if (fault.status === 401) belongTo(null);
    if (fault.status === 404) showOnlyOperator();
    $('#who').textContent = fault.name === 'suspended' ? 'Suspended' : 'Not identified';
    $('#identity-text').replaceChildren(cardFor(fault));
    const help = fault.status === 401 ? button('Use a gateway token', () => $('#identity').showModal()) : button('Try again', loadTeam);
    showNoForm(fault, help);
  }
}

/** The management port serves no teams: only the operator's part is shown. */
function showOnlyOperator() {
  for (const each of document.querySelectorAll('header nav a:not([href="#operator"]), #who, #help')) each.hidden = true;
  if (readAddress().name !== 'operator') history.replaceState({ depth: 0 }, '', '#operator');
  follow();
}

/** A person whom the gateway does not know may state a name. @param known by the gateway. */
function showLabel(known) {
  const own = known ? null : shared.get('label');
  setLabel(own);
  setPerson(known ?? own);
  $('#label-form').hidden = Boolean(known);
  $('#label').value = own ?? '';
}

function setUpIdentity() {
  const dialog = $('#identity');
  $('#who').addEventListener('click', () => {
    dialog.showModal();
    // The answer about a session that has ended clears its cookie.
    confirmCaller();
    read('v1/session').then(({ signIn }) => ($('#sign-in').hidden = !signIn), () => {});
  });
  // Relative to the page, which may be served under a prefix.
  $('#sign-in').href = `signin?returnUrl=${encodeURIComponent(location.pathname)}`;
  $('#identity-close').addEventListener('click', () => dialog.close());
  $('#forget').addEventListener('click', () => change(''));
  $('#label-form').addEventListener('submit', event => {
    event.preventDefault();
    const name = $('#label').value.trim();
    if (!$('#label').reportValidity()) return;
    shared.set('label', name || null);
    showLabel(null);
    dialog.close();
    stream.then(({ showStream }) => showStream());
  });
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
    }
  }
}

addEventListener('hashchange', () => {
  // What is open belongs to the page that is left; an open generation has an address of its own.
  for (const open of document.querySelectorAll('dialog[open]:not([data-id])')) open.close();
  if (!follow()) return;
  for (const menu of document.querySelectorAll('.menu[open]')) menu.open = false;
  $('#page').focus({ preventScroll: true });
  scrollTo(0, 0);
});
// Following the link would change the hash and show another part.
$('.skip').addEventListener('click', event => {
  event.preventDefault();
  $('#page').focus();
});
on('spent', () => page === 'usage' && pages.usage());
// An image does not say why it cannot be fetched: the session may have ended, and the answer has cleared its cookie.
addEventListener('error', ({ target }) => target instanceof HTMLImageElement && confirmCaller(), true);
// Meanwhile a page of the gateway that is not a console may have got that answer, or have signed somebody in.
document.addEventListener('visibilitychange', () => document.hidden || confirmCaller());
addEventListener('focus', () => confirmCaller());

async function loadTeam() {
  const tenant = await identify();
  const left = takeLeft();
  if (!tenant || !(await loadModels(loadTeam))) return;
  if (left) {
    const text = `You are now ${whoIs(tenant)}. This page was that of ${left}, and nothing more was sent for it.`;
    showNote(text);
    say(text);
  }
  // The stream states prices of models.
  await (await stream).showStream();
}

setUpIdentity();
setUpKeys();
setUpComposer();
follow();
// The draft is that of the team.
loadTeam();
