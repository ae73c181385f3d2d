// The team's own generations as a gallery, loaded in steps.
import { read } from './api.js';
import { $, button, h } from './dom.js';
import { count, when } from './format.js';
import { picture, promptOf } from './generation.js';
import { cardFor } from './problems.js';
import { remember } from './store.js';

const pageSize = 24;

export async function showHistory() {
  const place = $('#history-list');
  const gallery = h('ul', { class: 'gallery' });
  place.replaceChildren(gallery);
  await more(place, gallery, null);
  showEmpty();
}

function showEmpty() {
  const place = $('#history-list');
  if (!$('li', place) && !$('.problem', place)) place.replaceChildren(h('p', { class: 'empty' }, 'Nothing yet. The images you generate are listed here.'));
}

async function more(place, gallery, after) {
  try {
    const page = await read(`v1/generations?limit=${pageSize}${after ? `&after=${encodeURIComponent(after)}` : ''}`);
    gallery.append(...page.generations.map(generation => entry(remember(generation))));
    if (page.next) {
      const next = button('Show older generations', async () => {
        next.remove();
        const shown = gallery.children.length;
        await more(place, gallery, page.next);
        $('a', gallery.children[shown] ?? gallery)?.focus();
      });
      place.append(next);
    }
  } catch (fault) {
    place.append(cardFor(fault, button('Try again', showHistory)));
  }
}

function entry(generation) {
  const images = generation.generated_images ?? [];
  const state = { PENDING: 'In progress', FAILED: 'Failed' }[generation.status];
  const href = `#/g/${generation.id}`;
  return h(
    'li',
    { class: 'card', 'data-id': generation.id },
    images.length > 0
      ? picture(generation, images[0], 1, { href, thumbnail: 320, loading: 'lazy' })
      : h('span', { class: 'frame still' }, state ?? 'No image'),
    h('a', { class: 'asked', href }, promptOf(generation) || 'Prompt not known'),
    h('p', { class: 'small' }, [when(generation.createdAt), images.length > 1 && count(images.length, 'image'), images.length > 0 && state].filter(Boolean).join(' · ')),
  );
}

document.addEventListener('generation-deleted', ({ detail: id }) => {
  const card = $(`.card[data-id="${id}"]`);
  if (!card) return;
  const next = card.nextElementSibling ?? card.previousElementSibling;
  card.remove();
  if (!next) showEmpty();
  // While its dialog is open, nothing outside of it takes the focus.
  document.addEventListener('generation-closed', () => (next ? $('a.asked', next) : $('#page')).focus(), { once: true });
});
