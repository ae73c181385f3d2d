// Make images: price before sending, one key for each thing that is wanted, and the results as they come.
import { asTenant, curl, freshKey, read } from './api.js';
import { $, button, copyButton, h, say } from './dom.js';
import { buildForm, currentModel, fillForm, readForm } from './form.js';
import { count, quotaAmount, quotaName, usd } from './format.js';
import { facts, follow, pictures, withSeed } from './generation.js';
import { cardFor, clearFields, firstFault, problemCard, showAtFields } from './problems.js';
import { allowReferences, areUploading, chosenReferences, keptReferences, referTo, setReferences, setUpReferences } from './references.js';

/** The last body whose outcome is open, with its key: sent again, it is the same request and is paid once. */
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
    const { models } = await read('/v2/models');
    if (models.length === 0) throw new Error('This team may use no model. An operator sets that in the tenants file.');
    buildForm(models, formChanged);
    allowReferences(models[0].limits.max_references);
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

/** Price and what is left. An empty prompt is no fault as long as nothing was sent: the price does not depend on it. */
async function quote() {
  quoting?.abort();
  quoting = new AbortController();
  const request = readForm(chosenReferences());
  if (request.parameters.prompt.trim() === '') request.parameters.prompt = '–';
  try {
    const response = await asTenant('POST', '/v2/generations/quote', { json: bodyOf(request), signal: quoting.signal });
    clearFields($('#form'));
    showQuote(await response.json());
  } catch (fault) {
    if (fault.name === 'AbortError') return;
    clearFields($('#form'));
    const homeless = fault.problem ? showAtFields($('#form'), fault.problem.errors) : [];
    const isMarked = fault.problem?.errors && homeless.length === 0;
    tell(h('p', { class: 'small' }, isMarked ? 'The price is known once the marked fields are right.' : `There is no price. ${fault.problem?.title ?? fault.message}.`));
  }
}

/** Beside the button, and above it. What stands there already is not said again: the price does not depend on the prompt that is being written. */
function tell(now, ...above) {
  const told = [h('div', { class: 'now' }, now), ...above.filter(Boolean)];
  const text = parts => parts.map(part => part.textContent).join(' ');
  if (text(told) !== text([...$('#quote').children])) $('#quote').replaceChildren(...told);
}

function showQuote(quote) {
  // The nearest limits: of images that of the day, if there is one.
  const { 'images-day': day = null, 'images-month': month = null, 'usd-month': dollars = null } = quote.remaining;
  const left = Object.entries({ 'images-day': day, 'images-month': day === null ? month : null, 'usd-month': dollars }).filter(([, value]) => value !== null);
  tell(
    h('p', { class: 'price' }, h('strong', {}, usd(quote.cost.amount)), h('span', {}, ` for ${count(quote.images, 'image')}`)),
    left.length > 0 && h('p', { class: 'small' }, 'Left: ', left.map(([name, value]) => `${quotaAmount(name, value)} ${shortName(name)}`).join(', ')),
    !quote.allowed && h('p', { class: 'small bad' }, `It would be refused now: ${quote.violatedPolicies.map(quotaName).join(', ')}.`),
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
    const response = await asTenant('POST', '/v2/generations', { json: body, headers: { 'Idempotency-Key': key } });
    const { generate } = await response.json();
    open = null;
    watch(generate, request, keptReferences());
    formChanged();
  } catch (fault) {
    if (!fault.isOpen) open = null;
    refuse(fault, request);
    // A new quote would take the marks off the fields before they are read.
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

/** One result: frames at once, pictures when they are there. */
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
  const tick = () => (state.textContent = `Leonardo is at work: ${passed()}`);
  tick();
  const timer = setInterval(tick, 1000);
  say('Sent. Leonardo is at work.');
  follow(generationId, () => {})
    .then(
      generation => end(generation),
      fault => {
        state.textContent = '';
        body.replaceChildren(cardFor(fault, button('Look again', () => retry())));
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
    // The line stays: without it the pictures would jump up as they appear.
    state.textContent = failed ? 'Leonardo could not make this.' : `${made} in ${passed()}`;
    say(failed ? 'Leonardo could not make this' : `${made} ready`);
    const kept = withSeed(request, generation);
    body.replaceChildren(
      failed ? h('p', {}, 'The attempt ended without images. What it cost is in the usage.') : pictures(generation, referTo),
      facts(generation, { Cost: cost?.amount && usd(cost.amount) }),
      h(
        'div',
        { class: 'actions' },
        button('Same again with this seed', () => makeAgain(kept, references)),
        copyButton('Copy as curl', () => curl(JSON.stringify(kept))),
      ),
    );
  }
}

/** Fills the form with an earlier request; sending it stays the person's decision, since it costs. */
export function makeAgain(request, references = []) {
  location.hash = '#generate';
  fillForm({ ...request, model: request.model ?? currentModel().name });
  setReferences(references);
  $('#prompt').focus();
  say('The form has the earlier request, with its seed');
}
