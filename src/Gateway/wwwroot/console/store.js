// The generations this page has seen, so that each is read once; and the draft, which survives a reload of this tab.

const generations = new Map();
const images = new Map();

export function remember(generation, request = generation.request) {
  const known = { ...generations.get(generation.id), ...generation };
  if (request) known.request = request;
  generations.set(known.id, known);
  for (const image of known.generated_images ?? []) images.set(image.id, known.id);
  return known;
}

export const known = id => generations.get(id);
export const generationOfImage = id => images.get(id);

export function forget(id) {
  generations.delete(id);
  document.dispatchEvent(new CustomEvent('generation-deleted', { detail: id }));
}

export function forgetAll() {
  generations.clear();
  images.clear();
}

/** What this tab keeps until it is closed: never a token. Without storage it lasts as long as the page. */
export const session = {
  get(name) {
    try {
      return JSON.parse(sessionStorage.getItem(name));
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      if (value === null) sessionStorage.removeItem(name);
      else sessionStorage.setItem(name, JSON.stringify(value));
    } catch {
      // Storage is blocked or full.
    }
  },
};
