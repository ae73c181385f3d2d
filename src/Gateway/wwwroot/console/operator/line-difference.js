// Two texts line by line: what is removed, and what is added.
import { h } from '../dom.js';

/** More are not compared: the table of both grows with their product. */
const most = 3000;

export function lineDifference(before, after, beforeName, afterName) {
  const [a, b] = [before, after].map(text => text.replaceAll('\r', '').trimEnd().split('\n'));
  if (a.length > most || b.length > most) return h('p', {}, 'The files are too long to be compared here.');
  const changes = compare(a, b).filter(({ kind }) => kind !== ' ');
  if (changes.length === 0) return h('p', {}, 'They differ in blanks or digests only.');
  return h(
    'pre',
    { class: 'file difference', tabindex: '0', 'aria-label': `− ${beforeName}, + ${afterName}` },
    changes.map(({ kind, line, number }) => h('span', { class: kind === '+' ? 'added' : 'removed' }, `${kind} ${String(number).padStart(4)}  ${line}\n`)),
  );
}

/** By the longest common subsequence, without what both begin and end with. */
function compare(a, b) {
  let begin = 0;
  while (begin < a.length && begin < b.length && a[begin] === b[begin]) begin++;
  let end = 0;
  while (end < a.length - begin && end < b.length - begin && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [x, y] = [a.slice(begin, a.length - end), b.slice(begin, b.length - end)];
  const lengths = Array.from({ length: x.length + 1 }, () => new Uint16Array(y.length + 1));
  for (let i = x.length - 1; i >= 0; i--) for (let j = y.length - 1; j >= 0; j--) lengths[i][j] = x[i] === y[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
  const result = [];
  let [i, j] = [0, 0];
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i] === y[j]) {
      i++;
      j++;
    } else if (j >= y.length || (i < x.length && lengths[i + 1][j] >= lengths[i][j + 1])) result.push({ kind: '−', line: x[i], number: begin + ++i });
    else result.push({ kind: '+', line: y[j], number: begin + ++j });
  }
  return result;
}
