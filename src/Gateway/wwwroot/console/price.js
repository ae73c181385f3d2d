// What a request costs by the model's own formula, and the shapes that fit its limits.

const shapes = ['1:1', '5:4', '4:3', '3:2', '16:9', '21:9', '4:5', '3:4', '2:3', '9:16'];

/** Leonardo states prices in steps of $0.0001. @returns dollars; null: the model's price is not known here. */
export function priceOf(model, { width, height, quantity = 1, guidances }) {
  const { credits_per_million_pixels: rate, usd_per_credit: credit, examples } = model.price;
  const withReferences = (guidances?.image_reference ?? []).length > 0;
  if (!rate) {
    const example = examples.find(each => each.width === width && each.height === height);
    return example && quantity === 1 ? Number(withReferences ? example.usd_with_references : example.usd) : null;
  }
  const credits = Math.ceil((rate * width * height * quantity * (withReferences ? 3 : 2)) / 2_000_000);
  const micros = credits * Math.round(Number(credit) * 1_000_000);
  return Math.floor((micros + 50) / 100) / 10_000;
}

/** The model's own sizes, and the largest of other usual shapes that its limits allow. @returns `{name, width, height}` */
export function ratiosOf(model) {
  const own = new Map(model.aspect_ratios.map(ratio => [ratio.name, ratio]));
  const usual = shapes.map(name => own.get(name) ?? fit(name, model.limits)).filter(Boolean);
  return [...usual, ...model.aspect_ratios.filter(({ name }) => !shapes.includes(name))];
}

function fit(name, { width, height, max_pixels: most }) {
  const [across, down] = name.split(':').map(Number);
  const scale = Math.min(width.max / across, height.max / down, Math.sqrt((most ?? Infinity) / (across * down)));
  const size = { name, width: Math.floor(across * scale + 1e-6), height: Math.floor(down * scale + 1e-6) };
  const isPossible = size.width >= width.min && size.height >= height.min && Math.abs((size.width * down) / (size.height * across) - 1) < 0.01;
  return isPossible ? size : null;
}
