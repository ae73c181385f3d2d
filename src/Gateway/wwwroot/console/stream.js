// Everything the team has made, newest first: what runs, what has just ended, and the whole history, read as a person scrolls. The same in every tab and after a reload.
import { confirmCaller, otherTabs, read } from './api.js';
import { $, button, emit, h, on, say } from './dom.js';
import { count, dayOf } from './format.js';
import { imagesOf, promptOf } from './picture.js';
import { cardFor } from './problems.js';
import { hasEnded, run, stopAll } from './runs.js';
import { askOthers } from './sending.js';
import { forget, isOfTeam, known, ofTeam, remember, whoCalls } from './store.js';
import { addEntries, addEntry, articleOf, clear, isShown, removeEntry, shownIds, updateEntry } from './windows.js';

const pageSize = 24;
/** For a search, and for a person who goes far back. */
const largePageSize = 100;
const refreshSeconds = 15;

/** Ids of all that was read, newest first. */
let ids = [];
let next = null;
let isComplete = false;
/** Of the list that is shown: what is read for an earlier one comes too late. */
let turn = 0;
let isReading = false;
/** Reads of the newest, and the latest whose answer is shown: an older answer comes too late. */
let refreshes = 0;
let latest = 0;
/** By a person in this browser: a list that was read before still has them. */
const deleted = new Set();
let isEndNear = false;
let words = [];
let isMine = false;

/** Reads the newest generations; older ones follow while the end of the list is near the window. */
export async function showStream() {
  turn++;
  stopAll();
  clear();
  ids = [];
  next = null;
  isComplete = isReading = false;
  askOthers();
  showWhose();
  await more();
}

const matches = ({ id }) => {
  const generation = known(id);
  const text = promptOf(generation).toLowerCase();
  return words.every(word => text.includes(word)) && (!isMine || generation.user === whoCalls());
};

async function more() {
  if (isReading || isComplete) return;
  isReading = true;
  const mine = turn;
  const size = words.length > 0 || ids.length >= 5 * pageSize ? largePageSize : pageSize;
  $('#stream-end').replaceChildren();
  try {
    const page = await read(`v1/generations?limit=${size}${next ? `&after=${encodeURIComponent(next)}` : ''}`);
    if (mine !== turn) return;
    const seen = new Set(ids);
    const fresh = page.generations.filter(({ id }) => !seen.has(id) && !deleted.has(id)).map(generation => remember(generation));
    ids.push(...fresh.map(({ id }) => id));
    fresh.forEach(run);
    emit('generations-read');
    addEntries(fresh.filter(matches).map(({ id }) => id));
    next = page.next;
    isComplete = !next;
    // After the layout, which may bring the end nearer.
    requestAnimationFrame(() => requestAnimationFrame(() => isEndNear && mine === turn && more()));
  } catch (fault) {
    if (mine === turn) $('#stream-end').replaceChildren(cardFor(fault, button('Try again', more)));
  }
  if (mine !== turn) return;
  isReading = false;
  showState();
}

function showState() {
  const found = shownIds().length;
  const back = ids.length > 0 && known(ids.at(-1))?.createdAt;
  const isSearching = words.length > 0 || isMine;
  $('#search-state').textContent = !isSearching ? '' : isComplete ? `${found.toLocaleString('en')} found` : `${found.toLocaleString('en')} found${back ? ` back to ${dayOf(back).replace(/ \d{4}$/, '')}` : ''}`;
  const isEmpty = found === 0 && isComplete && $('#sending').childElementCount === 0;
  $('#stream-empty').hidden = !isEmpty;
  $('#stream-empty').textContent = isSearching ? 'Nothing found.' : 'Your team’s images appear here, and stay here as its history.';
}

/** Shows what fits the search, of what was read and of what is still to be read. */
function search() {
  const { value } = $('#search');
  words = value.toLowerCase().split(/\s+/).filter(Boolean);
  turn++;
  isReading = false;
  clear();
  addEntries(ids.filter(id => matches({ id })));
  showState();
  more();
}

/** All of the team's, or the person's own: only where the gateway knows who is calling. */
function showWhose() {
  isMine &&= whoCalls() !== null;
  const choice = (label, mine) => {
    const made = h('button', { type: 'button', 'aria-pressed': String(isMine === mine), onclick: () => choose(mine) }, label);
    return made;
  };
  const choose = mine => {
    isMine = mine;
    showWhose();
    $(mine ? 'button:last-child' : 'button', $('#whose')).focus();
    search();
  };
  $('#whose').hidden = whoCalls() === null;
  $('#whose').replaceChildren(choice('Team', false), choice('Mine', true));
}

/** What other tabs and programs of the team have made or deleted meanwhile. */
async function refresh() {
  if (document.hidden || isReading || $('#form').hidden) return;
  const mine = turn;
  const number = ++refreshes;
  const before = [...ids];
  const page = await read(`v1/generations?limit=${pageSize}`).catch(() => null);
  if (!page || mine !== turn || number < latest) return;
  latest = number;
  const listed = new Set(page.generations.map(({ id }) => id));
  for (const generation of page.generations.filter(({ id }) => !deleted.has(id)).reverse()) {
    const had = known(generation.id);
    if (!ids.includes(generation.id)) add(generation);
    else if (had.status !== generation.status && hasEnded(generation)) {
      remember(generation);
      updateEntry(generation.id);
    }
  }
  const oldest = page.next ? page.generations.at(-1).createdAt : '';
  for (const id of before) if (!listed.has(id) && (known(id)?.createdAt ?? oldest) > oldest) forget(id, { isHere: false });
}

/** One that was sent a moment ago, or once more: what is known of it is newer than that. */
const addMade = ({ made, request, cost }) => add(known(made.id) ? { id: made.id } : made, request, cost);

/** A generation that was not read before: it is newer than most. */
function add(generation, request, cost) {
  const { id } = remember(generation, request, cost);
  if (ids.includes(id)) return;
  const at = ids.findIndex(each => (known(each)?.createdAt ?? '') <= (known(id).createdAt ?? ''));
  ids.splice(at < 0 ? ids.length : at, 0, id);
  run(known(id));
  if (matches({ id })) addEntry(id);
  showState();
}

/** The id of the generation before or after this one that has pictures; undefined: there is none. */
export function neighbour(id, by) {
  const all = shownIds();
  for (let at = all.indexOf(id) + by; at >= 0 && at < all.length; at += by) if (imagesOf(known(all[at])).length > 0) return all[at];
  return undefined;
}

/** Moves the focus to the next or previous generation. */
function step(by) {
  const articles = [...document.querySelectorAll('#results .result')];
  const at = articles.findIndex(each => each.contains(document.activeElement));
  const to = at >= 0 ? articles[at + by] : articles.find(each => each.getBoundingClientRect().top >= 0);
  $('a.asked', to)?.focus();
  to?.scrollIntoView({ block: 'nearest' });
}

/** In the part of the stream, with which it shares most. */
export const loadDetails = () => import('./details.js');
/** The gateway may be unavailable: they are looked for again later. */
export const loadJobs = () => import('./jobs.js').then(({ showJobs }) => showJobs(), () => {});

function setUp() {
  new IntersectionObserver(entries => {
    // Several changes may come together: the last one holds.
    isEndNear = entries.at(-1).isIntersecting;
    if (isEndNear && ids.length > 0) more();
  }, { rootMargin: '900px 0px' }).observe($('#stream-end'));
  let timer = 0;
  $('#search').addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(search, 250);
  });
  const refreshAll = async () => {
    if (document.hidden || $('#form').hidden || !(await confirmCaller())) return;
    refresh();
    loadJobs();
  };
  setInterval(refreshAll, refreshSeconds * 1000);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    document.title = document.title.replace(/^Done – /, '');
    refreshAll();
  });
  otherTabs?.addEventListener('message', ({ data }) => {
    if (data.made && isOfTeam(data)) addMade(data);
    if (!data.deleted) return;
    deleted.add(data.deleted);
    if (known(data.deleted)) forget(data.deleted, { isHere: false });
  });
}

on('step', step);
// It has been sent, and its generation is new.
on('job-left', refresh);
on('sending-changed', showState);
on('generation-made', ({ generation, request, cost }) => {
  // By this browser's clock, until the gateway's time is read; it stands first in any case.
  const now = new Date().toISOString().slice(0, -1);
  const newest = known(ids[0])?.createdAt ?? now;
  const made = { createdAt: newest > now ? newest : now, user: whoCalls() ?? undefined, ...generation };
  addMade({ made, request, cost });
  otherTabs?.postMessage(ofTeam({ made, request, cost }));
});
on('generation-changed', ({ id }) => {
  const ended = known(id);
  if (!ended) return;
  if (isShown(id)) updateEntry(id);
  emit('spent');
  if (!hasEnded(ended)) return;
  say(ended.status === 'FAILED' ? 'Leonardo made no images' : `${count(imagesOf(ended).length, 'image')} ready`);
  if (document.hidden) document.title = `Done – ${document.title.replace(/^Done – /, '')}`;
});
on('generation-deleted', ({ id, isHere }) => {
  if (isHere) {
    deleted.add(id);
    otherTabs?.postMessage({ deleted: id });
  }
  ids = ids.filter(each => each !== id);
  const after = removeEntry(id);
  showState();
  // While a dialog is open, nothing outside of it takes the focus.
  if (document.querySelector('dialog[open]')) document.addEventListener('generation-closed', () => ($('a.asked', articleOf(after) ?? undefined) ?? $('#page')).focus(), { once: true });
});
setUp();
