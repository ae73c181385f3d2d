// A question in a dialog, with its fields; answers the values, or null when it is called off.
import { button, freshId, h } from './dom.js';

/** @param fields `{name: {label, type?, options?, required?, help?}}` */
export function ask(title, text, fields, go) {
  return new Promise(resolve => {
    const heading = freshId('ask');
    const controls = {};
    const form = h(
      'form',
      { autocomplete: 'off' },
      Object.entries(fields).map(([name, { label, options, help, ...attributes }]) => {
        const id = freshId(name);
        controls[name] = options
          ? h('select', { id }, options.map(([value, words]) => h('option', { value }, words)))
          : h('input', { id, type: 'text', ...attributes });
        return h('div', { class: 'field' }, h('label', { for: id }, label), controls[name], help && h('p', { class: 'help' }, help));
      }),
      h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'main' }, go), button('Cancel', () => dialog.close())),
    );
    const dialog = h('dialog', { 'aria-labelledby': heading }, h('h2', { id: heading }, title), text && h('p', {}, text), form);
    let values = null;
    form.addEventListener('submit', event => {
      event.preventDefault();
      values = Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, control.value.trim()]));
      dialog.close();
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(values);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
