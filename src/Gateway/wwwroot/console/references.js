// Reference images: dropped, picked, or taken from a result; uploaded through the gateway in one call.
import { asTenant, imagePath, imageSource } from './api.js';
import { $, button, freshId, h, say } from './dom.js';
import { cardFor } from './problems.js';

let references = [];
let most = 0;
let onchange = () => {};

export function setUpReferences(changed) {
  onchange = changed;
  const drop = $('#drop');
  $('#files').addEventListener('change', event => {
    addFiles([...event.target.files]);
    event.target.value = '';
  });
  // Anywhere on the page: a file dropped beside the field would make the browser open it and lose the form.
  const hasFiles = event => event.dataTransfer?.types.includes('Files');
  addEventListener('dragover', event => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drop.classList.add('over');
  });
  addEventListener('dragleave', event => {
    if (!event.relatedTarget) drop.classList.remove('over');
  });
  addEventListener('drop', event => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drop.classList.remove('over');
    if (!$('#form').hidden && !$('#page-generate').hidden) addFiles([...event.dataTransfer.files]);
  });
}

export function allowReferences(count) {
  most = count;
  show();
}

/** As members of a request, without those that are still uploading. */
export const chosenReferences = () => references.filter(each => each.id).map(({ id, type, strength }) => ({ image: { id, type }, strength }));

export const areUploading = () => references.some(each => !each.id);

/** The references with their previews, to use them again. */
export const keptReferences = () => references.filter(each => each.id).map(each => ({ ...each }));

export function setReferences(kept) {
  references = kept.map(each => ({ ...each }));
  show();
  onchange();
}

/** An image that the gateway made. */
export async function referTo(generation, image) {
  if (references.some(each => each.id === image.id)) return say('That image is already a reference');
  if (isFull()) return;
  const source = await imageSource(imagePath(generation.id, image.id));
  add({ id: image.id, type: 'GENERATED', strength: 'MID', source, name: 'Generated image' });
  $('#references').scrollIntoView({ block: 'center' });
  say('Added as a reference');
}

function isFull() {
  if (references.length < most) return false;
  $('#upload-problem').replaceChildren(h('p', { class: 'fault', role: 'alert' }, `This model allows at most ${most} reference images. Remove one first.`));
  return true;
}

function add(reference) {
  references.push(reference);
  show();
  onchange();
}

async function addFiles(files) {
  $('#upload-problem').replaceChildren();
  for (const file of files) {
    if (isFull()) return;
    const reference = { id: null, type: 'UPLOADED', strength: 'MID', source: URL.createObjectURL(file), name: file.name };
    add(reference);
    try {
      const form = new FormData();
      form.append('file', file);
      const answer = await (await asTenant('POST', 'v1/init-image', { form })).json();
      reference.id = answer.uploadInitImage.id;
      say(`${file.name} is uploaded`);
    } catch (fault) {
      references = references.filter(each => each !== reference);
      $('#upload-problem').append(cardFor(fault));
    }
    show();
    onchange();
  }
}

function show() {
  $('#references').replaceChildren(...references.map(item));
}

function item(reference, index) {
  const id = freshId('strength');
  const select = h(
    'select',
    { id },
    [['LOW', 'Low'], ['MID', 'Medium'], ['HIGH', 'High']].map(([value, label]) => h('option', { value, selected: value === reference.strength }, label)),
  );
  select.onchange = () => {
    reference.strength = select.value;
    onchange();
  };
  const remove = button('Remove', () => {
    references = references.filter(each => each !== reference);
    show();
    onchange();
    $('#files').focus();
  });
  remove.setAttribute('aria-label', `Remove reference ${index + 1}`);
  return h(
    'li',
    { 'data-pointer': `#/parameters/guidances/image_reference/${index}`, 'data-name': `Reference ${index + 1}` },
    h('img', { src: reference.source, alt: `Reference ${index + 1}: ${reference.name}` }),
    reference.id
      ? h('div', { class: 'pair' }, h('div', { class: 'field' }, h('label', { for: id }, 'Strength'), select), remove)
      : h('p', { class: 'help' }, 'Uploading…'),
  );
}
