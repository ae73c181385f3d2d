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

/** What this tab keeps for the team that is calling, until it is closed: never a token. Nothing while no team is known. */
export const session = {
  /** The id of the team; null: none is known. */
  team: null,
  get(name) {
    try {
      return this.team && JSON.parse(sessionStorage.getItem(`${name}@${this.team}`));
    } catch {
      return null;
    }
  },
  set(name, value) {
    if (!this.team) return;
    try {
      if (value === null) sessionStorage.removeItem(`${name}@${this.team}`);
      else sessionStorage.setItem(`${name}@${this.team}`, JSON.stringify(value));
    } catch {
      // Storage is blocked or full.
    }
  },
};
