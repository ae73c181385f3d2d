// One generation on the page: followed until it ends, then its pictures and their actions.
import { asTenant, imageBlob, imagePath, imageSource, save } from './api.js';
import { button, h, say } from './dom.js';
import { when } from './format.js';
import { cardFor, shortly } from './problems.js';
import { remember } from './store.js';
import { zip } from './zip.js';

let isListening = false;

/**
 * Follows a generation by server-sent events, or else by polling. Returns its last state. One at a time by events: a browser
 * has six connections to a host for all its tabs, and requests that cost money must not wait for one.
 */
export async function follow(id, signal) {
  if (isListening) return await poll(id, signal);
  isListening = true;
  try {
    return await listen(id, signal);
  } catch (fault) {
    if (fault.name === 'AbortError' || fault.status === 401 || fault.status === 403 || fault.status === 404) throw fault;
  } finally {
    isListening = false;
  }
  return await poll(id, signal);
}

async function listen(id, signal) {
  const response = await asTenant('GET', `v1/generations/${id}`, { accept: 'text/event-stream', signal });
  if (!(response.headers.get('Content-Type') ?? '').startsWith('text/event-stream')) throw new Error('not a stream');
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (true) {
    const { value, done } = await reader.read();
    if (done) throw new Error('the stream ended early');
    text += value;
    let end;
    while ((end = text.indexOf('\n\n')) >= 0) {
      const data = text.slice(0, end).split('\n').filter(line => line.startsWith('data:')).map(line => line.slice(5).trimStart());
      text = text.slice(end + 2);
      if (data.length === 0) continue;
      const { generations_by_pk: generation, request } = JSON.parse(data.join('\n'));
      if (hasEnded(remember(generation, request))) return remember(generation);
    }
  }
}

async function poll(id, signal) {
  let failures = 0;
  while (!signal?.aborted) {
    let wait = 2;
    try {
      const response = await asTenant('GET', `v1/generations/${id}`, { signal });
      const { generations_by_pk: generation, request } = await response.json();
      failures = 0;
      if (hasEnded(generation)) return remember(generation, request);
      wait = Number(response.headers.get('Retry-After')) || wait;
    } catch (fault) {
      if (fault.name === 'AbortError' || (fault.status >= 400 && fault.status < 500 && fault.status !== 429) || ++failures > 10) throw fault;
      wait = fault.retryAfter ?? 3;
    }
    await new Promise(resolve => setTimeout(resolve, wait * 1000));
  }
}

export const hasEnded = generation => generation.status === 'COMPLETE' || generation.status === 'FAILED';

export const promptOf = generation => generation.request?.parameters.prompt ?? generation.prompt ?? '';

/** The size of its images, once or before they exist. */
export function sizeOf(generation) {
  const { width, height } = generation.request?.parameters ?? {};
  return { width: generation.imageWidth ?? width, height: generation.imageHeight ?? height };
}

/**
 * A picture in its frame, marked if Leonardo flagged it. One that cannot be fetched says why, and can be tried again.
 * @param href where it leads; none: nowhere.
 * @param thumbnail the width of a small one that is enough here: 320 or 640.
 */
export function picture(generation, image, number, { href, thumbnail, ...attributes } = {}) {
  const original = imagePath(generation.id, image.id);
  const place = h('div', { class: 'picture' });
  const { width, height } = sizeOf(generation);
  const load = async (path = thumbnail ? `${original}?width=${thumbnail}` : original) => {
    const img = h('img', { alt: `Image ${number}: ${promptOf(generation) || 'the prompt is not known'}`, width, height, ...attributes });
    const flag = image.nsfw && h('span', { class: 'flag' }, 'Flagged as not safe for work');
    place.replaceChildren(href ? h('a', { href }, img) : img, ...(flag ? [flag] : []));
    try {
      const source = await imageSource(path);
      img.onload = () => source.startsWith('blob:') && URL.revokeObjectURL(source);
      img.onerror = () => failed(path, () => explain(original));
      img.src = source;
    } catch (fault) {
      failed(path, () => missing(shortly(fault)));
    }
  };
  // No thumbnail can be made of some images, or not now.
  const failed = (path, otherwise) => (path === original ? otherwise() : load(original));
  // An element's error has no reason: asking again gives one.
  const explain = async path => {
    const why = await asTenant('GET', path, { accept: 'image/*' }).then(
      response => response.body?.cancel().then(() => 'the browser cannot show it'),
      fault => shortly(fault),
    );
    missing(why);
  };
  const missing = why => {
    const box = h('div', { class: 'missing' }, h('p', { class: 'fault' }, `Image ${number} cannot be shown: ${why}.`), button('Try again', () => load()));
    if (width) box.style.aspectRatio = `${width} / ${height}`;
    place.replaceChildren(box);
  };
  load();
  return place;
}

/** The pictures of a generation, each with its actions. */
export function pictures(generation, onReference) {
  return h(
    'div',
    { class: 'pictures' },
    (generation.generated_images ?? []).map((image, index) =>
      h(
        'figure',
        {},
        picture(generation, image, index + 1, { href: `#/g/${generation.id}/${index + 1}`, thumbnail: 640 }),
        h(
          'figcaption',
          { class: 'actions' },
          downloadButton(generation, image, index + 1),
          button('Use as reference', () => onReference(generation, image)),
        ),
      ),
    ),
  );
}

/** From the prompt and the seed, so that the files of a folder differ. */
function fileName(generation, number, type) {
  const extension = { 'image/png': 'png', 'image/webp': 'webp', zip: 'zip' }[type] ?? 'jpg';
  const words = promptOf(generation).toLowerCase().normalize('NFKD').replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40).replace(/-+$/, '');
  return `${[words || generation.id.slice(0, 8), generation.seed, number].filter(part => part !== undefined && part !== null).join('-')}.${extension}`;
}

export function downloadButton(generation, image, number) {
  const made = button('Download', async () => {
    made.disabled = true;
    made.parentElement.querySelector('.problem')?.remove();
    try {
      const blob = await imageBlob(imagePath(generation.id, image.id));
      save(blob, fileName(generation, number, blob.type));
      say('Downloaded');
    } catch (fault) {
      made.parentElement.append(cardFor(fault));
    }
    made.disabled = false;
  });
  made.setAttribute('aria-label', `Download image ${number}`);
  return made;
}

/** All pictures of a generation in one archive. */
export function downloadAllButton(generation) {
  const made = button('Download all', async () => {
    made.disabled = true;
    made.parentElement.querySelector('.problem')?.remove();
    try {
      const files = [];
      for (const [index, image] of generation.generated_images.entries()) {
        const blob = await imageBlob(imagePath(generation.id, image.id));
        files.push([fileName(generation, index + 1, blob.type), blob]);
      }
      save(await zip(files), fileName(generation, undefined, 'zip'));
      say('Downloaded');
    } catch (fault) {
      made.parentElement.append(cardFor(fault));
    }
    made.disabled = false;
  });
  return made;
}

/** The facts of a generation as a list of terms. */
export function facts(generation, more = {}) {
  const { width, height } = sizeOf(generation);
  const entries = {
    Size: width && `${width} × ${height}`,
    Seed: generation.seed ?? generation.request?.parameters.seed,
    Made: generation.createdAt && when(generation.createdAt),
    ...more,
  };
  return h(
    'dl',
    { class: 'facts' },
    Object.entries(entries)
      .filter(([, value]) => value !== undefined && value !== null && value !== '')
      .map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, String(value)))),
  );
}

/** The request that made it, as it was sent; for older ones as far as it is known. */
export function requestOf(generation) {
  if (generation.request) return generation.request;
  const { imageWidth: width, imageHeight: height, seed, prompt = '' } = generation;
  const parameters = { prompt, quantity: Math.max(1, (generation.generated_images ?? []).length), width, height, seed: seed ?? undefined };
  return { model: undefined, parameters };
}

