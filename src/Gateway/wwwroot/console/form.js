// The form: built from the answer of GET /v2/models, read into a request, and filled from one.
import { $, freshId, h } from './dom.js';
import { usd } from './format.js';
import { allowReferences } from './references.js';

let models = [];
let model = null;
let onchange = () => {};

export const currentModel = () => model;

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
  for (const control of $('#form').querySelectorAll('input:not([type=file]), select, textarea')) control.addEventListener('input', () => edited());
  applyModel(models[0]);
}

function edited() {
  markRatio();
  countPrompt();
  onchange();
}

/** A model that this team may not use leaves the form as it is. */
function chooseModel(name) {
  const chosen = models.find(each => each.name === name);
  if (chosen && chosen !== model) applyModel(chosen);
}

function applyModel(chosen) {
  model = chosen;
  const { limits } = model;
  $('#model').value = model.name;
  for (const side of ['width', 'height']) {
    const range = limits[side];
    Object.assign($('#' + side), { min: range.min, max: range.max, value: range.default ?? range.max, step: 1 });
  }
  const pixels = limits.max_pixels ? `, at most ${limits.max_pixels.toLocaleString('en')} pixels` : '';
  const { width, height } = limits;
  const isSquare = width.min === height.min && width.max === height.max;
  $('#size-help').textContent = `${width.min} to ${width.max} ${isSquare ? 'each' : `wide, ${height.min} to ${height.max} high`}${pixels}.`;
  $('#seed').min = limits.seed.min;
  $('#seed').max = limits.seed.max;
  $('#seed-help').textContent = `${limits.seed.min.toLocaleString('en')} to ${limits.seed.max.toLocaleString('en')}. The same seed keeps results similar; if it is left empty, the gateway draws one.`;
  $('#style').replaceChildren(h('option', { value: '' }, 'Leonardo’s default'), ...model.styles.map(style => h('option', { value: style.id }, style.name)));
  $('#ratios').replaceChildren(...model.aspect_ratios.map(ratioChoice));
  $('#quantity').replaceChildren(...quantityChoices(limits.quantity));
  $('#public-field').hidden = !limits.public;
  $('#references-help').textContent = `Up to ${limits.max_references}: PNG, JPEG or WebP. They can raise the price, which is shown below.`;
  allowReferences(limits.max_references);
  markRatio();
  countPrompt();
}

function ratioChoice(ratio) {
  const id = freshId('ratio');
  const tooLarge = model.limits.max_pixels && ratio.width * ratio.height > model.limits.max_pixels;
  const box = h('span', { class: 'shape', 'aria-hidden': 'true' });
  // Longest side 1.25rem.
  const scale = 1.25 / Math.max(ratio.width, ratio.height);
  box.style.width = `${ratio.width * scale}rem`;
  box.style.height = `${ratio.height * scale}rem`;
  const price = model.price.examples.find(example => example.width === ratio.width && example.height === ratio.height);
  const input = h('input', { type: 'radio', name: 'ratio', id, disabled: tooLarge, 'data-width': ratio.width, 'data-height': ratio.height });
  input.addEventListener('change', () => {
    $('#width').value = ratio.width;
    $('#height').value = ratio.height;
    edited();
  });
  return h('div', { class: 'choice' }, input, h('label', { for: id, title: price ? `${usd(price.usd)} an image` : undefined }, box, ratio.name));
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

/** The request in the form. The gateway validates it, not the page. */
export function readForm(references) {
  const quantity = $('#quantity input[type=number]') ?? $('#quantity input:checked');
  const parameters = {
    prompt: $('#prompt').value,
    width: numberOf($('#width').value),
    height: numberOf($('#height').value),
    quantity: quantity ? numberOf(quantity.value) : undefined,
    seed: numberOf($('#seed').value),
    prompt_enhance: $('#enhance').checked ? 'ON' : 'OFF',
  };
  if ($('#style').value) parameters.style_ids = [$('#style').value];
  if (references.length > 0) parameters.guidances = { image_reference: references };
  return { model: model.name, public: $('#public').checked, parameters };
}

/** Fills the form from an earlier request. The caller sets the references. */
export function fillForm(request) {
  const { parameters } = request;
  chooseModel(request.model);
  $('#prompt').value = parameters.prompt ?? '';
  for (const name of ['width', 'height', 'seed']) $('#' + name).value = parameters[name] ?? '';
  $('#style').value = parameters.style_ids?.[0] ?? '';
  $('#enhance').checked = parameters.prompt_enhance === 'ON';
  $('#public').checked = request.public === true;
  const quantity = $('#quantity input[type=number]');
  if (quantity) quantity.value = parameters.quantity;
  else for (const choice of $('#quantity').querySelectorAll('input')) choice.checked = Number(choice.value) === parameters.quantity;
  if (parameters.seed !== undefined) $('#form details').open = true;
  edited();
}
