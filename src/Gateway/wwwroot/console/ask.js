// A question in a dialog. It stays open until the gateway accepts the answer: a refusal is shown at its fields, and nothing has to be typed twice.
import { $, button, freshId, h } from './dom.js';
import { cardFor, clearFields, firstFault, showAtFields } from './problems.js';

/**
 * @param fields `{name: {label, type?, options?, required?, help?}}`
 * @param send receives the values; an error is shown.
 * @param isDanger whether the answer cannot be taken back: the focus is then on the button that keeps everything.
 * @returns whether anything was sent, accepted or not.
 */
export function ask({ title, text, fields = {}, go, send, keep = 'Cancel', isDanger = false }) {
  return new Promise(resolve => {
    const heading = freshId('ask');
    const cancel = button(keep, () => dialog.close());
    const controls = {};
    const form = h(
      'form',
      { autocomplete: 'off' },
      Object.entries(fields).map(([name, { label, options, help, ...attributes }]) => {
        const id = freshId(name);
        const described = help ? { 'aria-describedby': `${id}-help`, 'data-help': `${id}-help` } : {};
        controls[name] = options
          ? h('select', { id, ...described }, options.map(([value, words]) => h('option', { value }, words)))
          : h('input', { id, type: 'text', ...attributes, ...described });
        return h(
          'div',
          { class: 'field', 'data-pointer': `#/${name}`, 'data-name': 'It' },
          h('label', { for: id }, label),
          controls[name],
          help && h('p', { class: 'help', id: `${id}-help` }, help),
        );
      }),
      h('div', { class: 'actions' }, h('button', { type: 'submit', class: isDanger ? 'danger' : 'main' }, go), cancel),
    );
    const dialog = h('dialog', { 'aria-labelledby': heading }, h('h2', { id: heading }, title), text && h('p', {}, text), form);
    let isSent = false;
    form.addEventListener('submit', async event => {
      event.preventDefault();
      const submit = $('[type=submit]', form);
      if (submit.disabled) return;
      submit.disabled = true;
      clearFields(form);
      $('.problem', form)?.remove();
      try {
        isSent = true;
        await send(Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, control.value.trim()])));
        dialog.close();
      } catch (fault) {
        const homeless = fault.problem ? showAtFields(form, fault.problem.errors) : [];
        const first = firstFault(form);
        if (!first || homeless.length > 0) form.append(cardFor(fault));
        first?.focus();
      }
      submit.disabled = false;
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(isSent);
    });
    document.body.append(dialog);
    dialog.showModal();
    if (isDanger) cancel.focus();
  });
}
