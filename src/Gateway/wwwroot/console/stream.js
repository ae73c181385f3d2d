// What was made lately and what is running: the newest first, each followed until it ends, the same in every tab and after a reload.
import { read } from './api.js';
import { copyAs } from './code.js';
import { $, button, h, say } from './dom.js';
import { count, moment, usd } from './format.js';
import { makeAgain } from './generate.js';
import { downloadAllButton, facts, follow, hasEnded, pictures, promptOf, requestOf, sizeOf } from './generation.js';
import { cardFor } from './problems.js';
import { referTo } from './references.js';
import { known, remember } from './store.js';

const recent = 12;
const cards = new Map();
let following = new AbortController();

export function emptyStream() {
  following.abort();
  following = new AbortController();
  cards.clear();
  $('#results').replaceChildren();
}

/** Adds what other tabs and programs of the team have made meanwhile. */
export async function showRecent(onspent) {
  const place = $('#results');
  const { signal } = following;
  const removeProblem = () => $(':scope > .problem', place)?.remove();
  try {
    const { generations } = await read(`v1/generations?limit=${recent}`);
    // Another team is calling now.
    if (signal.aborted) return;
    for (const generation of generations.reverse()) show(generation, { onspent, isNew: false });
  } catch (fault) {
    if (signal.aborted) return;
    removeProblem();
    place.prepend(cardFor(fault, button('Try again', () => showRecent(onspent))));
    return;
  }
  removeProblem();
  showEmpty();
}

function showEmpty() {
  const place = $('#results');
  if (!$('.result', place)) place.replaceChildren(h('p', { class: 'empty' }, 'Your team’s images appear here. They stay in the history too.'));
}

/**
 * Shows a generation, and follows it to its end.
 * @param asked the request, where it was made in this page.
 * @param isNew whether the person waits for it.
 */
export function show(generation, { cost, asked, onspent, isNew = true }) {
  const { id } = generation;
  const shown = remember(generation, generation.request ?? known(id)?.request ?? asked);
  if (cards.has(id)) return;
  const card = h('article', { class: 'result', 'aria-label': `Result: ${promptOf(shown).slice(0, 80)}` });
  cards.set(id, card);
  $('#results .empty')?.remove();
  $('#results').prepend(card);
  if (hasEnded(shown)) return fill(card, shown, { cost });
  wait(card, shown, { cost, onspent });
  const { top, bottom } = card.getBoundingClientRect();
  if (isNew && (top < 0 || Math.min(bottom, top + 200) > innerHeight)) card.scrollIntoView({ block: 'start' });
}

/** Frames at once, pictures when they are ready. */
function wait(card, generation, { cost, onspent }) {
  const { signal } = following;
  const { width = 1, height = 1 } = sizeOf(generation);
  const state = h('p', { class: 'state' });
  const frames = h(
    'div',
    { class: 'pictures', 'aria-hidden': 'true' },
    Array.from({ length: generation.request?.parameters.quantity ?? 1 }, () => {
      const frame = h('div', { class: 'frame' });
      frame.style.aspectRatio = `${width} / ${height}`;
      return frame;
    }),
  );
  card.setAttribute('aria-busy', 'true');
  card.replaceChildren(asked(generation), state, frames);
  const began = generation.createdAt ? Math.min(Date.now(), moment(generation.createdAt).getTime()) : Date.now();
  const passed = () => count(Math.max(0, Math.floor((Date.now() - began) / 1000)), 'second');
  const tick = () => (state.textContent = `Leonardo is working: ${passed()}`);
  tick();
  const timer = setInterval(tick, 1000);
  follow(generation.id, signal)
    .then(
      ended => {
        fill(card, ended, { cost, took: passed() });
        const made = (ended.generated_images ?? []).length;
        say(ended.status === 'FAILED' ? 'Leonardo made no images' : `${count(made, 'image')} ready`);
        // Heard and seen in another tab.
        if (document.hidden) document.title = `Done – ${document.title.replace(/^Done – /, '')}`;
      },
      fault => {
        if (fault.name === 'AbortError') return;
        card.replaceChildren(asked(generation), cardFor(fault, button('Check again', () => wait(card, generation, { cost, onspent }))));
      },
    )
    .finally(() => {
      clearInterval(timer);
      card.setAttribute('aria-busy', 'false');
      onspent();
    });
}

const asked = generation => h('p', { class: 'asked' }, promptOf(generation));

function fill(card, generation, { cost, took }) {
  const made = (generation.generated_images ?? []).length;
  const failed = generation.status === 'FAILED';
  const price = cost?.unit === 'DOLLARS' && usd(cost.amount);
  card.replaceChildren(
    asked(generation),
    // The line stays, so that the pictures do not move as they appear.
    h('p', { class: failed ? 'state bad' : 'state' }, failed ? failedText(price) : took ? `${count(made, 'image')} in ${took}` : count(made, 'image')),
    h('div', {}, !failed && pictures(generation, referTo), facts(generation, { Cost: failed || !price ? undefined : price }), againActions(generation)),
  );
}

export const failedText = price => `Failed: Leonardo made no images. ${price ? `${price} was charged.` : 'It was charged all the same.'}`;

/** What can be done with the request of a generation. */
export function againActions(generation, ...more) {
  return h(
    'div',
    { class: 'actions' },
    button('Same again with this seed', () => makeAgain(generation)),
    button('Same with a new seed', () => makeAgain(generation, { newSeed: true })),
    (generation.generated_images ?? []).length > 1 && downloadAllButton(generation),
    copyAs(() => requestOf(generation)),
    ...more,
  );
}

document.addEventListener('generation-deleted', ({ detail: id }) => {
  cards.get(id)?.remove();
  cards.delete(id);
  showEmpty();
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  document.title = document.title.replace(/^Done – /, '');
});
