// Make images: the price before sending, one Idempotency-Key per request, and the draft, which survives a reload.
import { asTenant, freshKey, read } from './api.js';
import { copyAs } from './code.js';
import { $, button, h, say } from './dom.js';
import { buildForm, currentModel, fillForm, readForm } from './form.js';
import { count, quotaAmount, quotaName, usd } from './format.js';
import { requestOf } from './generation.js';
import { cardFor, clearFields, firstFault, problemCard, showAtFields } from './problems.js';
import { areUploading, chosenReferences, setReferences, setUpReferences } from './references.js';
import { session } from './store.js';
import { emptyStream, show, showRecent } from './stream.js';
import { explain } from './words.js';

/** The last body whose outcome is not known, with its key: sent again, it is the same request and is charged once. */
let open = null;
let sending = false;
let quoteTimer = 0;
let quoting = null;
let onspent = () => {};

export async function startGenerate(spent) {
  onspent = spent;
  setUpReferences(formChanged);
  const form = $('#form');
  form.addEventListener('submit', event => {
    event.preventDefault();
    submit();
  });
  form.addEventListener('keydown', event => {
    if (event.key !== 'Enter' || event.isComposing) return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      if (!event.repeat) submit();
    } else if (event.target.matches('input')) {
      // Enter in a field would send the form, and that costs money.
      event.preventDefault();
    }
  });
  $('#form-actions').append(copyAs(() => readForm(chosenReferences())));
  await loadModels();
}

/** Everything that belongs to a team: another one may be calling now. */
export async function loadModels() {
  try {
    const { models } = await read('v2/models');
    if (models.length === 0) throw new Error('Your team may not use any model. An operator can allow one in the tenants file.');
    buildForm(models, formChanged);
    $('#form').hidden = false;
    $('#results').replaceChildren();
    const draft = session.get('draft');
    if (draft) {
      fillForm(draft);
      setReferences(draft.parameters.guidances?.image_reference ?? []);
    }
    formChanged();
    offerInterrupted();
    await showRecent(onspent);
  } catch (fault) {
    $('#form').hidden = true;
    const help = fault.status === 401 ? [button('Use a gateway token', () => $('#identity').showModal())] : [];
    $('#results').replaceChildren(cardFor(fault, ...help));
  }
}

export function forgetDraft() {
  open = null;
  $('#form').reset();
  $('#form-problem').replaceChildren();
  $('#form-note').replaceChildren();
  setReferences([]);
  clearTimeout(quoteTimer);
  emptyStream();
}

const bodyOf = (request = readForm(chosenReferences())) => JSON.stringify(request);

function formChanged() {
  allowOnly();
  clearTimeout(quoteTimer);
  quoteTimer = setTimeout(quote, 400);
  if (currentModel() && !areUploading()) session.set('draft', readForm(chosenReferences()));
}

function allowOnly() {
  $('#send').disabled = sending || areUploading();
  $('#send').textContent = sending ? 'Sending…' : areUploading() ? 'Uploading…' : 'Generate';
}

/** The price and what is left. An empty prompt is replaced: the price does not depend on it. */
async function quote() {
  quoting?.abort();
  quoting = new AbortController();
  const request = readForm(chosenReferences());
  if (request.parameters.prompt.trim() === '') request.parameters.prompt = '–';
  try {
    const response = await asTenant('POST', 'v2/generations/quote', { json: bodyOf(request), signal: quoting.signal });
    clearFields($('#form'));
    showQuote(await response.json());
  } catch (fault) {
    if (fault.name === 'AbortError') return;
    clearFields($('#form'));
    const homeless = fault.problem ? showAtFields($('#form'), fault.problem.errors) : [];
    const isMarked = fault.problem?.errors && homeless.length === 0;
    const why = fault.problem ? explain(fault.problem)[0] : fault.message;
    showBesideButton(h('p', { class: 'small' }, isMarked ? 'Correct the marked fields to see the price.' : `The price is not available: ${why}.`));
  }
}

/** Beside the button and above it. An unchanged text is not announced again while a prompt is being typed. */
function showBesideButton(now, ...below) {
  const parts = [now, ...below.filter(Boolean)];
  const text = nodes => nodes.map(node => node.textContent).join(' ');
  if (text(parts) !== text([...$('#quote').children])) $('#quote').replaceChildren(...parts);
}

function showQuote(quote) {
  // The nearest limits: for images the daily one, if there is one.
  const { 'images-day': day = null, 'images-month': month = null, 'usd-month': dollars = null } = quote.remaining;
  const left = Object.entries({ 'images-day': day, 'images-month': day === null ? month : null, 'usd-month': dollars }).filter(([, value]) => value !== null);
  showBesideButton(
    h('p', { class: 'price' }, h('strong', {}, usd(quote.cost.amount)), h('span', {}, ` for ${count(quote.images, 'image')}`)),
    left.length > 0 && h('p', { class: 'small' }, 'Left: ', left.map(([name, value]) => `${quotaAmount(name, value)} ${shortName(name)}`).join(', ')),
    !quote.allowed && h('p', { class: 'small bad' }, `More than is left: ${quote.violatedPolicies.map(quotaName).join(', ')}.`),
  );
}

const shortName = name => ({ 'images-day': 'images today', 'images-month': 'images this month', 'usd-month': 'this month' })[name] ?? name;

async function submit(again = null) {
  if (sending || areUploading()) return;
  const body = again ?? bodyOf();
  const key = open?.body === body ? open.key : freshKey();
  open = { body, key, at: Date.now() };
  session.set('open', open);
  sending = true;
  allowOnly();
  clearFields($('#form'));
  $('#form-problem').replaceChildren();
  try {
    const response = await asTenant('POST', 'v2/generations', { json: body, headers: { 'Idempotency-Key': key } });
    const { generate } = await response.json();
    close();
    const request = JSON.parse(body);
    show({ id: generate.generationId, status: 'PENDING', generated_images: [] }, { cost: generate.cost, asked: request, onspent });
    say('Sent. Leonardo is working.');
    formChanged();
  } catch (fault) {
    // Only a refusal of the gateway says that nothing was made. After anything else the same body keeps its key.
    if (fault.problem && !fault.isOpen) close();
    refuse(fault, body);
    // A new quote would remove the error messages before they are read.
    if (!firstFault($('#form'))) formChanged();
  } finally {
    sending = false;
    allowOnly();
    onspent();
  }
}

function close() {
  open = null;
  session.set('open', null);
}

function refuse(fault, body) {
  if (!fault.problem) return $('#form-problem').replaceChildren(cardFor(fault));
  const homeless = showAtFields($('#form'), fault.problem.errors);
  const actions = fault.isOpen ? [button('Send the same request again', () => submit(body), 'main')] : [];
  $('#form-problem').replaceChildren(problemCard(fault, { homeless, actions }));
  const first = firstFault($('#form'));
  if (!first) return $('#form-problem').scrollIntoView({ block: 'nearest' });
  first.focus();
}

/** The page was closed or reloaded before the answer came. What was sent goes on; asking again with its key is not paid twice. */
function offerInterrupted() {
  open = session.get('open');
  // The gateway keeps a key for 24 hours: later it would be a new request.
  if (open && Date.now() - open.at > 23 * 3600 * 1000) close();
  if (!open) return;
  const prompt = JSON.parse(open.body).parameters.prompt;
  $('#form-problem').replaceChildren(
    h(
      'div',
      { class: 'problem', role: 'alert' },
      h('h2', {}, 'The page was reloaded while a request was being sent'),
      h('p', {}, `“${prompt.slice(0, 120)}”. Sending it again shows its result if it arrived, and is paid once in any case.`),
      h('div', { class: 'actions' }, button('Send it again', () => submit(open.body), 'main'), button('Let it be', () => (close(), $('#form-problem').replaceChildren()))),
    ),
  );
}

/** Fills the form with an earlier request. It is not sent: that costs money, and is the person's decision. */
export function makeAgain(generation, { newSeed = false } = {}) {
  location.hash = '#generate';
  const request = structuredClone(requestOf(generation));
  if (newSeed) delete request.parameters.seed;
  const lost = fillForm(request);
  setReferences(request.parameters.guidances?.image_reference ?? []);
  const notes = lost.map(each => `Not the same as before: ${each}.`);
  if (!generation.request) notes.push('This was made before the gateway kept whole requests: its style, references and prompt enhancement are not known.');
  $('#form-note').replaceChildren(...notes.map(note => h('p', {}, note)));
  $('#prompt').focus();
  say(newSeed ? 'The form now has the earlier request, without its seed' : 'The form now has the earlier request, with its seed');
}
