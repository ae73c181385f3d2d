// One generation in the stream: its prompt, its pictures or what it waits for, its facts, and what can be done with it.
import { makeAgain } from './composer.js';
import { copyAs } from './copying.js';
import { button, h } from './dom.js';
import { modelNamed } from './form.js';
import { count, timeOf, usd } from './format.js';
import { downloadAll, frames, imagesOf, pictures, promptOf, seedOf, sizeOf } from './picture.js';
import { priceOf } from './price.js';
import { cardFor } from './problems.js';
import { referTo } from './references.js';
import { describeRun, run, runOf } from './runs.js';
import { isSelected, select } from './selection.js';

export const failedText = ({ cost }) => `Failed: Leonardo made no images. ${cost === undefined ? 'It was charged all the same.' : `${usd(cost)} was charged.`}`;

/** The charge, or the list price where the gateway does not know the charge any more. */
export function costOf(generation) {
  if (generation.cost !== undefined) return usd(generation.cost);
  const asked = generation.request;
  const model = asked && modelNamed(asked.model);
  const price = model ? priceOf(model, asked.parameters) : null;
  return price === null ? null : `list price ${usd(price)}`;
}

/** The content of its article. */
export function entryOf(generation) {
  const { id } = generation;
  const prompt = promptOf(generation);
  const found = runOf(id);
  const head = h('div', { class: 'entry-head' }, selectBox(generation), h('a', { class: 'asked', href: `#/g/${id}`, title: prompt.length > 160 ? prompt : undefined }, prompt || 'Prompt not known'));
  if (found?.fault) return [head, cardFor(found.fault, button('Check again', () => run(generation)))];
  if (found) return [head, h('p', { class: 'state', 'data-run': id }, describeRun(found)), frames(generation)];
  if (generation.status === 'FAILED') return [head, h('p', { class: 'state bad' }, failedText(generation)), facts(generation), againActions(generation)];
  return [head, pictures(generation, referTo, 320), facts(generation), againActions(generation)];
}

/** One that is on its way to the gateway. */
export function sendingEntry(request) {
  return [
    h('div', { class: 'entry-head' }, h('p', { class: 'asked' }, request.parameters.prompt)),
    h('p', { class: 'state', 'data-sending': true }, 'Sending…'),
    frames({ request }),
  ];
}

function selectBox(generation) {
  const box = h('input', { type: 'checkbox', class: 'select', 'aria-label': `Select: ${promptOf(generation).slice(0, 80)}` });
  box.checked = isSelected(generation.id);
  box.onclick = event => select(generation.id, box.checked, event.shiftKey);
  return box;
}

function facts(generation) {
  const { width, height } = sizeOf(generation);
  const seed = seedOf(generation);
  const made = imagesOf(generation).length;
  const parts = [
    generation.createdAt && timeOf(generation.createdAt),
    made > 1 && count(made, 'image'),
    width && `${width} × ${height}`,
    seed !== undefined && seed !== null && `seed ${seed}`,
    generation.status !== 'FAILED' && costOf(generation),
    generation.user,
  ];
  return h('p', { class: 'small facts-line' }, parts.filter(Boolean).join(' · '));
}

/** The request that made it, as it was sent; for older ones as far as it is known. */
function requestOf(generation) {
  if (generation.request) return generation.request;
  const { imageWidth: width, imageHeight: height, seed, prompt = '' } = generation;
  return { model: undefined, parameters: { prompt, quantity: Math.max(1, imagesOf(generation).length), width, height, seed: seed ?? undefined } };
}

/** What can be done with the request of a generation. */
export function againActions(generation, ...more) {
  const again = (label, title, options) => {
    const made = button(label, () => makeAgain(requestOf(generation), { ...options, isComplete: Boolean(generation.request) }));
    made.title = title;
    return made;
  };
  const all = button('Download all', () => downloadAll(all, [generation]));
  return h(
    'div',
    { class: 'actions' },
    again('Same seed', 'Fill in the form with this request and its seed: the result is similar', {}),
    again('New seed', 'Fill in the form with this request without its seed: the result differs', { newSeed: true }),
    imagesOf(generation).length > 1 && all,
    copyAs(() => requestOf(generation)),
    ...more,
  );
}
