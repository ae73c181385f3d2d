// Why the tenants file has no effect. Teams work with the last good file, so nobody notices.
import { h } from '../dom.js';
import { count, whenUtc } from '../format.js';

/** @param alert that it stands for; none: it is not one of the list. */
export function refusedFile(errors, since, alert) {
  return h(
    'div',
    { class: 'problem', role: 'alert', 'data-alert': alert },
    h('h2', {}, 'The tenants file is refused'),
    h('p', {}, `It has ${count(errors.length, 'error')}, so its last change has no effect: the file${since ? ` of ${whenUtc(since)} UTC` : ''} stays in force. Correct it; it is read again by itself.`),
    h('ul', {}, errors.map(error => h('li', {}, h('code', {}, error)))),
  );
}
