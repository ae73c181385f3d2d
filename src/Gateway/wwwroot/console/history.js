// The team's own generations as a gallery, loaded in steps.
import { asTenant, curl, read } from './api.js';
import { $, button, copyButton, h, say } from './dom.js';
import { currentModel } from './form.js';
import { count, when } from './format.js';
import { facts, picture, pictures, requestLike } from './generation.js';
import { makeAgain } from './generate.js';
import { cardFor } from './problems.js';
import { referTo } from './references.js';

const pageSize = 24;

export async function showHistory() {
  const place = $('#history');
  const gallery = h('ul', { class: 'gallery' });
  place.replaceChildren(gallery);
  await more(place, gallery, null);
  if (gallery.children.length === 0 && !$('.problem', place)) place.replaceChildren(h('p', { class: 'empty' }, 'Nothing yet. The images you generate are listed here.'));
}

async function more(place, gallery, after) {
  try {
    const page = await read(`v1/generations?limit=${pageSize}${after ? `&after=${encodeURIComponent(after)}` : ''}`);
    gallery.append(...page.generations.map(entry));
    if (page.next) {
      const next = button('Show older generations', async () => {
        next.remove();
        const shown = gallery.children.length;
        await more(place, gallery, page.next);
        $('button', gallery.children[shown] ?? gallery)?.focus();
      });
      place.append(next);
    }
  } catch (fault) {
    place.append(cardFor(fault));
  }
}

function entry(generation) {
  const images = generation.generated_images ?? [];
  const state = { PENDING: 'In progress', FAILED: 'Failed' }[generation.status];
  const item = h('li', {});
  item.append(
    h(
      'button',
      { type: 'button', class: 'card', 'aria-haspopup': 'dialog', onclick: () => openDetails(generation, item) },
      images.length > 0 ? picture(generation, images[0], 1, { loading: 'lazy' }) : h('span', { class: 'frame still' }, state ?? 'No image'),
      h('span', { class: 'asked' }, generation.prompt ?? ''),
      h('span', { class: 'small' }, [when(generation.createdAt), images.length > 1 && count(images.length, 'image'), images.length > 0 && state].filter(Boolean).join(' · ')),
    ),
  );
  return item;
}

function openDetails(generation, item) {
  const request = requestLike(generation, currentModel()?.name);
  const dialog = h('dialog', { class: 'wide', 'aria-label': 'Generation' });
  const close = () => dialog.close();
  const remove = button('Delete', () => confirmDelete(), 'danger');
  const actions = h(
    'div',
    { class: 'actions' },
    button('Use again with this seed', () => {
      close();
      makeAgain(request);
    }),
    copyButton('Copy as curl', () => curl(JSON.stringify(request))),
    remove,
    button('Close', close),
  );
  dialog.append(
    h('p', { class: 'asked' }, generation.prompt ?? ''),
    (generation.generated_images ?? []).length === 0
      ? h('p', { class: 'state' }, generation.status === 'FAILED' ? 'Leonardo could not make these images.' : 'There are no images yet.')
      : pictures(generation, (from, image) => {
          close();
          location.hash = '#generate';
          referTo(from, image);
        }),
    facts(generation, { Id: generation.id }),
    actions,
  );
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();

  function confirmDelete() {
    const question = h('p', { role: 'alert' }, 'Delete this generation here and at Leonardo? The images cannot be restored, and their cost is not refunded.');
    const confirm = button('Yes, delete', go, 'danger');
    remove.replaceWith(confirm);
    actions.before(question);
    confirm.focus();
  }

  async function go() {
    try {
      await asTenant('DELETE', `v1/generations/${generation.id}`);
      const next = item.nextElementSibling ?? item.previousElementSibling;
      close();
      item.remove();
      if (!next) await showHistory();
      (next ? $('button', next) : $('#page')).focus();
      say('Deleted');
    } catch (fault) {
      actions.before(cardFor(fault));
    }
  }
}
