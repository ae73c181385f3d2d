// The form: built from the answer of GET /v2/models, read into a request, and filled from one.
import { $, freshId, h, icon } from './dom.js';
import { count, usd } from './format.js';
import { priceOf, ratiosOf } from './price.js';
import { allowReferences } from './references.js';

let models = [];
let model = null;
let onchange = () => {};
/** Width by height while it is kept; null: the sides are free. */
let lockedRatio = null;

export const currentModel = () => model;
/** @returns undefined: the team may not use it. */
export const modelNamed = name => models.find(each => each.name === name);

export function buildForm(allowed, changed) {
  models = allowed;
  onchange = changed;
  const select = $('#model');
  select.replaceChildren(...models.map(each => h('option', { value: each.name }, each.title)));
  $('#model-field').hidden = models.length < 2;
  select.onchange = () => {
    chooseModel(select.value);
    onchange();
  };
  for (const control of $('#form').querySelectorAll('input:not([type=file]), select, textarea')) control.oninput = edited;
  $('#swap').replaceChildren(icon('swap'));
  $('#swap').onclick = () => {
    [$('#width').value, $('#height').value] = [$('#height').value, $('#width').value];
    if (lockedRatio) lockedRatio = 1 / lockedRatio;
    edited();
  };
  $('#lock').replaceChildren(icon('lock'));
  $('#lock').onclick = () => lock(lockedRatio === null);
  lock(false);
  $('#width').oninput = () => keepRatio('height', ratio => $('#width').value / ratio);
  $('#height').oninput = () => keepRatio('width', ratio => $('#height').value * ratio);
  applyModel(models[0]);
}

function lock(isLocked) {
  const ratio = $('#width').value / $('#height').value;
  lockedRatio = isLocked && ratio > 0 && Number.isFinite(ratio) ? ratio : null;
  $('#lock').setAttribute('aria-pressed', String(lockedRatio !== null));
}

/** The other side follows while the ratio is kept, within its limits. */
function keepRatio(side, length) {
  const { min, max } = model.limits[side];
  const wanted = lockedRatio && Math.round(length(lockedRatio));
  if (wanted > 0) $('#' + side).value = Math.min(max, Math.max(min, wanted));
  edited();
}

function edited() {
  $('#form-note').replaceChildren();
  markRatio();
  countPrompt();
  onchange();
}

/** A model that this team may not use leaves the form as it is. */
function chooseModel(name) {
  const chosen = modelNamed(name);
  if (chosen && chosen !== model) applyModel(chosen);
  return chosen !== undefined;
}

function applyModel(chosen) {
  model = chosen;
  const { limits } = model;
  $('#model').value = model.name;
  for (const side of ['width', 'height']) {
    const range = limits[side];
    Object.assign($('#' + side), { min: range.min, max: range.max, value: range.default ?? range.max, step: 1 });
  }
  const { width, height } = limits;
  // A cap that the largest size keeps needs no words.
  const pixels = limits.max_pixels && limits.max_pixels < width.max * height.max ? `, at most ${limits.max_pixels.toLocaleString('en')} pixels together` : '';
  const isSquare = width.min === height.min && width.max === height.max;
  $('#size-help').textContent = `${width.min} to ${width.max} ${isSquare ? 'each' : `wide, ${height.min} to ${height.max} high`}${pixels}`;
  $('#seed').min = limits.seed.min;
  $('#seed').max = limits.seed.max;
  $('#seed-help').textContent = `${limits.seed.min.toLocaleString('en')} to ${limits.seed.max.toLocaleString('en')}. The same seed keeps results similar; if it is left empty, a new one is drawn.`;
  $('#style').replaceChildren(h('option', { value: '' }, 'Default'), ...model.styles.map(style => h('option', { value: style.id }, style.name)));
  $('#ratios').replaceChildren(...ratiosOf(model).map(ratioChoice));
  $('#quantity').replaceChildren(...quantityChoices(limits.quantity));
  $('#public-field').hidden = !limits.public;
  $('#references-help').textContent = `Up to ${limits.max_references}: PNG, JPEG or WebP`;
  allowReferences(limits.max_references);
  markRatio();
  countPrompt();
}

function ratioChoice(ratio) {
  const id = freshId('ratio');
  const box = h('span', { class: 'shape', 'aria-hidden': 'true' });
  // Longest side 1rem.
  const scale = 1 / Math.max(ratio.width, ratio.height);
  box.style.width = `${ratio.width * scale}rem`;
  box.style.height = `${ratio.height * scale}rem`;
  const input = h('input', { type: 'radio', name: 'ratio', id, 'data-width': ratio.width, 'data-height': ratio.height });
  input.addEventListener('change', () => {
    $('#width').value = ratio.width;
    $('#height').value = ratio.height;
    if (lockedRatio) lock(true);
    edited();
  });
  return h('div', { class: 'choice' }, input, h('label', { for: id, title: `${ratio.width} × ${ratio.height}` }, box, ratio.name, h('span', { class: 'each' })));
}

/** The price of one image in each size. */
export function showPrices(withReferences) {
  for (const input of $('#ratios').querySelectorAll('input')) {
    const price = priceOf(model, { width: Number(input.dataset.width), height: Number(input.dataset.height), guidances: { image_reference: withReferences ? [{}] : [] } });
    $('.each', input.parentElement).textContent = price === null ? '' : usd(price);
  }
}

function quantityChoices(range) {
  if (range.max - range.min > 11)
    return [h('input', { type: 'number', name: 'quantity', min: range.min, max: range.max, value: range.default ?? range.min, 'aria-label': 'Images', oninput: edited })];
  const choices = [];
  for (let n = range.min; n <= range.max; n++) {
    const id = freshId('quantity');
    choices.push(
      h('div', { class: 'choice' }, h('input', { type: 'radio', name: 'quantity', id, value: n, checked: n === (range.default ?? range.min), oninput: edited }), h('label', { for: id }, String(n))),
    );
  }
  return choices;
}

/** Selects the preset of the two fields, or none. */
function markRatio() {
  for (const choice of $('#ratios').querySelectorAll('input'))
    choice.checked = choice.dataset.width === $('#width').value && choice.dataset.height === $('#height').value;
}

function countPrompt() {
  const length = [...$('#prompt').value].length;
  const most = model.limits.prompt_max_length;
  $('#prompt-help').textContent = `${length.toLocaleString('en')} of ${most.toLocaleString('en')} characters`;
}

const numberOf = text => (text.trim() === '' ? undefined : Number(text));

/**
 * The request in the form. The gateway validates it, not the page. Its members are in the order in which the gateway sends them to Leonardo, so that a request that
 * was stored, filled in and read again is the same text.
 */
export function readForm(references) {
  const quantity = $('#quantity input[type=number]') ?? $('#quantity input:checked');
  const parameters = {
    prompt: $('#prompt').value,
    quantity: quantity ? numberOf(quantity.value) : undefined,
    width: numberOf($('#width').value),
    height: numberOf($('#height').value),
    seed: numberOf($('#seed').value),
    prompt_enhance: $('#enhance').checked ? 'ON' : 'OFF',
  };
  if ($('#style').value) parameters.style_ids = $('#style').value.split(' ');
  if (references.length > 0) parameters.guidances = { image_reference: references };
  return { model: model.name, public: $('#public').checked, parameters };
}

/**
 * Fills the form from an earlier request. The caller sets the references.
 * @returns what could not be taken over, in words.
 */
export function fillForm(request) {
  const { parameters } = request;
  const lost = [];
  if (request.model && !chooseModel(request.model)) lost.push('its model is not one that your team may use');
  $('#prompt').value = parameters.prompt ?? '';
  for (const name of ['width', 'height', 'seed']) $('#' + name).value = parameters[name] ?? '';
  lock(false);
  chooseStyles(parameters.style_ids ?? []);
  $('#enhance').checked = parameters.prompt_enhance === 'ON';
  $('#public').checked = request.public === true && model.limits.public;
  if (request.public && !model.limits.public) lost.push('your team may not publish');
  if (!chooseQuantity(parameters.quantity ?? model.limits.quantity.default)) lost.push(`your team may make at most ${count(model.limits.quantity.max, 'image')} at once`);
  edited();
  return lost;
}

function chooseQuantity(wanted) {
  const number = $('#quantity input[type=number]');
  if (number) number.value = wanted;
  else for (const choice of $('#quantity').querySelectorAll('input')) choice.checked = Number(choice.value) === Math.min(wanted, model.limits.quantity.max);
  return wanted <= model.limits.quantity.max;
}

/** Programs may send several styles, or one that this page does not know: such a choice is offered as it is. */
function chooseStyles(ids) {
  const select = $('#style');
  const value = ids.join(' ');
  if (![...select.options].some(option => option.value === value)) {
    const names = ids.map(id => model.styles.find(style => style.id === id)?.name ?? `style ${id.slice(0, 8)}`);
    select.append(h('option', { value }, names.join(' + ')));
  }
  select.value = value;
}
