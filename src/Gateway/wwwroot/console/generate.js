// Make images: the price before sending, one Idempotency-Key per request, and the results as they arrive.
import { asTenant, curl, freshKey, read } from './api.js';
import { $, button, copyButton, h, say } from './dom.js';
import { buildForm, currentModel, fillForm, readForm } from './form.js';
import { count, quotaAmount, quotaName, usd } from './format.js';
import { facts, follow, pictures, withSeed } from './generation.js';
import { cardFor, clearFields, firstFault, problemCard, showAtFields } from './problems.js';
import { areUploading, chosenReferences, keptReferences, referTo, setReferences, setUpReferences } from './references.js';

/** The last body whose outcome is not known, with its key: sent again, it is the same request and is charged once. */
let open = null;
let sending = false;
let quoteTimer = 0;
let quoting = null;
let onspent = () => {};

export async function startGenerate(spent) {
  onspent = spent;
  setUpReferences(formChanged);
  $('#form').addEventListener('submit', event => {
    event.preventDefault();
    submit();
  });
  $('#form-actions').append(copyButton('Copy as curl', () => curl(bodyOf())));
  await loadModels();
}

export async function loadModels() {
  try {
    const { models } = await read('v2/models');
    if (models.length === 0) throw new Error('Your team may not use any model. An operator can allow one in the tenants file.');
    buildForm(models, formChanged);
    $('#form').hidden = false;
    showEmpty();
    formChanged();
  } catch (fault) {
    $('#form').hidden = true;
    const help = fault.status === 401 ? [button('Use a gateway token', () => $('#identity').showModal())] : [];
    $('#results').replaceChildren(cardFor(fault, ...help));
  }
}

function showEmpty() {
  if (!$('#results .result'))
    $('#results').replaceChildren(h('p', { class: 'empty' }, 'Your images appear here. They stay in the history too.'));
}

const bodyOf = (request = readForm(chosenReferences())) => JSON.stringify(request);

function formChanged() {
  allowOnly();
  clearTimeout(quoteTimer);
  quoteTimer = setTimeout(quote, 400);
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
    showBesideButton(h('p', { class: 'small' }, isMarked ? 'Correct the marked fields to see the price.' : `The price is not available: ${fault.problem?.title ?? fault.message}.`));
  }
}

/** Beside the button and above it. An unchanged text is not announced again while a prompt is being typed. */
function showBesideButton(now, ...above) {
  const parts = [h('div', { class: 'now' }, now), ...above.filter(Boolean)];
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
    !quote.allowed && h('p', { class: 'small bad' }, `This request would now be refused by: ${quote.violatedPolicies.map(quotaName).join(', ')}.`),
  );
}

const shortName = name => ({ 'images-day': 'images today', 'images-month': 'images this month', 'usd-month': 'this month' })[name] ?? name;

async function submit(again = null) {
  if (sending || areUploading()) return;
  const request = again ?? readForm(chosenReferences());
  const body = bodyOf(request);
  const key = open?.body === body ? open.key : freshKey();
  open = { body, key };
  sending = true;
  allowOnly();
  clearFields($('#form'));
  $('#form-problem').replaceChildren();
  try {
    const response = await asTenant('POST', 'v2/generations', { json: body, headers: { 'Idempotency-Key': key } });
    const { generate } = await response.json();
    open = null;
    watch(generate, request, keptReferences());
    formChanged();
  } catch (fault) {
    if (!fault.isOpen) open = null;
    refuse(fault, request);
    // A new quote would remove the error messages before they are read.
    if (!firstFault($('#form'))) formChanged();
  } finally {
    sending = false;
    allowOnly();
    onspent();
  }
}

function refuse(fault, request) {
  if (!fault.problem) return $('#form-problem').replaceChildren(cardFor(fault));
  const homeless = showAtFields($('#form'), fault.problem.errors);
  const retry = fault.isOpen ? [button('Send the same request again', () => submit(request), 'main')] : [];
  $('#form-problem').replaceChildren(problemCard(fault, homeless, ...retry));
  const first = firstFault($('#form'));
  if (!first) return $('#form-problem').scrollIntoView({ block: 'nearest' });
  first.closest('details')?.setAttribute('open', '');
  first.focus();
}

/** One result: frames at once, pictures when they are ready. */
function watch({ generationId, cost }, request, references) {
  const state = h('p', { class: 'state' });
  const body = h('div', {});
  const { width, height, quantity } = request.parameters;
  const frames = h(
    'div',
    { class: 'pictures', 'aria-hidden': 'true' },
    Array.from({ length: quantity ?? 1 }, () => {
      const frame = h('div', { class: 'frame' });
      frame.style.aspectRatio = `${width} / ${height}`;
      return frame;
    }),
  );
  body.append(frames);
  const card = h('article', { class: 'result', 'aria-label': `Result: ${request.parameters.prompt.slice(0, 80)}`, 'aria-busy': 'true' }, h('p', { class: 'asked' }, request.parameters.prompt), state, body);
  $('#results .empty')?.remove();
  $('#results').prepend(card);
  const { top, bottom } = card.getBoundingClientRect();
  if (top < 0 || Math.min(bottom, top + 200) > innerHeight) card.scrollIntoView({ block: 'start' });

  const began = performance.now();
  const passed = () => count(Math.floor((performance.now() - began) / 1000), 'second');
  const tick = () => (state.textContent = `Leonardo is working: ${passed()}`);
  tick();
  const timer = setInterval(tick, 1000);
  say('Sent. Leonardo is working.');
  follow(generationId, () => {})
    .then(
      generation => end(generation),
      fault => {
        state.textContent = '';
        body.replaceChildren(cardFor(fault, button('Check again', () => retry())));
      },
    )
    .finally(() => {
      clearInterval(timer);
      card.setAttribute('aria-busy', 'false');
      onspent();
    });

  function retry() {
    card.remove();
    watch({ generationId, cost }, request, references);
  }

  function end(generation) {
    const failed = generation.status === 'FAILED';
    const made = count(generation.generated_images.length, 'image');
    // The line stays, so that the pictures do not move as they appear.
    state.textContent = failed ? 'Leonardo could not make these images.' : `${made} in ${passed()}`;
    say(failed ? 'Leonardo could not make these images' : `${made} ready`);
    const kept = withSeed(request, generation);
    body.replaceChildren(
      failed ? h('p', {}, 'The generation ended without images. Leonardo charges for it all the same; Usage shows the cost.') : pictures(generation, referTo),
      facts(generation, { Cost: cost?.amount && usd(cost.amount) }),
      h(
        'div',
        { class: 'actions' },
        button('Use again with this seed', () => makeAgain(kept, references)),
        copyButton('Copy as curl', () => curl(JSON.stringify(kept))),
      ),
    );
  }
}

/** Fills the form with an earlier request. It is not sent: that costs money, and is the person's decision. */
export function makeAgain(request, references = []) {
  location.hash = '#generate';
  fillForm({ ...request, model: request.model ?? currentModel().name });
  setReferences(references);
  $('#prompt').focus();
  say('The form now has the earlier request, with its seed');
}
