// How the console calls the gateway. Paths are relative to the page: a proxy may serve it under a prefix. A token is sent once, for a session whose cookie no page can read; it is kept nowhere.

let isSignedIn = false;
let label = null;

export const tokens = {
  setSignedIn: value => (isSignedIn = value),
  /** Whether a program needs a token to be who this page is. */
  get hasTenant() {
    return isSignedIn;
  },
};

/** The name under which a person's requests are reported, where the gateway does not know it already. */
export const setLabel = name => (label = name || null);

/** A refusal: the gateway's problem document, or an unreachable gateway (status 0). */
export class Refusal extends Error {
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
    throw new Refusal({ title: 'The gateway did not answer', detail: 'The connection failed. It is safe to send the same request again: it is charged once.' });
  }
  if (!response.ok) throw await Refusal.of(response);
  return response;
}

export const send = (method, path, options) => request(method, path, options);
export const read = async path => (await send('GET', path)).json();
export const post = (path, body) => send('POST', path, { json: JSON.stringify(body) });

/** From then on the browser is who the token is for, until it signs out: a team, an operator, or both, one after the other. */
export const signIn = token => session('POST', token.trim());
export const signOut = () => session('DELETE');

/** The management port has the operators' sign-in only. */
async function session(method, token) {
  try {
    await request(method, 'v1/session', {}, token);
  } catch (fault) {
    if (fault.status !== 404) throw fault;
    await request(method, 'admin/session', {}, token);
  }
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
