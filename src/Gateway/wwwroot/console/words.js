// What a refusal means to the person at the page. The gateway's own words are for programs: they name routes, headers and settings.
import { quotaAmount, quotaName, when } from './format.js';

const unpaid = 'Nothing was sent and nothing was charged.';

const unreadable = ['The gateway could not read this request', `${unpaid} Reload the page and try again.`];

const texts = {
  'malformed-request': unreadable,
  'method-not-allowed': unreadable,
  'not-acceptable': unreadable,
  'range-not-satisfiable': unreadable,
  validation: ['Something here needs a correction', `${unpaid} Correct what is marked and try again.`],
  unidentified: ['The gateway does not recognise you', 'Use a gateway token, or ask the operator to add you to a team.'],
  suspended: ['Your team is suspended', 'Its images are kept, but nobody can see or make any until the operator resumes it.'],
  policy: ['Your team may not do this', `${unpaid} Change what is marked, or ask the operator for permission.`],
  'host-not-allowed': ['The gateway may not be used by this address', 'Open it by another address, use a gateway token, or ask the operator to allow this one.'],
  'cross-site': ['A page of another site may not use the gateway in your name', 'Open the console itself, at the gateway’s own address.'],
  'not-found': ['Not found', 'It does not exist any more, or it belongs to another team.'],
  'too-large': ['This is too large', 'An image may have 25 MB. Nothing was charged.'],
  'unsupported-media-type': ['This is not an image that can be used', 'Use a PNG, JPEG or WebP file. Nothing was charged.'],
  'idempotency-in-progress': ['This request is still being sent', 'It is paid once, however often it is repeated. Try again in a moment.'],
  'idempotency-mismatch': ['Another request was sent with the same key', `${unpaid} Reload the page and try again.`],
  'job-not-queued': ['This is not waiting any more', 'It has been sent to Leonardo, or has ended. Nothing was changed.'],
  'not-unknown': ['This has been decided already', 'Nothing was changed. Refresh to see what happened.'],
  'too-many-attempts': ['Too many wrong tokens came from your address', 'Nothing was changed. Wait, then use a valid token.'],
  timeout: ['The images were not ready in time', 'Leonardo goes on, and they are charged once. They appear in the history.'],
  'quota-exceeded': ['That is more than your team has left', unpaid],
  'upstream-rejected': ['Leonardo refused this request', 'Nothing was charged. Change the request and try again.'],
  'upstream-credentials': ['Leonardo does not accept the gateway', 'Nothing was charged. Only the operator can correct this: the key of the Leonardo account is refused.'],
  'upstream-unreachable': ['Leonardo could not be reached', 'Nothing was charged. Try again in a while.'],
  'upstream-out-of-credit': ['The organisation’s Leonardo account is out of credit', 'Nothing was charged. Ask the operator to add credit.'],
  'upstream-saturated': ['Leonardo is busy', 'All places of the organisation’s account are in use. Nothing was charged. Try again in a moment.'],
  'store-unavailable': ['The gateway is not ready', 'Nothing was charged. Try again in a moment.'],
  'identity-unavailable': ['Your sign-in cannot be checked now', 'Nothing was charged. Try again in a moment.'],
  'outcome-unknown': ['It is not known yet whether Leonardo made this', 'The request was sent, but no reliable answer came back. The gateway finds out by itself. Sending the same request again gets its outcome, and is not paid twice.'],
  internal: ['The gateway failed', 'Give the operator the trace below. Usage shows whether anything was charged.'],
};

const refusals = {
  moderation: ['Leonardo’s content rules do not allow this prompt', 'Nothing was charged. Change the prompt and try again.'],
  reference: ['Leonardo could not use a reference image', 'Nothing was charged. Remove the image, or use another.'],
};

export const nameOf = problem => problem.type?.split('/').pop() ?? '';

/** @returns `[title, text]` */
export function explain(problem) {
  const name = nameOf(problem);
  if (name === 'upstream-rejected' && refusals[problem.reason]) return refusals[problem.reason];
  if (name === 'quota-exceeded' && problem.neverAdmitted) return ['That is more than your team may ever ask for at once', `${unpaid} Ask for less, or ask the operator for a higher limit.`];
  return texts[name] ?? [problem.title ?? 'Refused', plain(problem.detail ?? '')];
}

/** Each limit that was reached, from the sentences of a refusal. */
export function limits(problem) {
  return (problem['violated-policies'] ?? []).map(policy => {
    const [, asked, left, limit, at] = new RegExp(`${policy}: ([\\d.]+)(?: USD)? asked, ([\\d.]+) of ([\\d.]+)(?: USD)? left(?:, resets at ([\\d-]+ [\\d:]+) UTC)?`).exec(problem.detail ?? '') ?? [];
    if (asked === undefined) return quotaName(policy);
    const amount = value => quotaAmount(policy, value);
    return `${quotaName(policy)}: ${amount(left)} of ${amount(limit)} left, ${amount(asked)} asked for${at ? `; resets ${when(at.replace(' ', 'T') + 'Z')}` : ''}`;
  });
}

const details = {
  'unknown-reference': 'is not an image that your team can use: it may have been deleted',
  'unknown-model': 'is not one that this gateway has',
  'model-not-allowed': 'is not one that your team may use',
  'public-not-allowed': 'is not allowed for your team',
  'unknown-value': 'has a value that is not possible',
};

/** The end of a sentence that begins with the name of a field. */
export const reason = error => details[error.code] ?? error.detail.replace(/(?:for |of )?this tenant(?:'s)?/g, found => (found.endsWith('s') ? 'your team’s' : found.replace('this tenant', 'your team')));

/** Without the sentences that are instructions for a program. */
function plain(text) {
  return text
    .split(/(?<=[.;]) /)
    .filter(sentence => !/\b(?:GET|POST|PUT|DELETE|HEAD) \/|see errors|Retry-After|Idempotency-Key|traceId|`|[A-Z][A-Za-z]+:[A-Z]/.test(sentence))
    .join(' ');
}

const ways = {
  network: 'by the network it calls from',
  header: 'by a header that a trusted proxy set',
  token: 'by its gateway token',
  jwt: 'by its sign-in',
  certificate: 'by its client certificate',
  session: 'by its sign-in',
};

export const whoIs = tenant => `${tenant.name ?? tenant.id}, identified ${ways[tenant.identifiedBy] ?? tenant.identifiedBy}`;
