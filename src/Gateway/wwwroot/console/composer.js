// The request that is being written: its price before it is sent, one Idempotency-Key for each, and the draft, which is the same in every tab and after a reload.
import { freshKey, read, readUsage, requireCaller, send } from './api.js';
import { copyAs } from './copying.js';
import { $, button, emit, h, on, say } from './dom.js';
import { buildForm, currentModel, fillForm, readForm, showPrices } from './form.js';
import { count, quotaAmount, quotaName, span, usd } from './format.js';
import { cardFor, clearFields, firstFault, problemCard, shortly, showAtFields } from './problems.js';
import { areUploading, chosenReferences, setReferences, setUpReferences } from './references.js';
import { onShared, session, shared } from './store.js';
import { explain } from './words.js';

/** The last body whose outcome is not known, with its key: sent again, it is the same request and is charged once. */
let open = null;
let sending = false;
let quoteTimer = 0;
let quoting = null;
/** Whether the form is being filled by the page: that is no new draft. */
let isFilling = false;
let editedAt = 0;

export function setUpComposer() {
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
  form.addEventListener('input', () => (editedAt = Date.now()));
  // A person types in one tab; the others follow.
  onShared('draft', draft => draft && currentModel() && Date.now() - editedAt > 1000 && showDraft(draft));
  // A new quote would remove the error messages before they are read.
  on('spent', () => currentModel() && !firstFault($('#form')) && quoteSoon());
}

/** With the draft and the interrupted request of the team. @param loadAgain reads everything again. @returns whether it may use a model. */
export async function loadModels(loadAgain) {
  try {
    const { models } = await read('v2/models');
    if (models.length === 0) throw { problem: { title: 'Your team may not use any model', detail: 'An operator can allow one in the tenants file.' } };
    buildForm(models, formChanged);
    $('#form').hidden = false;
    $('#stream-problem').replaceChildren();
    const draft = shared.get('draft');
    if (draft) showDraft(draft);
    else formChanged();
    offerInterrupted();
    return true;
  } catch (fault) {
    showNoForm(fault, button('Try again', loadAgain));
    return false;
  } finally {
    // Not before the form, which would push it down on a narrow screen.
    $('#stream').hidden = false;
  }
}

/** Nothing can be made: says why, and what can be done. */
export function showNoForm(fault, ...help) {
  $('#form').hidden = true;
  $('#stream').hidden = false;
  $('#stream-problem').replaceChildren(cardFor(fault, ...help));
}

/** Above the button, until the form is changed. */
export const showNote = (...notes) => $('#form-note').replaceChildren(...notes.map(note => h('p', {}, note)));

function showDraft(draft) {
  isFilling = true;
  fillForm(draft);
  setReferences(draft.parameters.guidances?.image_reference ?? []);
  isFilling = false;
  formChanged({ isKept: true });
}

const bodyOf = (request = readForm(chosenReferences())) => JSON.stringify(request);

/** @param isKept whether the draft is the kept one. */
function formChanged({ isKept = false } = {}) {
  if (isFilling) return;
  allowOnly();
  if (!currentModel()) return;
  showPrices(chosenReferences().length > 0);
  quoteSoon();
  if (!isKept && !areUploading()) shared.set('draft', readForm(chosenReferences()));
}

function quoteSoon() {
  clearTimeout(quoteTimer);
  // The first price is not kept waiting: nobody is typing yet.
  quoteTimer = setTimeout(quote, $('#quote').childElementCount > 0 ? 400 : 0);
}

function stopQuote() {
  clearTimeout(quoteTimer);
  quoting?.abort();
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
    const response = await send('POST', 'v2/generations/quote', { json: bodyOf(request), signal: quoting.signal });
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
  // Of the limit that it takes the most of.
  const share = Math.max(0, ...left.map(([name, value]) => (Number(value) > 0 ? (name === 'usd-month' ? Number(quote.cost.amount) : quote.images) / Number(value) : 1)));
  const percent = share < 0.01 ? 'less than 1\u00a0%' : `${Math.round(share * 100)}\u00a0%`;
  showBesideButton(
    h('p', { class: 'price' }, h('strong', {}, usd(quote.cost.amount)), h('span', {}, ` for ${count(quote.images, 'image')}`)),
    left.length > 0 &&
      h('p', { class: 'small' }, 'Left: ', left.map(([name, value]) => `${quotaAmount(name, value)} ${Number(value) === 1 ? shortName(name).replace('images', 'image') : shortName(name)}`).join(', '), quote.allowed && `. This takes ${percent}.`),
    !quote.allowed && h('p', { class: 'small bad' }, `More than is left: ${quote.violatedPolicies.map(quotaName).join(', ')}.`),
    left.length > 0 && h('progress', { class: quote.allowed ? 'share' : 'share over', max: 1, value: Math.min(1, share), 'aria-label': `This request takes ${quote.allowed ? percent : 'more'} of what is left` }),
  );
}

const shortName = name => ({ 'images-day': 'images today', 'images-month': 'images this month', 'usd-month': 'this month' })[name] ?? name;

async function submit(again = null) {
  if (sending || areUploading()) return;
  const body = again ?? bodyOf();
  sending = true;
  allowOnly();
  stopQuote();
  clearFields($('#form'));
  $('#form-problem').replaceChildren();
  try {
    await requireCaller();
  } catch (fault) {
    sending = false;
    allowOnly();
    quoteSoon();
    return showUnsent(fault, again);
  }
  const key = open?.body === body ? open.key : freshKey();
  open = { body, key, at: Date.now() };
  session.set('open', open);
  const request = JSON.parse(body);
  emit('generation-sending', { key, request });
  const stopWatching = watchQueue();
  try {
    const response = await send('POST', 'v2/generations', { json: body, headers: { 'Idempotency-Key': key } });
    const { generate } = await response.json();
    close();
    emit('generation-sent');
    emit('generation-made', { generation: { id: generate.generationId, status: 'PENDING', generated_images: [] }, request, cost: generate.cost });
    say('Sent. Leonardo is working.');
  } catch (fault) {
    emit('generation-sent');
    // Only a refusal of the gateway says that nothing was made. After anything else the same body keeps its key.
    if (fault.problem && !fault.isOpen) close();
    refuse(fault, body);
  } finally {
    stopWatching();
    sending = false;
    allowOnly();
    emit('spent');
  }
}

/** While a request waits for a slot of the account, it says where in the queue and until when. @returns a function that stops it */
function watchQueue() {
  let isOver = false;
  const look = async () => {
    if (isOver) return;
    const { queue } = await readUsage().catch(() => ({}));
    if (isOver) return;
    if (queue?.waiting > 0) {
      const seconds = queue.estimatedStart && (new Date(queue.estimatedStart) - Date.now()) / 1000;
      emit('generation-queued', `In the queue: ${queue.position ? `position ${queue.position.toLocaleString('en')}` : 'waiting'}${seconds ? `, starts in about ${span(seconds)}` : ''}`);
    }
    timer = setTimeout(look, 2000);
  };
  let timer = setTimeout(look, 1200);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** Another team could pay for it. @param again the body of a request whose outcome is not known; null: what the form then has is sent. */
function showUnsent(fault, again) {
  $('#form-problem').replaceChildren(
    h('div', { class: 'problem', role: 'alert' }, h('h2', {}, 'Nothing was sent'), h('p', {}, `It could not be checked that you are still ${$('#who').textContent}: ${shortly(fault)}.`), h('div', { class: 'actions' }, button('Try again', () => submit(again)))),
  );
  $('#form-problem').scrollIntoView({ block: 'nearest' });
}

function close() {
  open = null;
  session.set('open', null);
}

function refuse(fault, body) {
  if (!fault.problem) return $('#form-problem').replaceChildren(cardFor(fault));
  // The form may have been changed meanwhile.
  stopQuote();
  clearFields($('#form'));
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

/**
 * Fills the form with an earlier request. It is not sent: that costs money, and is the person's decision.
 * @param isComplete whether the request is known as it was sent.
 */
export function makeAgain(earlier, { newSeed = false, isComplete = true } = {}) {
  const isElsewhere = location.hash !== '#generate';
  location.hash = '#generate';
  const request = structuredClone(earlier);
  if (newSeed) delete request.parameters.seed;
  isFilling = true;
  const lost = fillForm(request);
  setReferences(request.parameters.guidances?.image_reference ?? []);
  isFilling = false;
  formChanged();
  const notes = lost.map(each => `Not the same as before: ${each}.`);
  if (!isComplete) notes.push('This was made before the gateway kept whole requests: its style, references and prompt enhancement are not known.');
  showNote(...notes);
  const focus = () => $('#prompt').focus();
  // What is open, or shown instead, is closed when the address has changed, and that moves the focus.
  if (isElsewhere) addEventListener('hashchange', focus, { once: true });
  else focus();
  say(newSeed ? 'The form now has the earlier request, without its seed' : 'The form now has the earlier request, with its seed');
}
