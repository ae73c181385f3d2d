// The team's own generations as a gallery, loaded in steps.
import { read } from './api.js';
import { $, button, h } from './dom.js';
import { count, dayOf, timeOf } from './format.js';
import { picture, promptOf } from './generation.js';
import { cardFor } from './problems.js';
import { remember } from './store.js';

const pageSize = 24;

/** Loads older ones while the end of the list is near the window. */
const nearEnd = new IntersectionObserver(entries => entries.filter(entry => entry.isIntersecting).forEach(entry => entry.target.click()), { rootMargin: '600px' });

/** Of the list that is shown: what is read for an earlier one comes too late. */
let reading = 0;

export async function showHistory() {
  const place = $('#history-list');
  reading++;
  nearEnd.disconnect();
  place.replaceChildren();
  await more(place, null);
  showEmpty();
}

function showEmpty() {
  const place = $('#history-list');
  if (!$('li', place) && !$('.problem', place)) place.replaceChildren(h('p', { class: 'empty' }, 'Nothing yet. The images you generate are listed here.'));
}

async function more(place, after) {
  const mine = reading;
  try {
    const page = await read(`v1/generations?limit=${pageSize}${after ? `&after=${encodeURIComponent(after)}` : ''}`);
    if (mine !== reading) return;
    for (const generation of page.generations) galleryOf(place, generation).append(entry(remember(generation)));
    if (page.next) {
      const next = button('Show older generations', async () => {
        const hadFocus = document.activeElement === next;
        const shown = place.querySelectorAll('.card').length;
        nearEnd.unobserve(next);
        next.remove();
        await more(place, page.next);
        if (hadFocus) place.querySelectorAll('.card a.asked')[shown]?.focus();
      });
      place.append(next);
      nearEnd.observe(next);
    }
  } catch (fault) {
    if (mine === reading) place.append(cardFor(fault, button('Try again', showHistory)));
  }
}

/** The list of its day, which is the last one or a new one. */
function galleryOf(place, generation) {
  const day = dayOf(generation.createdAt);
  const last = place.lastElementChild;
  if (last?.dataset.day === day) return last;
  const gallery = h('ul', { class: 'gallery', 'data-day': day, 'aria-label': day });
  place.append(h('h2', {}, day), gallery);
  return gallery;
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
    h('p', { class: 'small' }, [timeOf(generation.createdAt), images.length > 1 && count(images.length, 'image'), images.length > 0 && state].filter(Boolean).join(' · ')),
  );
}

document.addEventListener('generation-deleted', ({ detail: id }) => {
  const card = $(`.card[data-id="${id}"]`);
  if (!card) return;
  const next = card.nextElementSibling ?? card.previousElementSibling;
  const gallery = card.parentElement;
  card.remove();
  if (!next) {
    gallery.previousElementSibling.remove();
    gallery.remove();
  }
  if (!next) showEmpty();
  // While its dialog is open, nothing outside of it takes the focus.
  document.addEventListener('generation-closed', () => (next ? $('a.asked', next) : $('#page')).focus(), { once: true });
});
