// What runs at Leonardo: each generation is followed once, until it ends, however often it is shown.
import { send } from './api.js';
import { emit } from './dom.js';
import { count, moment, span } from './format.js';
import { known, rememberAnswer, shared } from './store.js';

const runs = new Map();
let stopping = new AbortController();

export const hasEnded = generation => generation.status === 'COMPLETE' || generation.status === 'FAILED';

/** @returns `{began, fault}` of one that is followed; undefined: it has ended, as far as this page knows from anywhere, or was never followed. */
export const runOf = id => (hasEnded(known(id) ?? {}) ? undefined : runs.get(id));

/** Follows a generation. Its end, or what prevents it from being seen, is announced as `generation-changed`. */
export function run(generation) {
  const { id } = generation;
  if (hasEnded(generation) || (runs.has(id) && !runs.get(id).fault)) return;
  const began = generation.createdAt ? Math.min(Date.now(), moment(generation.createdAt).getTime()) : Date.now();
  runs.set(id, { began });
  follow(id, stopping.signal).then(
    ended => {
      runs.delete(id);
      if (ended.status === 'COMPLETE') keepDuration(Date.now() - began);
      emit('generation-changed', { id });
    },
    fault => {
      if (fault.name === 'AbortError') return;
      runs.set(id, { began, fault });
      emit('generation-changed', { id });
    },
  );
}

export function stopAll() {
  stopping.abort();
  stopping = new AbortController();
  runs.clear();
}

const passed = began => Math.max(0, Math.floor((Date.now() - began) / 1000));

/** What a person reads while it runs. */
export function describeRun({ began }) {
  const usual = shared.get('durations') ?? [];
  const typical = usual.length >= 3 ? [...usual].sort((a, b) => a - b)[usual.length >> 1] : null;
  return `Leonardo is working: ${count(passed(began), 'second')}${typical ? `, usually ${span(typical)}` : ''}`;
}

/** Of the last ten, in seconds. */
function keepDuration(milliseconds) {
  if (milliseconds < 3_600_000) shared.set('durations', [...(shared.get('durations') ?? []), Math.max(1, Math.round(milliseconds / 1000))].slice(-10));
}

setInterval(() => {
  for (const place of document.querySelectorAll('[data-run]')) {
    const found = runs.get(place.dataset.run);
    if (found && !found.fault) place.textContent = describeRun(found);
  }
}, 1000);

let isListening = false;

/**
 * By server-sent events, or else by polling. One at a time by events: a browser has six connections to a host for all its
 * tabs, and requests that cost money must not wait for one.
 * @returns its last state
 */
async function follow(id, signal) {
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
  const response = await send('GET', `v1/generations/${id}`, { accept: 'text/event-stream', signal });
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
      const seen = rememberAnswer(JSON.parse(data.join('\n')));
      if (hasEnded(seen)) return seen;
    }
  }
}

async function poll(id, signal) {
  let failures = 0;
  while (!signal.aborted) {
    let wait = 2;
    try {
      const response = await send('GET', `v1/generations/${id}`, { signal });
      const seen = rememberAnswer(await response.json());
      failures = 0;
      if (hasEnded(seen)) return seen;
      wait = Number(response.headers.get('Retry-After')) || wait;
    } catch (fault) {
      if (fault.name === 'AbortError' || (fault.status >= 400 && fault.status < 500 && fault.status !== 429) || ++failures > 10) throw fault;
      wait = fault.retryAfter ?? 3;
    }
    await new Promise(resolve => setTimeout(resolve, wait * 1000));
  }
  throw new DOMException('It is followed no more.', 'AbortError');
}
