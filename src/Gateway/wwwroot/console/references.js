// Reference images: dropped, picked, pasted, uploaded earlier, or taken from a result; uploaded through the gateway in one call.
import { imagePath, read, requireCaller, send, uploadPath } from './api.js';
import { $, button, h, iconButton, on, say } from './dom.js';
import { keepFocus } from './focus.js';
import { imageFrom } from './image.js';
import { shortly } from './problems.js';
import { generationOfImage, known, remember, shared } from './store.js';
import { nameOf, reason } from './words.js';

const maxBytes = 25_000_000;
/** Of uploads, and of the gateway's own images, that were used lately. */
const mostKept = 24;

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
  $('#reuse').addEventListener('click', async () => (await import('./uploads.js')).chooseUpload(referToUpload));
  // Anywhere on the page: a file dropped beside the field would make the browser open it and lose the form.
  const isOfStream = event => event.dataTransfer?.types.includes('application/x-generated-image');
  // A picture of this page counts as a file too.
  const hasFiles = event => isOfStream(event) || (event.dataTransfer?.types.includes('Files') && !event.dataTransfer.types.includes('application/x-reference'));
  const isShown = () => !$('#form').hidden && !$('#page-generate').hidden && !$('dialog[open]');
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
    if (!isShown()) return;
    const [id, imageId] = event.dataTransfer.getData('application/x-generated-image').split('/');
    if (imageId) referTo(known(id), { id: imageId });
    else addFiles([...event.dataTransfer.files]);
  });
  addEventListener('paste', event => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0 || hasText(event.clipboardData, files) || !isShown()) return;
    event.preventDefault();
    addFiles(files);
  });
}

/** A word processor copies a picture of its text beside it: the text is meant. The name of a copied file is no text. */
function hasText(clipboard, files) {
  const lines = clipboard.getData('text/plain').split(/\r?\n/).filter(line => line.trim() !== '');
  return lines.some(line => !files.some(({ name }) => line.endsWith(name)));
}

export function allowReferences(count) {
  most = count;
  show();
}

/** As members of a request, without those that are still uploading. */
export const chosenReferences = () => references.filter(each => each.id).map(({ id, type, strength }) => ({ image: { id, type }, strength }));

export const areUploading = () => references.some(each => !each.id);

/** The browser keeps a file of this computer until its address is revoked. */
const release = ({ source }) => source && URL.revokeObjectURL(source);

function remove(reference) {
  references = references.filter(each => each !== reference);
  release(reference);
}

/** @param kept members of a request. */
export function setReferences(kept) {
  references.forEach(release);
  references = kept.map(({ image: { id, type }, strength }) => ({ id, type, strength, name: type === 'UPLOADED' ? 'Uploaded image' : 'Generated image' }));
  tell();
  show();
  onchange();
}

/** An image that the gateway made. */
export function referTo(generation, image) {
  if (references.some(each => each.id === image.id)) return tell('That image is already a reference.');
  if (isFull()) return;
  tell();
  // After a reload the generation may be far back in the history.
  shared.set('pictures', [{ id: image.id, generation: generation.id }, ...(shared.get('pictures') ?? []).filter(({ id }) => id !== image.id)].slice(0, mostKept));
  add({ id: image.id, type: 'GENERATED', strength: 'MID', name: 'Generated image' });
  $('#references').scrollIntoView({ block: 'nearest' });
  say('Added as a reference');
}

/** An image that was uploaded before. */
function referToUpload({ id, name }) {
  if (references.some(each => each.id === id)) return tell('That image is already a reference.');
  if (isFull()) return;
  tell();
  add({ id, type: 'UPLOADED', strength: 'MID', name });
  say('Added as a reference');
}

/** Replaces what is said about the references. It stays until they change. */
function tell(...lines) {
  $('#upload-problem').replaceChildren(...lines.map(line => h('p', { class: 'fault', role: 'alert' }, line)));
}

function isFull() {
  if (references.length < most) return false;
  tell(most === 0 ? 'This model takes no reference images.' : `This model takes at most ${most} reference images. Remove one first.`);
  return true;
}

function add(reference) {
  references.push(reference);
  show();
  onchange();
}

async function addFiles(files) {
  tell();
  const refused = new Map();
  for (const file of files) {
    const why = references.length < most ? await addFile(file) : `this model takes at most ${most} reference images. Remove one first`;
    if (why) refused.set(why, [...(refused.get(why) ?? []), file.name]);
  }
  tell(...[...refused].map(([why, names]) => `${names.join(', ')} ${names.length === 1 ? 'was' : 'were'} not added: ${why}.`));
}

/** @returns why it was not added. */
async function addFile(file) {
  if (file.size > maxBytes) return 'it is larger than 25 MB';
  const reference = { id: null, type: 'UPLOADED', strength: 'MID', source: URL.createObjectURL(file), name: file.name };
  add(reference);
  try {
    await requireCaller();
    const form = new FormData();
    form.append('file', file);
    reference.id = (await (await send('POST', 'v1/uploads', { form })).json()).id;
    shared.set('uploads', [{ id: reference.id, name: file.name }, ...(shared.get('uploads') ?? [])].slice(0, mostKept));
    say(`${file.name} is uploaded`);
    return null;
  } catch (fault) {
    remove(reference);
    return whyNot(fault);
  } finally {
    show();
    onchange();
  }
}

function whyNot(fault) {
  if (!fault.problem) return String(fault.message ?? fault);
  if (nameOf(fault.problem) === 'unsupported-media-type') return 'it is not a PNG, JPEG or WebP image';
  if (nameOf(fault.problem) === 'validation') return fault.problem.errors.map(reason).join(', ');
  return shortly(fault).replace(/^This is/, 'it is').replace(/\.$/, '');
}

function show() {
  unseen.clear();
  // It is also made again when an upload ends, or a part of the history is read.
  keepFocus($('#references'), () => $('#references').replaceChildren(...references.map(item)));
  showUnseen();
}

/** The generation of an image that the gateway made; undefined: this browser has not seen it. */
const generationOf = id => generationOfImage(id) ?? shared.get('pictures')?.find(each => each.id === id)?.generation;

/** Where its bytes are, the best first; none: an image of a generation that this browser has not seen. */
function pathsOf({ id, type, source }) {
  if (source) return [source];
  if (type === 'UPLOADED') return [uploadPath(id)];
  const generation = generationOf(id);
  return generation ? [`${imagePath(generation, id)}?width=320`, imagePath(generation, id)] : [];
}

/** Why references are shown without their image. */
const unseen = new Map();

function preview(reference, index) {
  const none = () => h('span', { class: 'no-preview' }, 'No preview');
  const paths = pathsOf(reference);
  if (paths.length === 0) {
    unseen.set(reference, 'it is further back in the history than was read');
    return none();
  }
  const img = imageFrom(paths, { alt: `Reference ${index + 1}: ${reference.name}` }, why => {
    if (!img.isConnected) return;
    img.replaceWith(none());
    unseen.set(reference, why);
    showUnseen();
  });
  return img;
}

function showUnseen() {
  const numbers = new Map();
  for (const [reference, why] of unseen) numbers.set(why, [...(numbers.get(why) ?? []), references.indexOf(reference) + 1]);
  const lines = [...numbers].map(([why, which]) => `${which.length === 1 ? 'Reference' : 'References'} ${which.join(', ')} cannot be shown: ${why}.`);
  const again = button('Try again', () => lookAgain(again));
  const place = $('#preview-problem');
  keepFocus(place, () => place.replaceChildren(...lines.map(line => h('p', { class: 'help' }, line)), ...(lines.length > 0 ? [again] : [])));
}

/** Also for what was made long ago: the history is read until all are found, or to its end. */
async function lookAgain(pressed) {
  pressed.disabled = true;
  const isAnyLost = () => references.some(each => pathsOf(each).length === 0);
  try {
    for (let after = ''; after !== null && isAnyLost(); ) {
      const { generations, next } = await read(`v1/generations?limit=100${after && `&after=${encodeURIComponent(after)}`}`);
      for (const generation of generations) remember(generation);
      after = next;
    }
    show();
    for (const reference of unseen.keys()) if (pathsOf(reference).length === 0) unseen.set(reference, 'its generation is not in the history any more');
  } catch (fault) {
    for (const reference of unseen.keys()) unseen.set(reference, shortly(fault));
  }
  showUnseen();
  ($('#preview-problem button') ?? $('#files')).focus();
}

// Meanwhile the generation of an image may be known.
on('generations-read', () => [...unseen.keys()].some(({ type, id }) => type === 'GENERATED' && generationOfImage(id)) && show());

function item(reference, index) {
  const select = h(
    'select',
    { 'aria-label': `Strength of reference ${index + 1}` },
    [['LOW', 'Low'], ['MID', 'Medium'], ['HIGH', 'High']].map(([value, label]) => h('option', { value, selected: value === reference.strength }, label)),
  );
  select.onchange = () => {
    reference.strength = select.value;
    onchange();
  };
  const removal = iconButton('close', `Remove reference ${index + 1}`, () => {
    remove(reference);
    tell();
    show();
    onchange();
    $('#files').focus();
  }, 'icon remove');
  const move = (by, look, label) => references[index + by] && iconButton(by < 0 ? 'left' : 'right', label, () => moveTo(index, index + by, look), `icon ${look}`);
  const element = h(
    'li',
    { 'data-pointer': `#/parameters/guidances/image_reference/${index}`, 'data-name': `Reference ${index + 1}`, draggable: 'true' },
    h('div', { class: 'preview' }, preview(reference, index), removal, move(-1, 'earlier', `Move reference ${index + 1} to the left`), move(1, 'later', `Move reference ${index + 1} to the right`)),
    reference.id ? select : h('p', { class: 'help' }, 'Uploading…'),
  );
  element.addEventListener('dragstart', event => {
    event.dataTransfer.clearData();
    event.dataTransfer.setData('application/x-reference', String(index));
  });
  const isReference = event => event.dataTransfer.types.includes('application/x-reference');
  element.addEventListener('dragover', event => {
    if (!isReference(event)) return;
    event.preventDefault();
    element.classList.add('over');
  });
  element.addEventListener('dragleave', () => element.classList.remove('over'));
  element.addEventListener('drop', event => {
    if (!isReference(event)) return;
    event.preventDefault();
    event.stopPropagation();
    moveTo(Number(event.dataTransfer.getData('application/x-reference')), index);
  });
  return element;
}

/** Their order is sent. @param look of the button that keeps the focus. */
function moveTo(from, to, look) {
  references.splice(to, 0, ...references.splice(from, 1));
  show();
  onchange();
  const item = $('#references').children[to];
  if (look) ($(`.${look}`, item) ?? $('.remove', item)).focus();
  say(`Reference ${from + 1} is now reference ${to + 1}`);
}
