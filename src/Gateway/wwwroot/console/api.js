// How the console calls the gateway. Paths are relative to the page: a proxy may serve it under a prefix. A token is sent once, for a session whose cookie no page can read; it is kept nowhere.

let label = null;

/** The name under which a person's requests are reported, where the gateway does not know it already. */
export const setLabel = name => (label = name || null);

/** A refusal: the gateway's problem document, or an unreachable gateway (status 0). */
class Refusal extends Error {
  constructor(problem, response) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
    this.status = response?.status ?? 0;
    this.retryAfter = Number(response?.headers.get('Retry-After')) || null;
  }

  get name() {
    return this.problem.type?.split('/').pop() ?? '';
  }

  /** Whether the outcome of the request is unknown, so that it may only be repeated with the same key. */
  get isOpen() {
    const open = ['outcome-unknown', 'idempotency-in-progress', 'internal'];
    return this.status === 0 || open.includes(this.name) || (this.status >= 500 && this.name === '');
  }

  static async of(response) {
    const type = response.headers.get('Content-Type') ?? '';
    const problem = type.includes('json') ? await response.json().catch(() => null) : null;
    return new Refusal(problem ?? { title: `The request failed with status ${response.status}`, detail: 'The answer did not come from the gateway but from something between it and this page, such as a proxy.' }, response);
  }
}

const unanswered = () => new Refusal({ title: 'The gateway did not answer', detail: 'The connection failed. It is safe to send the same request again: it is charged once.' });

async function request(method, path, { json, form, headers = {}, signal, accept } = {}, token = '') {
  // Without one, so that the answers that the page has asked for already are found.
  const all = accept ? { accept, ...headers } : { ...headers };
  if (token) all.authorization = `Bearer ${token}`;
  if (label && method === 'POST' && path.startsWith('v2/')) all['x-user-label'] = label;
  if (json !== undefined) all['content-type'] = 'application/json';
  let response;
  try {
    response = await fetch(path, { method, headers: all, body: form ?? json, signal, cache: accept?.startsWith('image') ? 'default' : 'no-store', redirect: 'error' });
  } catch (fault) {
    if (fault.name === 'AbortError') throw fault;
    throw unanswered();
  }
  if (!response.ok) throw await Refusal.of(response);
  return response;
}

/** The other tabs of this gateway: a proxy may serve another one at the same origin. */
export const otherTabs = globalThis.BroadcastChannel ? new BroadcastChannel(`gateway-console ${new URL('.', location.href).pathname}`) : null;

/** Whom the gateway takes this page for; null: nobody; undefined: it has not said so yet. */
let caller;
let callerName = null;
let hasSession = false;
const callerOf = ({ id, identifiedBy, user }) => [id, identifiedBy, user].join(' ');

/** Whether a program needs a token to be who this page is. */
export const isSignedIn = () => hasSession;

/** What the page shows and keeps belongs to this caller, until the page is loaded again. @param tenant null: nobody was identified. */
export function belongTo(tenant) {
  caller = tenant && callerOf(tenant);
  callerName = tenant && (tenant.name ?? tenant.id);
  hasSession = tenant?.identifiedBy === 'session';
  otherTabs?.postMessage({ caller });
}

/** What may change the caller is done one after the other, and no other request is sent meanwhile: it might be sent as somebody else. */
let changes = Promise.resolve();

function alone(change) {
  const made = changes.then(change);
  changes = made.catch(() => {});
  return made;
}

const leftName = 'left';

/**
 * @param isExpected whether the person at this page asked for another caller: then it need not be said.
 * @returns a promise that is never settled: nothing of this page goes on, or is sent, before it is gone.
 */
function loadAgain({ isExpected = false } = {}) {
  try {
    if (!isExpected && callerName) sessionStorage.setItem(leftName, callerName);
  } catch {
    // Storage is blocked: the page shows the new caller without a sentence about it.
  }
  location.reload();
  return new Promise(() => {});
}

/** @returns the name of the team that this page belonged to before somebody else became its caller; null: nothing has changed. Once. */
export function takeLeft() {
  try {
    const left = sessionStorage.getItem(leftName);
    sessionStorage.removeItem(leftName);
    return left;
  } catch {
    return null;
  }
}

export async function send(method, path, options) {
  for (let before; before !== changes; ) await (before = changes);
  try {
    return await request(method, path, options);
  } catch (fault) {
    // The session has ended, and the answer has cleared its cookie: without it the network may identify another team, which would pay.
    if (fault.status === 401 && caller) {
      otherTabs?.postMessage({ caller: null });
      // One that was asked before may have been answered before the end.
      await confirming?.catch(() => {});
      await confirmCaller(true);
    }
    throw fault;
  }
}

let confirming = null;

/** No other request is sent while one of these is on its way: it must not take long. */
const soon = () => AbortSignal.timeout(10_000);

/** Asks the gateway who is calling, and loads the page again if it is not the caller that the page belongs to. */
const askForCaller = isRefused => (confirming ??= alone(() => compareCaller(isRefused)).finally(() => (confirming = null)));

/**
 * The same, for the moments in which somebody may have become another caller elsewhere.
 * @param isRefused whether a request was refused: the page then stays only if the gateway confirms its caller.
 * @returns whether the gateway has confirmed the caller.
 */
export const confirmCaller = (isRefused = false) => askForCaller(isRefused).then(() => true, () => false);

/** Before something is sent that a team pays for or owns. Fails if the gateway does not confirm the caller. */
export async function requireCaller() {
  // One that is on its way may have been answered before the change.
  await confirming?.catch(() => {});
  await askForCaller(false);
}

async function compareCaller(isRefused) {
  if (caller === undefined) throw new Error('nobody is known to call');
  let now;
  try {
    now = callerOf((await (await request('GET', 'v1/usage', { signal: soon() })).json()).tenant);
  } catch (fault) {
    if (fault.status === 401) now = null;
    else if (!isRefused) throw fault.problem ? fault : unanswered();
  }
  if (now !== caller) await loadAgain();
}

otherTabs?.addEventListener('message', ({ data }) => {
  if (data.hasNewSession) alone(loadAgain);
  else if (data.caller !== undefined && data.caller !== caller) confirmCaller();
});

/** One that is never answered must not keep what waits for it for ever. */
export async function read(path) {
  try {
    return await (await send('GET', path, { signal: AbortSignal.timeout(60_000) })).json();
  } catch (fault) {
    throw fault.name === 'TimeoutError' ? unanswered() : fault;
  }
}
export const post = (path, body) => send('POST', path, { json: JSON.stringify(body) });

/** Who is calling, and what is left. */
export async function readUsage() {
  const usage = await read('v1/usage');
  if (caller !== undefined && callerOf(usage.tenant) !== caller) await alone(loadAgain);
  return usage;
}

/** From then on the browser is who the token is for, until it signs out: a team, an operator, or both, one after the other. The page is loaded again, in all tabs. */
export const signIn = token => alone(() => changeSession('POST', token.trim()));
export const signOut = () => alone(() => changeSession('DELETE'));

async function changeSession(method, token) {
  try {
    await request(method, 'v1/session', { signal: soon() }, token);
  } catch (fault) {
    // The management port has the operators' sign-in only.
    if (fault.status !== 404) throw fault;
    await request(method, 'admin/session', { signal: soon() }, token);
  }
  otherTabs?.postMessage({ hasNewSession: true });
  if (token && (await isOnlyOperator())) history.replaceState({ depth: 0 }, '', '#operator');
  await loadAgain({ isExpected: true });
}

/** An operator who is in no team sees nothing on the other pages. */
async function isOnlyOperator() {
  const [usage, session] = await Promise.all(['v1/usage', 'v1/session'].map(path => request('GET', path, { signal: soon() }).then(response => response.json(), () => null)));
  return !usage && Boolean(session?.operator);
}

/** Random. randomUUID is not available without TLS. */
export function freshKey() {
  return 'console-' + [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
}

export const imagePath = (generation, image) => `v1/generations/${generation}/images/${image}`;
export const uploadPath = id => `v1/init-image/${id}/image`;

export const imageBlob = async path => (await send('GET', path, { accept: 'image/*' })).blob();

/** Saves a file through the browser. */
export function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
