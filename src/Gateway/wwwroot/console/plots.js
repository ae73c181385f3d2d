// Small plots. Every figure is also shown as text beside them.
import { h, svg } from './dom.js';
import { quotaAmount, quotaName, until, when, whenUtc } from './format.js';

const pattern = () => {
  // Held is hatched, so that it differs from used without colour.
  const id = `hatch-${Math.random().toString(36).slice(2)}`;
  const defs = svg('defs', {}, svg('pattern', { id, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' }, svg('rect', { width: 3, height: 6, class: 'held' })));
  return { defs, fill: `url(#${id})` };
};

/** One quota as a bar: used, held, remaining. When it resets is in the reader's own time zone, unless it has `isUtc`. */
export function quotaBar(quota) {
  const { name, title = quotaName(name), isUtc } = quota;
  const limit = quota.limit === null ? null : Number(quota.limit);
  const used = Number(quota.used);
  const held = Number(quota.held);
  const amount = value => quotaAmount(name, value);
  const granted = Number(quota.granted ?? 0) > 0 && `${amount(quota.granted)} of the limit granted for this period`;
  const words = limit === null ? `${amount(used)} used, no limit` : `${amount(used)} used of ${amount(limit)}`;
  const rest = [held > 0 && `${amount(held)} held`, limit !== null && `${amount(quota.remaining)} left`, granted, quota.resetsAt && `resets ${until(quota.resetsAt)}`];
  return h(
    'div',
    { class: 'quota' },
    h('div', { class: 'line' }, h('h3', {}, title), h('p', {}, words)),
    limit !== null && bar(used, held, limit, `${title}: ${words}`),
    h('p', { class: 'small', title: quota.resetsAt ? (isUtc ? `${whenUtc(quota.resetsAt)} UTC` : when(quota.resetsAt)) : undefined }, rest.filter(Boolean).join(', ')),
  );
}

/** Used and held of a limit. */
export function bar(used, held, limit, label) {
  const width = 600;
  const scale = value => (limit > 0 ? Math.min(width, (value / limit) * width) : width);
  const { defs, fill } = pattern();
  return svg(
    'svg',
    { class: used + held >= limit ? 'bar full' : 'bar', viewBox: `0 0 ${width} 12`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
    defs,
    svg('rect', { class: 'ground', width, height: 12 }),
    svg('rect', { class: 'used', width: scale(used), height: 12 }),
    svg('rect', { x: scale(used), width: Math.max(0, scale(used + held) - scale(used)), height: 12, fill }),
  );
}

/** One column per day. `days` are `{day, value}`, complete and in order; `scale` is the value of full height, to compare plots. */
export function columns(days, label, format, scale = 0) {
  const highest = Math.max(...days.map(day => day.value), 0);
  const most = Math.max(scale, highest);
  const height = 120;
  const [width, gap] = [600, days.length > 60 ? 1 : 3];
  const step = width / Math.max(1, days.length);
  const sum = days.reduce((total, day) => total + day.value, 0);
  return h(
    'figure',
    { class: 'plot' },
    svg(
      'svg',
      { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${label}: ${format(sum)} in ${days.length} days, at most ${format(highest)} in one` },
      days.map((day, index) => {
        const tall = most > 0 ? (day.value / most) * (height - 4) : 0;
        return svg(
          'rect',
          { class: 'used', x: index * step + gap / 2, y: height - tall, width: Math.max(1, step - gap), height: tall },
          svg('title', {}, `${day.day}: ${format(day.value)}`),
        );
      }),
      svg('line', { class: 'axis', x1: 0, x2: width, y1: height - 0.5, y2: height - 0.5 }),
    ),
    h('figcaption', { class: 'small line' }, h('span', {}, days[0]?.day ?? ''), h('span', {}, `highest ${format(highest)}`), h('span', {}, days.at(-1)?.day ?? '')),
  );
}
