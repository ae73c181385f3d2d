// Several generations at once: selected in the stream, downloaded in one archive, or deleted.
import { $, button, h, on, say } from './dom.js';
import { count } from './format.js';
import { attemptBeside, downloadAll, imagesOf } from './picture.js';
import { known } from './store.js';

const selected = new Set();
let last = null;

export const isSelected = id => selected.has(id);

/** @param isRange also everything between the one that was selected last and this one. */
export function select(id, isOn, isRange) {
  const boxes = [...document.querySelectorAll('#results .result[data-id]')].map(article => article.dataset.id);
  const [from, to] = [boxes.indexOf(last), boxes.indexOf(id)].sort((a, b) => a - b);
  for (const each of isRange && last && from >= 0 ? boxes.slice(from, to + 1) : [id]) {
    if (isOn) selected.add(each);
    else selected.delete(each);
  }
  last = id;
  show();
}

function selectNone() {
  selected.clear();
  last = null;
  show();
}

function show() {
  for (const box of document.querySelectorAll('#results .select')) box.checked = selected.has(box.closest('[data-id]').dataset.id);
  const chosen = [...selected].map(known).filter(Boolean);
  const images = chosen.flatMap(imagesOf).length;
  const all = button('Download', () => downloadAll(all, chosen, `images-${chosen.length}.zip`));
  all.disabled = images === 0;
  const remove = button('Delete', () => deleteSelected(remove, chosen), 'danger');
  const had = $('#selected').contains(document.activeElement);
  $('#selected').hidden = chosen.length === 0;
  $('#selected').replaceChildren(h('p', { role: 'status' }, `${count(chosen.length, 'generation')} selected, ${count(images, 'image')}`), h('div', { class: 'actions' }, all, remove, button('Clear', selectNone)));
  if (had && chosen.length === 0) $('#search').focus();
}

const deleteSelected = (pressed, chosen) =>
  attemptBeside(pressed, async () => {
    const { askToDelete } = await import('./details.js');
    if (await askToDelete(chosen)) say('Deleted');
  });

on('generation-deleted', ({ id }) => selected.delete(id) && show());
