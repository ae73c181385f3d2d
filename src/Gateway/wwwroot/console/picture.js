// A picture of a generation: its frame, its thumbnail, and what happens when it cannot be fetched; and its file.
import { imageBlob, imagePath, save } from './api.js';
import { button, h, iconButton, say } from './dom.js';
import { imageFrom } from './image.js';
import { cardFor } from './problems.js';

export const promptOf = generation => generation.request?.parameters.prompt ?? generation.prompt ?? '';
export const imagesOf = generation => generation.generated_images ?? [];
export const seedOf = generation => generation.seed ?? generation.request?.parameters.seed;

/** The size of its images, once or before they exist. */
export function sizeOf(generation) {
  const { width, height } = generation.request?.parameters ?? {};
  return { width: generation.imageWidth ?? width, height: generation.imageHeight ?? height };
}

/**
 * A picture in its frame, marked if Leonardo flagged it. One that cannot be fetched says why, and can be tried again.
 * @param href where it leads; none: nowhere.
 * @param thumbnail the CSS pixels it is shown in; none: the whole image is needed.
 */
export function picture(generation, image, number, { href, thumbnail, ...attributes } = {}) {
  const original = imagePath(generation.id, image.id);
  const small = thumbnail && `${original}?width=${thumbnail * Math.min(2, devicePixelRatio) > 340 ? 640 : 320}`;
  const place = h('div', { class: 'picture' });
  const { width, height } = sizeOf(generation);
  const load = () => {
    // No thumbnail can be made of some images, or not now.
    const paths = small ? [small, original] : [original];
    const img = imageFrom(paths, { alt: `Image ${number}: ${promptOf(generation) || 'the prompt is not known'}`, width, height, ...attributes }, missing);
    const flag = image.nsfw && h('span', { class: 'flag' }, 'Flagged as not safe for work');
    place.replaceChildren(href ? h('a', { href }, img) : img, ...(flag ? [flag] : []));
  };
  const missing = why => {
    const box = h('div', { class: 'missing' }, h('p', { class: 'fault' }, `Image ${number} cannot be shown: ${why}.`), button('Try again', () => load()));
    if (width) box.style.aspectRatio = `${width} / ${height}`;
    place.replaceChildren(box);
  };
  load();
  return place;
}

/** Where images will be. */
export function frames(generation) {
  const { width = 1, height = 1 } = sizeOf(generation);
  return h(
    'div',
    { class: 'pictures', 'aria-hidden': 'true' },
    Array.from({ length: generation.request?.parameters.quantity ?? 1 }, () => {
      const frame = h('div', { class: 'frame' });
      frame.style.aspectRatio = `${width} / ${height}`;
      frame.style.setProperty('--ratio', width / height);
      return frame;
    }),
  );
}

/** The pictures of a generation, each with its actions; a picture can be dragged to the references. */
export function pictures(generation, onReference, thumbnail) {
  const others = imagesOf(generation).slice(1).filter(({ nsfw }) => nsfw).length;
  return h(
    'div',
    { class: 'pictures' },
    imagesOf(generation).map((image, index) => {
      const number = index + 1;
      const figure = h(
        'figure',
        {},
        picture(generation, image, number, { href: `#/g/${generation.id}/${number}`, thumbnail, loading: 'lazy' }),
        h(
          'figcaption',
          {},
          iconButton('download', `Download image ${number}`, event => download(event.currentTarget, generation, image, number)),
          iconButton('reference', `Use image ${number} as a reference`, () => onReference(generation, image)),
        ),
      );
      if (number === 1 && others > 0 && !image.nsfw) figure.append(h('span', { class: 'flag of-others' }, `${others} of ${imagesOf(generation).length} flagged as not safe for work`));
      const { width, height } = sizeOf(generation);
      if (width && height) figure.style.setProperty('--ratio', width / height);
      figure.addEventListener('dragstart', event => event.dataTransfer.setData('application/x-generated-image', `${generation.id}/${image.id}`));
      return figure;
    }),
  );
}

/** From the prompt and the seed, so that the files of a folder differ. @param number none: of all its images. */
function fileName(generation, number, type) {
  const extension = { 'image/png': 'png', 'image/webp': 'webp', zip: 'zip' }[type] ?? 'jpg';
  const words = promptOf(generation).toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '').replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '').slice(0, 40).replace(/-+$/, '');
  return `${[words || generation.id.slice(0, 8), seedOf(generation), number].filter(part => part !== undefined && part !== null).join('-')}.${extension}`;
}

/** Runs an action of a button: disabled meanwhile, a refusal beside it. */
export async function attemptBeside(pressed, action) {
  const beside = pressed.closest('.result, dialog, .selected') ?? pressed.parentElement;
  pressed.disabled = true;
  beside.querySelector('.problem.attempt')?.remove();
  try {
    await action();
  } catch (fault) {
    const card = cardFor(fault);
    card.classList.add('attempt');
    beside.append(card);
  }
  pressed.disabled = false;
}

export const download = (pressed, generation, image, number) =>
  attemptBeside(pressed, async () => {
    const blob = await imageBlob(imagePath(generation.id, image.id));
    save(blob, fileName(generation, number, blob.type));
    say('Downloaded');
  });

/** All pictures of some generations in one archive. */
export const downloadAll = (pressed, generations, name = fileName(generations[0], undefined, 'zip')) =>
  attemptBeside(pressed, async () => {
    const { zip } = await import('./zip.js');
    const files = new Map();
    for (const generation of generations) {
      for (const [index, image] of imagesOf(generation).entries()) {
        const blob = await imageBlob(imagePath(generation.id, image.id));
        const file = fileName(generation, index + 1, blob.type);
        files.set(files.has(file) ? file.replace(/(\.\w+)$/, `-${generation.id.slice(0, 8)}$1`) : file, blob);
      }
    }
    save(await zip([...files]), name);
    say('Downloaded');
  });
