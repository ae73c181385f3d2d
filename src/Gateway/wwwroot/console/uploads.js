// Images that were uploaded before, in this browser or for the requests that have been read, to be used once more.
import { uploadPath } from './api.js';
import { button, h } from './dom.js';
import { imageFrom } from './image.js';
import { allKnown, shared } from './store.js';

function earlierUploads() {
  const found = new Map((shared.get('uploads') ?? []).map(({ id, name }) => [id, name]));
  for (const generation of allKnown()) {
    for (const { image } of generation.request?.parameters.guidances?.image_reference ?? []) {
      if (image.type === 'UPLOADED' && !found.has(image.id)) found.set(image.id, 'Used before');
    }
  }
  return [...found].map(([id, name]) => ({ id, name }));
}

/** @param use is called with `{id, name}` of the chosen one. */
export function chooseUpload(use) {
  const items = earlierUploads().map(upload => {
    const name = h('span', {}, upload.name);
    const choose = h('button', { type: 'button', class: 'quiet', title: upload.name }, name);
    choose.onclick = () => {
      dialog.close();
      use(upload);
    };
    const item = h('li', {}, choose);
    const load = () => {
      item.replaceChildren(choose);
      choose.replaceChildren(imageFrom([uploadPath(upload.id)], { alt: '', loading: 'lazy' }, missing), name);
    };
    const missing = why => {
      choose.replaceChildren(h('span', { class: 'no-preview' }, 'No preview'), name);
      item.append(h('p', { class: 'help' }, `It cannot be shown: ${why}.`), button('Try again', load));
    };
    load();
    return item;
  });
  const dialog = h(
    'dialog',
    { 'aria-label': 'Earlier uploads' },
    h('h2', {}, 'Earlier uploads'),
    items.length > 0 ? h('ul', { class: 'uploads' }, items) : h('p', {}, 'Nothing has been uploaded yet. Drop an image anywhere on the page, or paste one.'),
    h('div', { class: 'actions' }, button('Close', () => dialog.close())),
  );
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
