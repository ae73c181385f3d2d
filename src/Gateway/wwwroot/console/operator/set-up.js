// The tenants file in force, what another one would change, who a caller would be, and new tokens.
import { post, read } from '../api.js';
import { button, h } from '../dom.js';
import { folded } from '../focus.js';
import { count, whenUtc } from '../format.js';
import { cardFor, clearFields, showAtFields } from '../problems.js';
import { copyButton } from './copy-button.js';
import { lineDifference } from './line-difference.js';
import { refusedFile } from './refused-file.js';
import { makeToken } from './token.js';

export function openSetUp() {
  const parts = [fileCheck(), callerForm(), tokenMaker()];
  const place = h('div', { class: 'work' });
  const below = h('div', { class: 'work' }, parts);
  return {
    title: 'Set-up',
    seconds: 15,
    read: () => read('admin/tenants-file'),
    draw({ text, since, onDisk, errors }) {
      place.replaceChildren(
        section(
          'file-title',
          'The tenants file in force',
          errors.length > 0 && refusedFile(errors, since),
          h('p', { class: 'small' }, `${since ? `In force since ${whenUtc(since)} UTC. ` : ''}Of digests only the beginning is shown. ${onDisk === null ? 'The file on disk is the same.' : 'The file on disk differs, and has no effect until it is correct:'}`),
          onDisk !== null && lineDifference(text, onDisk, 'in force', 'on disk'),
          folded('file', count(text.trimEnd().split('\n').length, 'line'), h('pre', { class: 'file', tabindex: '0' }, text)),
        ),
      );
      // What a person has typed there stays.
      return below.isConnected ? null : [place, below];
    },
  };
}

const section = (id, title, ...content) => h('section', { class: 'part', 'aria-labelledby': id }, h('h2', { id }, title), ...content);

/** Also for the file of another gateway, or of a pull request. */
function fileCheck() {
  const text = h('textarea', { id: 'new-file', rows: 8, spellcheck: 'false', 'aria-describedby': 'new-file-help' });
  const answer = h('div', { role: 'status' });
  const form = h(
    'form',
    {},
    h('div', { class: 'field' }, h('label', { for: 'new-file' }, 'A tenants file'), text, h('p', { class: 'help', id: 'new-file-help' }, 'It is checked as the gateway would read it, and changes nothing. To put it into force, write it to the file of Tenants:File.')),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'quiet' }, 'Check')),
  );
  form.onsubmit = async event => {
    event.preventDefault();
    try {
      const { errors, changes } = await (await post('admin/tenants-file/check', { file: text.value })).json();
      answer.replaceChildren(
        errors.length > 0
          ? h('div', { class: 'problem' }, h('h3', {}, `It would be refused, with ${count(errors.length, 'error')}`), h('ul', {}, errors.map(error => h('li', {}, h('code', {}, error)))))
          : h('div', { class: 'calm' }, h('h3', {}, changes.length > 0 ? `It is valid. ${count(changes.length, 'change')} would come into force` : 'It is valid, and changes nothing that this page lists'), h('ul', { class: 'listed' }, changes.map(change => h('li', {}, change)))),
      );
    } catch (fault) {
      answer.replaceChildren(cardFor(fault));
    }
  };
  return section('check-title', 'What would another file change?', form, answer);
}

function callerForm() {
  const address = h('input', { id: 'caller-address', type: 'text', autocomplete: 'off', spellcheck: 'false', placeholder: '10.1.2.3' });
  const headers = h('textarea', { id: 'caller-headers', rows: 3, spellcheck: 'false', placeholder: 'X-Tenant-Id: marketing', 'aria-describedby': 'caller-help' });
  const answer = h('div', { role: 'status' });
  const form = h(
    'form',
    {},
    h('div', { class: 'field', 'data-pointer': '#/address', 'data-name': 'It' }, h('label', { for: 'caller-address' }, 'IP address, as the gateway sees it'), address),
    h('div', { class: 'field', 'data-pointer': '#/headers', 'data-name': 'They' }, h('label', { for: 'caller-headers' }, 'Headers, one on each line'), headers, h('p', { class: 'help', id: 'caller-help' }, 'Such as Authorization: Bearer …, or the header of a trusted proxy. They are not logged.')),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'quiet' }, 'Ask')),
  );
  form.onsubmit = async event => {
    event.preventDefault();
    clearFields(form);
    answer.replaceChildren();
    const lines = headers.value.split('\n').map(line => line.trim()).filter(Boolean);
    const pairs = lines.map(line => [line.split(':')[0].trim(), line.slice(line.indexOf(':') + 1).trim()]);
    try {
      const { tenant, refusal } = await (await post('admin/caller', { address: address.value.trim(), headers: Object.fromEntries(pairs) })).json();
      answer.replaceChildren(
        ...(tenant ? [h('p', { class: 'calm' }, h('a', { href: `#/operator/tenants/${tenant.id}` }, tenant.name), `, identified by ${tenant.identifiedBy}`)] : []),
        ...(refusal ? [h('div', { class: 'problem' }, h('h3', {}, `Refused: ${refusal.status} ${refusal.problem}`), h('p', {}, refusal.detail))] : []),
      );
    } catch (fault) {
      if (showAtFields(form, fault.problem?.errors).length > 0 || !fault.problem?.errors) answer.replaceChildren(cardFor(fault));
    }
  };
  return section('caller-title', 'Who would this caller be?', form, answer);
}

/** The token is made in this page and sent nowhere. */
function tokenMaker() {
  const answer = h('div', { role: 'status' });
  const make = () => {
    const { token, digest } = makeToken();
    const snippet = `"identify": { "tokens": ["${digest}"] }`;
    const call = `curl ${new URL('v2/generations', document.baseURI).href} -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '{"model":"flux-pro-2.0","parameters":{"prompt":"A teapot on linen"}}'`;
    answer.replaceChildren(
      h(
        'div',
        { class: 'work' },
        shown('Token, for the team: it is shown this once', token),
        shown('For the tenant in the tenants file', snippet),
        shown('A request with it', call),
      ),
    );
  };
  return section('token-title', 'A gateway token', h('p', {}, 'For callers that their network does not identify. It is made in this page and sent nowhere; the tenants file has its digest only.'), h('div', { class: 'actions' }, button('Make a token', make)), answer);
}

const shown = (label, text) => h('div', { class: 'field' }, h('div', { class: 'line' }, h('h3', {}, label), copyButton(text)), h('pre', { class: 'file', tabindex: '0' }, text));
