// The page: which part is shown, which team is calling, dark or light.
import { read, tokens } from './api.js';
import { $, h, say } from './dom.js';
import { loadModels, startGenerate } from './generate.js';
import { showHistory } from './history.js';
import { showOperator } from './operator.js';
import { cardFor } from './problems.js';
import { setReferences } from './references.js';
import { showUsage, whoIs } from './usage.js';

const pages = { generate: () => {}, history: showHistory, usage: showUsage, operator: showOperator };

function show() {
  const name = Object.hasOwn(pages, location.hash.slice(1)) ? location.hash.slice(1) : 'generate';
  for (const each of Object.keys(pages)) $(`#page-${each}`).hidden = each !== name;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === '#' + name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = `${$(`#title-${name}`).textContent} – Leonardo gateway`;
  pages[name]();
}

async function identify() {
  try {
    const { tenant } = await read('v1/usage');
    $('#who').textContent = tenant.name ?? tenant.id;
    $('#identity-text').replaceChildren(h('p', {}, whoIs(tenant), '. Tenant id: ', h('code', {}, tenant.id)));
  } catch (fault) {
    if (fault.status === 404) showOnlyOperator();
    $('#who').textContent = fault.name === 'suspended' ? 'Suspended' : 'Not identified';
    $('#identity-text').replaceChildren(cardFor(fault));
  }
  $('#forget').hidden = !tokens.hasTenant;
}

/** The management port serves no teams: only the operator's part is shown. */
function showOnlyOperator() {
  for (const each of document.querySelectorAll('nav a:not([href="#operator"]), #who, footer')) each.hidden = true;
  location.replace('#operator');
}

function setUpIdentity() {
  const dialog = $('#identity');
  $('#who').addEventListener('click', () => dialog.showModal());
  $('#identity-close').addEventListener('click', () => dialog.close());
  $('#forget').addEventListener('click', () => change(''));
  $('#token-form').addEventListener('submit', event => {
    event.preventDefault();
    change($('#token').value);
  });

  async function change(token) {
    tokens.setTenant(token);
    $('#token').value = '';
    // The content of the page belongs to the team that was calling before.
    setReferences([]);
    $('#results').replaceChildren();
    await identify();
    await loadModels();
    show();
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
  show();
  $('#page').focus({ preventScroll: true });
  scrollTo(0, 0);
});
// Following the link would change the hash and show another part.
$('.skip').addEventListener('click', event => {
  event.preventDefault();
  $('#page').focus();
});
setUpTheme();
setUpIdentity();
show();
identify();
startGenerate(() => {
  if (!$('#page-usage').hidden) showUsage();
});
