// Shows a refusal: each error at its field, the rest in a card with a link to the problem's page.
import { h, say } from './dom.js';
import { span } from './format.js';
import { explain, limits, nameOf, reason } from './words.js';

/** @returns the errors without a field in the form. */
export function showAtFields(form, errors = []) {
  const fields = [...form.querySelectorAll('[data-pointer]')];
  const homeless = [];
  for (const error of errors) {
    const field = fields
      .filter(each => error.pointer === each.dataset.pointer || error.pointer.startsWith(each.dataset.pointer + '/'))
      .sort((a, b) => b.dataset.pointer.length - a.dataset.pointer.length)[0];
    if (field) addFault(field, error);
    else homeless.push(error);
  }
  return homeless;
}

function addFault(field, error) {
  const id = `fault-${field.dataset.pointer.replace(/[^a-z0-9]+/gi, '-')}`;
  // A member of a list is too narrow for a sentence.
  const place = field.matches('li') ? field.closest('.field') : field;
  let fault = place.querySelector(`:scope > #${id}`);
  if (!fault) place.append((fault = h('p', { class: 'fault', id, 'data-fault': true })));
  const name = field.dataset.name ?? 'This';
  fault.append(h('span', {}, `${name} ${reason(error)}.`.replace(/\.\.$/, '.')));
  for (const control of field.querySelectorAll('input, select, textarea')) {
    control.setAttribute('aria-invalid', 'true');
    control.setAttribute('aria-describedby', [control.dataset.help, id].filter(Boolean).join(' '));
  }
}

/** Only what a refusal has marked: other messages of the form stay. */
export function clearFields(form) {
  for (const fault of form.querySelectorAll('[data-fault]')) fault.remove();
  for (const control of form.querySelectorAll('[aria-invalid]')) {
    control.removeAttribute('aria-invalid');
    if (control.dataset.help) control.setAttribute('aria-describedby', control.dataset.help);
    else control.removeAttribute('aria-describedby');
  }
}

export const firstFault = form => form.querySelector('[aria-invalid]');

/**
 * @param homeless errors that no field shows.
 * @param title instead of the refusal's own.
 */
export function problemCard(refusal, { homeless = refusal.problem.errors ?? [], title, actions = [] } = {}) {
  const { problem, retryAfter } = refusal;
  const [usual, text] = explain(problem);
  const reached = limits(problem);
  return h(
    'div',
    { class: 'problem', role: 'alert' },
    h('h2', {}, title ?? usual),
    text && h('p', {}, text),
    reached.length > 0 && h('ul', {}, reached.map(limit => h('li', {}, limit))),
    homeless.length > 0 && h('ul', {}, homeless.map(error => h('li', {}, `It ${reason(error)}.`))),
    retryAfter && h('p', {}, `Try again in ${span(retryAfter)}.`),
    h(
      'p',
      { class: 'small traces' },
      problem.type?.startsWith('/problems/') && h('a', { href: problem.type.slice(1), target: '_blank' }, 'What this means'),
      problem.reservationId && h('span', {}, 'Reservation ', h('code', {}, problem.reservationId)),
      problem.traceId && h('span', {}, 'Trace ', h('code', {}, problem.traceId)),
    ),
    nameOf(problem) === 'unidentified' && problem.detail && h('details', {}, h('summary', {}, 'For the operator'), h('p', { class: 'small' }, problem.detail)),
    actions.length > 0 && h('div', { class: 'actions' }, actions),
  );
}

/** For any error: a refusal as a problem, anything else as an error of this page. */
export function cardFor(fault, ...actions) {
  if (fault.problem) return problemCard(fault, { actions });
  console.error(fault);
  say('This page has an error');
  return h('div', { class: 'problem', role: 'alert' }, h('h2', {}, 'This page has an error'), h('p', {}, String(fault.message ?? fault)), actions.length > 0 && h('div', { class: 'actions' }, actions));
}

/** One line for a place where a card is too large. */
export const shortly = fault => (fault.problem ? explain(fault.problem)[0] : String(fault.message ?? fault));
