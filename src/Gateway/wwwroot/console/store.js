// What this page knows: the generations it has seen, and what a browser keeps for a team – never a token.
import { emit } from './dom.js';

const generations = new Map();
const images = new Map();
/** The id of the team that is calling; null: none is known. */
let team = null;

/** What is kept belongs to one team: another one in the same browser does not see it. Nothing is kept while no team is known. */
export const setTeam = id => (team = id);

/** What tabs tell each other is for those of the same team. */
export const ofTeam = message => ({ ...message, team });
export const isOfTeam = message => team !== null && message.team === team;

/** @param cost as the gateway states it: `{amount, unit}`. */
export function remember({ cost: own, ...generation }, request = generation.request, cost = own) {
  const known = { ...generations.get(generation.id), ...generation };
  if (request) known.request = request;
  if (cost?.unit === 'DOLLARS') known.cost = Number(cost.amount);
  generations.set(known.id, known);
  for (const image of known.generated_images ?? []) images.set(image.id, known.id);
  return known;
}

/** The answer that has one generation. */
export const rememberAnswer = ({ generations_by_pk: generation, request, user, cost }) => remember(user ? { ...generation, user } : generation, request, cost);

export const known = id => generations.get(id);
export const allKnown = () => generations.values();
export const generationOfImage = id => images.get(id);

/** @param isHere whether this page has deleted it; false: it was found to be gone. */
export function forget(id, { isHere = true } = {}) {
  generations.delete(id);
  emit('generation-deleted', { id, isHere });
}

let person = null;

/** The label of the person that is calling; null: not known. */
export const setPerson = label => (person = label || null);
export const whoCalls = () => person;

const keyOf = name => `${name}@${team}`;

/** Without storage nothing is kept. */
const keeper = storage => ({
  get(name) {
    try {
      return team && JSON.parse(storage().getItem(keyOf(name)));
    } catch {
      return null;
    }
  },
  set(name, value) {
    if (!team) return;
    try {
      if (value === null) storage().removeItem(keyOf(name));
      else storage().setItem(keyOf(name), JSON.stringify(value));
    } catch {
      // Storage is blocked or full.
    }
  },
});

/** Of this tab, until it is closed. */
export const session = keeper(() => sessionStorage);

/** Of all tabs of this browser. */
export const shared = keeper(() => localStorage);

/** Calls back when another tab has set something of the same team. */
export function onShared(name, changed) {
  addEventListener('storage', event => team && event.key === keyOf(name) && changed(shared.get(name)));
}
