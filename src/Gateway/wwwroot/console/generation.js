// One generation on the page: followed until it ends, then its pictures and their actions.
import { asTenant, imageBlob, imagePath, imageSource, save } from './api.js';
import { button, h, say } from './dom.js';
import { when } from './format.js';
import { cardFor } from './problems.js';

/** Follows a generation by server-sent events, or else by polling, and passes each state to `onState`. Returns the last one. */
export async function follow(id, onState, signal) {
  try {
    return await listen(id, onState, signal);
  } catch (fault) {
    if (fault.name === 'AbortError' || fault.status === 401 || fault.status === 403 || fault.status === 404) throw fault;
    return await poll(id, onState, signal);
  }
}

async function listen(id, onState, signal) {
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
      const generation = JSON.parse(data.join('\n')).generations_by_pk;
      onState(generation);
      if (hasEnded(generation)) return generation;
    }
  }
}

async function poll(id, onState, signal) {
  let failures = 0;
  while (!signal?.aborted) {
    let wait = 2;
    try {
      const response = await asTenant('GET', `v1/generations/${id}`, { signal });
      const generation = (await response.json()).generations_by_pk;
      failures = 0;
      onState(generation);
      if (hasEnded(generation)) return generation;
      wait = Number(response.headers.get('Retry-After')) || wait;
    } catch (fault) {
      if (fault.name === 'AbortError' || (fault.status >= 400 && fault.status < 500 && fault.status !== 429) || ++failures > 10) throw fault;
      wait = fault.retryAfter ?? 3;
    }
    await new Promise(resolve => setTimeout(resolve, wait * 1000));
  }
}

export const hasEnded = generation => generation.status === 'COMPLETE' || generation.status === 'FAILED';

/** A picture in its frame. */
export function picture(generation, image, number, attributes = {}) {
  const made = h('img', { alt: `Image ${number}: ${generation.prompt ?? 'the prompt is not known'}`, ...attributes });
  if (generation.imageWidth) {
    made.width = generation.imageWidth;
    made.height = generation.imageHeight;
  }
  imageSource(imagePath(generation.id, image.id)).then(
    source => {
      made.onload = () => URL.revokeObjectURL(source);
      made.src = source;
    },
    fault => made.replaceWith(h('p', { class: 'fault' }, fault.message)),
  );
  return made;
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
        picture(generation, image, index + 1),
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

function downloadButton(generation, image, number) {
  const made = button('Download', async () => {
    made.disabled = true;
    try {
      const blob = await imageBlob(imagePath(generation.id, image.id));
      const extension = { 'image/png': 'png', 'image/webp': 'webp' }[blob.type] ?? 'jpg';
      save(blob, `${generation.id.slice(0, 8)}-${number}.${extension}`);
      say('Downloaded');
    } catch (fault) {
      made.after(cardFor(fault));
    }
    made.disabled = false;
  });
  made.setAttribute('aria-label', `Download image ${number}`);
  return made;
}

/** The facts of a generation as a list of terms. */
export function facts(generation, more = {}) {
  const entries = {
    Size: generation.imageWidth && `${generation.imageWidth} × ${generation.imageHeight}`,
    Seed: generation.seed,
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

/** A request that repeats this generation, as far as the gateway knows it. */
export function requestLike(generation, model) {
  return {
    model,
    parameters: {
      prompt: generation.prompt ?? '',
      width: generation.imageWidth,
      height: generation.imageHeight,
      quantity: Math.max(1, (generation.generated_images ?? []).length),
      seed: generation.seed ?? undefined,
    },
  };
}

/** The request with the seed that the result shows. */
export function withSeed(request, generation) {
  return { ...request, parameters: { ...request.parameters, seed: generation.seed ?? request.parameters.seed } };
}

