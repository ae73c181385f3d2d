// What a team does with a client that openapi-typescript and openapi-fetch make of the document.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Request = components['schemas']['GenerationBody'];

function check(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

export async function drive(address: string) {
  const team = createClient<paths>({ baseUrl: address, headers: { Authorization: 'Bearer a' } });
  const other = createClient<paths>({ baseUrl: address, headers: { Authorization: 'Bearer b' } });

  // The first request of the README.
  const body: Request = { model: 'flux-pro-2.0', parameters: { prompt: 'A cat wearing a hat', width: 1024, height: 1024 } };
  const quote = await team.POST('/v2/generations/quote', { body });
  check(quote.data?.allowed && quote.data.cost.amount === '0.0434', `the quote is ${JSON.stringify(quote)}`);
  const made = await team.POST('/v2/generations', { params: { header: { Prefer: 'wait=60', 'Idempotency-Key': crypto.randomUUID() } }, body });
  const generation = made.data?.generations_by_pk;
  check(generation?.status === 'COMPLETE', `not made: ${JSON.stringify(made)}`);
  check(generation.seed, 'no seed was drawn');
  const image = generation.generated_images[0];
  check(image, 'no image');
  const path = { id: generation.id, imageId: image.id };
  const bytes = await team.GET('/v1/generations/{id}/images/{imageId}', { params: { path }, parseAs: 'arrayBuffer' });
  check(bytes.data && bytes.data.byteLength > 1000, 'no bytes');

  const form = { file: new Blob([bytes.data], { type: 'image/jpeg' }) };
  const upload = await team.POST('/v1/uploads', {
    body: form,
    bodySerializer: ({ file }) => {
      const data = new FormData();
      data.append('file', file, 'cat.jpg');
      return data;
    },
  });
  check(upload.data, `not uploaded: ${JSON.stringify(upload.error)}`);
  const second = await team.POST('/v2/generations', {
    body: { model: 'flux-pro-2.0', parameters: { prompt: 'The same cat', quantity: 2, seed: null, guidances: { image_reference: [{ image: upload.data, strength: 'MID' }] } } },
  });
  check(second.data?.generate?.generationId, `not made: ${JSON.stringify(second.error)}`);
  const waited = await team.GET('/v1/generations/{id}', { params: { path: { id: second.data.generate.generationId }, header: { Prefer: 'wait=60' } } });
  check(waited.data?.generations_by_pk.generated_images.length === 2, `not ended: ${JSON.stringify(waited)}`);

  const invalid = await team.POST('/v2/generations', { body: { ...body, parameters: { ...body.parameters, width: 100 } } });
  check(invalid.response.status === 400 && invalid.error?.errors?.[0]?.pointer === '#/parameters/width', `not a 400: ${JSON.stringify(invalid.error)}`);
  const tooMany = await other.POST('/v2/generations', { body: { ...body, parameters: { ...body.parameters, quantity: 2 } } });
  check(tooMany.response.status === 429 && tooMany.error?.['violated-policies']?.[0] === 'images-day', `not a 429: ${JSON.stringify(tooMany.error)}`);
  const foreign = await other.GET('/v1/generations/{id}', { params: { path: { id: generation.id } } });
  check(foreign.response.status === 404 && foreign.error?.type === '/problems/not-found', `not a 404: ${JSON.stringify(foreign.error)}`);

  const usage = await team.GET('/v1/usage');
  check(usage.data && usage.data.totals.today.images >= 3 && usage.data.totals.today.usd > 0.1, `the usage is ${JSON.stringify(usage)}`);
  const list = await team.GET('/v1/generations', { params: { query: { limit: 10 } } });
  check(list.data?.generations.some(one => one.id === generation.id), 'it is not in the list');
  const models = await team.GET('/v2/models');
  check(models.data?.models[0]?.name === 'flux-pro-2.0', 'there is no model');
  const deleted = await team.DELETE('/v1/generations/{id}', { params: { path: { id: generation.id } } });
  check(deleted.data?.delete_generations_by_pk.id === generation.id, `not deleted: ${JSON.stringify(deleted.error)}`);
}
