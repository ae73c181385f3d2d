// One generation at its own address: #/g/ID with everything that is known, #/g/ID/2 with its second picture alone. Back and Escape close it.
import { read, send } from './api.js';
import { ask } from './ask.js';
import { $, button, emit, h, icon, say } from './dom.js';
import { againActions, costOf, failedText } from './entry.js';
import { count, when } from './format.js';
import { download, imagesOf, picture, pictures, promptOf, seedOf, sizeOf } from './picture.js';
import { cardFor } from './problems.js';
import { referTo } from './references.js';
import { hasEnded } from './runs.js';
import { forget, known, rememberAnswer } from './store.js';
import { neighbour } from './stream.js';
import { updateEntry } from './windows.js';

let dialog = null;
let isZoomed = false;

/** @param leave goes back to where the person came from. */
export async function openGeneration(id, number, leave) {
  if (!dialog) {
    dialog = h('dialog', { class: 'wide', 'aria-label': 'Generation', tabindex: '-1' });
    dialog.addEventListener('cancel', event => {
      event.preventDefault();
      leave();
    });
    const opened = dialog;
    // A browser may close a dialog without asking, after a second Escape.
    dialog.addEventListener('close', () => dialog === opened && leave());
    dialog.addEventListener('keydown', press);
    document.body.append(dialog);
    dialog.showModal();
  }
  const mine = dialog;
  mine.dataset.id = id;
  try {
    const seen = known(id);
    const generation = seen && hasEnded(seen) ? seen : await fetchGeneration(id);
    if (dialog !== mine || mine.dataset.id !== id) return;
    const isAlone = number >= 1 && number <= imagesOf(generation).length;
    const focused = mine.contains(document.activeElement) && document.activeElement.dataset.step;
    mine.classList.toggle('light', isAlone);
    mine.replaceChildren(...(isAlone ? lightbox(generation, number, leave) : details(generation, leave)));
    // What had the focus is gone, and keys would reach nothing.
    const step = focused && $(`[data-step="${focused}"]:not(:disabled)`, mine);
    (step || mine).focus();
  } catch (fault) {
    mine.replaceChildren(cardFor(fault), h('div', { class: 'actions' }, button('Close', leave)));
  }
}

export function closeGeneration() {
  const closing = dialog;
  dialog = null;
  isZoomed = false;
  if (!closing) return;
  closing.close();
  closing.remove();
  // What had the focus is another element now, if the generation has ended meanwhile.
  if (document.activeElement === document.body) $(`.result[data-id="${closing.dataset.id}"] a.asked`)?.focus();
  emit('generation-closed');
}

async function fetchGeneration(id) {
  dialog.replaceChildren(h('p', { class: 'state' }, 'Loading…'));
  const generation = rememberAnswer(await read(`v1/generations/${encodeURIComponent(id)}`));
  // Its card may say that it could not be followed.
  if (hasEnded(generation)) updateEntry(id);
  return generation;
}

function details(generation, leave) {
  const failed = generation.status === 'FAILED';
  return [
    h('p', { class: 'asked' }, promptOf(generation)),
    failed
      ? h('p', { class: 'state bad' }, failedText(generation))
      : imagesOf(generation).length > 0
        ? pictures(generation, use, 320)
        : h('p', { class: 'state' }, 'Leonardo is still working on it.'),
    facts(generation, failed),
    againActions(generation, button('Delete', () => remove(generation, leave), 'danger'), button('Close', leave)),
  ];
}

function facts(generation, failed) {
  const { width, height } = sizeOf(generation);
  const { prompt_enhance: enhance, guidances } = generation.request?.parameters ?? {};
  const references = guidances?.image_reference?.length;
  const entries = {
    Size: width && `${width} × ${height}`,
    Seed: seedOf(generation),
    Made: generation.createdAt && when(generation.createdAt),
    By: generation.user,
    Cost: failed ? null : costOf(generation),
    References: references && String(references),
    'Prompt rewritten': enhance === 'ON' && 'by Leonardo',
    Id: generation.id,
  };
  return h(
    'dl',
    { class: 'facts' },
    Object.entries(entries)
      .filter(([, value]) => value || value === 0)
      .map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, String(value)))),
  );
}

function use(generation, image) {
  location.hash = '#generate';
  referTo(generation, image);
}

function lightbox(generation, number, leave) {
  const images = imagesOf(generation);
  const image = images[number - 1];
  const shown = picture(generation, image, number);
  const zoom = button('Actual size', () => {
    isZoomed = !isZoomed;
    zoomTo();
  });
  const zoomTo = () => {
    shown.classList.toggle('zoomed', isZoomed);
    zoom.textContent = isZoomed ? 'Fit to window' : 'Actual size';
  };
  zoom.dataset.zoom = true;
  zoomTo();
  shown.addEventListener('click', event => event.target.matches('img') && zoom.click());
  const step = (by, label) => {
    const to = addressBeside(generation, number, by);
    const made = h('button', { type: 'button', class: 'icon', 'aria-label': label, title: label, 'data-step': String(by), disabled: !to, onclick: () => go(to) }, icon(by < 0 ? 'left' : 'right'));
    return made;
  };
  const get = button('Download', () => download(get, generation, image, number));
  return [
    h('div', { class: 'stage' }, step(-1, 'Previous image'), shown, step(1, 'Next image')),
    h('p', { class: 'small caption', role: 'status' }, `${images.length > 1 ? `Image ${number} of ${images.length} · ` : ''}${promptOf(generation)}`),
    h('div', { class: 'actions' }, zoom, get, button('Use as reference', () => use(generation, image)), button('Details', () => go(`#/g/${generation.id}`)), button('Close', leave)),
  ];
}

/** The image before or after this one, of this generation or of the next in the stream. @returns null: there is none. */
function addressBeside(generation, number, by) {
  if (imagesOf(generation)[number - 1 + by]) return `#/g/${generation.id}/${number + by}`;
  const other = neighbour(generation.id, by);
  return other ? `#/g/${other}/${by > 0 ? 1 : imagesOf(known(other)).length}` : null;
}

/** To another picture: Back closes it, and does not go through all of them. */
function go(address) {
  history.replaceState(history.state, '', address);
  dispatchEvent(new Event('hashchange'));
}

function press(event) {
  if (!dialog.classList.contains('light') || event.ctrlKey || event.metaKey || event.altKey) return;
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by && !isZoomed) $(`[data-step="${by}"]`, dialog)?.click();
  if (event.key === 'z') $('[data-zoom]', dialog)?.click();
}

async function remove(generation, leave) {
  if (!(await askToDelete([generation]))) return;
  leave();
  say('Deleted');
}

/** @returns whether all of them are deleted. */
export async function askToDelete(generations) {
  const one = generations.length === 1;
  const isSent = await ask({
    title: one ? 'Delete this generation?' : `Delete ${count(generations.length, 'generation')}?`,
    text: `${one ? 'It is' : 'They are'} deleted here and at Leonardo. The images cannot be restored, and their cost is not refunded.`,
    go: 'Delete for good',
    keep: one ? 'Keep it' : 'Keep them',
    isDanger: true,
    send: async () => {
      for (const { id } of generations.filter(each => known(each.id))) {
        await send('DELETE', `v1/generations/${id}`);
        forget(id);
      }
    },
  });
  return isSent && generations.every(({ id }) => !known(id));
}
