// One generation at its own address: #/g/ID with everything that is known, #/g/ID/2 with its second picture alone. Back and Escape close it.
import { asTenant, read } from './api.js';
import { ask } from './ask.js';
import { $, button, h, say } from './dom.js';
import { downloadButton, facts, hasEnded, pictures, picture, promptOf } from './generation.js';
import { cardFor } from './problems.js';
import { referTo } from './references.js';
import { forget, known, remember } from './store.js';
import { againActions, failedText } from './stream.js';

let dialog = null;

/** @param leave goes back to where the person came from. */
export async function openGeneration(id, number, leave) {
  const isOpen = dialog?.dataset.id === id;
  if (!isOpen) {
    closeGeneration();
    dialog = h('dialog', { class: 'wide', 'aria-label': 'Generation', 'data-id': id, tabindex: '-1' });
    dialog.addEventListener('cancel', event => {
      event.preventDefault();
      leave();
    });
    const opened = dialog;
    // A browser may close a dialog without asking, after a second Escape.
    dialog.addEventListener('close', () => dialog === opened && leave());
    dialog.addEventListener('keydown', event => turn(event));
    document.body.append(dialog);
    dialog.showModal();
  }
  const mine = dialog;
  try {
    const seen = known(id);
    const generation = seen && hasEnded(seen) ? seen : await fetchGeneration(id);
    if (dialog !== mine) return;
    const images = generation.generated_images ?? [];
    const isAlone = number >= 1 && number <= images.length;
    mine.classList.toggle('light', isAlone);
    mine.replaceChildren(...(isAlone ? lightbox(generation, number, leave) : details(generation, leave)));
    // What had the focus may be gone, and keys would reach nothing.
    if (!mine.contains(document.activeElement)) mine.focus();
  } catch (fault) {
    mine.replaceChildren(cardFor(fault), h('div', { class: 'actions' }, button('Close', leave)));
  }
}

export function closeGeneration() {
  const closing = dialog;
  dialog = null;
  if (!closing) return;
  closing.close();
  closing.remove();
  document.dispatchEvent(new Event('generation-closed'));
}

async function fetchGeneration(id) {
  dialog.replaceChildren(h('p', { class: 'state' }, 'Loading…'));
  const { generations_by_pk: generation, request } = await read(`v1/generations/${encodeURIComponent(id)}`);
  return remember(generation, request);
}

function details(generation, leave) {
  const made = (generation.generated_images ?? []).length > 0;
  return [
    h('p', { class: 'asked' }, promptOf(generation)),
    generation.status === 'FAILED'
      ? h('p', { class: 'state bad' }, failedText())
      : made
        ? pictures(generation, (from, image) => use(from, image))
        : h('p', { class: 'state' }, 'Leonardo is still working on it.'),
    facts(generation, { Id: generation.id }),
    againActions(generation, button('Delete', () => remove(generation, leave), 'danger'), button('Close', leave)),
  ];
}

function use(generation, image) {
  location.hash = '#generate';
  referTo(generation, image);
}

function lightbox(generation, number, leave) {
  const images = generation.generated_images;
  const image = images[number - 1];
  const shown = picture(generation, image, number);
  const zoom = button('Actual size', () => {
    const isZoomed = shown.classList.toggle('zoomed');
    zoom.textContent = isZoomed ? 'Fit to window' : 'Actual size';
  });
  shown.addEventListener('click', event => event.target.matches('img') && zoom.click());
  const step = (label, by) => {
    const made = button(label, () => go(generation.id, number + by));
    made.disabled = !images[number - 1 + by];
    made.dataset.step = by;
    return made;
  };
  return [
    shown,
    h(
      'div',
      { class: 'actions' },
      images.length > 1 && [step('‹ Previous', -1), h('p', { class: 'small', role: 'status' }, `Image ${number} of ${images.length}`), step('Next ›', 1)],
      zoom,
      downloadButton(generation, image, number),
      button('Use as reference', () => use(generation, image)),
      h('a', { href: `#/g/${generation.id}` }, 'Details'),
      button('Close', leave),
    ),
  ];
}

/** To another picture of the same generation: Back closes it, and does not go through all of them. */
function go(id, number) {
  history.replaceState(history.state, '', `#/g/${id}/${number}`);
  dispatchEvent(new Event('hashchange'));
  const step = dialog && ($('[data-step="1"]:not(:disabled)', dialog) ?? $('[data-step]:not(:disabled)', dialog));
  step?.focus();
}

function turn(event) {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by || !dialog.classList.contains('light')) return;
  $(`[data-step="${by}"]`, dialog)?.click();
}

async function remove(generation, leave) {
  const isSent = await ask({
    title: 'Delete this generation?',
    text: 'It is deleted here and at Leonardo. The images cannot be restored, and their cost is not refunded.',
    go: 'Delete for good',
    keep: 'Keep it',
    isDanger: true,
    send: async () => {
      await asTenant('DELETE', `v1/generations/${generation.id}`);
      forget(generation.id);
    },
  });
  if (!isSent || known(generation.id)) return;
  leave();
  say('Deleted');
}

