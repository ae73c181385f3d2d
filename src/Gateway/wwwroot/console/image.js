// An image by its address: another one in its place if it cannot be fetched, and the reason if none can.
import { send } from './api.js';
import { h } from './dom.js';
import { shortly } from './problems.js';

/**
 * An image from the first of these addresses that can be shown.
 * @param failed is called with the reason if it is none of them.
 */
export function imageFrom(paths, attributes, failed) {
  const [first, ...others] = paths;
  const img = h('img', { ...attributes, src: first });
  img.onerror = async () => {
    if (others.length > 0) img.src = others.shift();
    else failed(await whyNotShown(paths.at(-1)));
  };
  return img;
}

/** An element's error has no reason: asking again gives one. */
async function whyNotShown(path) {
  const cannot = 'the browser cannot show it';
  // A file of this browser.
  if (path.startsWith('blob:')) return cannot;
  return await send('GET', path, { accept: 'image/*' }).then(response => response.body?.cancel().then(() => cannot), shortly);
}
