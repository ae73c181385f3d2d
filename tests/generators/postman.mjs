// The Postman collection (format v2.1), made from openapi/v1.json.
// node postman.mjs write: writes openapi/postman.json. node postman.mjs ADDRESS: fails if it is not current, and sends every request of it.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import vm from 'node:vm';

const root = new URL('../../', import.meta.url);
const file = new URL('openapi/postman.json', root);
// The address of the second step of an upload is in the answer of the first; sessions are for browsers.
const isLeftOut = (operation) => operation.operationId === 'sendUpload' || operation.tags[0] === 'Session';
const nothing = '00000000-0000-0000-0000-000000000000';
// After these the collection knows the ids that the requests below them need.
const remembered = {
  createGeneration: {
    generationId: 'answer.generate.generationId',
    imageId: 'answer.generations_by_pk?.generated_images[0]?.id',
  },
  uploadImage: { uploadId: 'answer.id' },
};

function variable(path, name) {
  if (name === 'imageId') return name;
  return path.startsWith('/v1/init-image') ? 'uploadId' : `${path.split('/')[2].replace(/s$/, '')}Id`;
}

function url(path, parameters) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => `{{${variable(path, name)}}}`);
  const query = parameters.filter((one) => one.in === 'query').map((one) => ({ key: one.name, value: String(one.example ?? ''), description: one.description, disabled: true }));
  return { raw: `{{gateway}}${filled}`, host: ['{{gateway}}'], path: filled.slice(1).split('/'), ...(query.length > 0 && { query }) };
}

function headers(operation, parameters) {
  // Another one for each request that is sent: two that are meant are two.
  const values = { 'Idempotency-Key': '{{$guid}}', Prefer: operation.operationId === 'createGeneration' ? 'wait=60' : undefined };
  const all = parameters
    .filter((one) => one.in === 'header')
    .map((one) => ({ key: one.name, value: values[one.name] ?? '', description: one.description, ...(values[one.name] === undefined && { disabled: true }) }));
  return operation.requestBody?.content['application/json'] ? [{ key: 'Content-Type', value: 'application/json' }, ...all] : all;
}

function body(operation) {
  const content = operation.requestBody?.content ?? {};
  if (content['multipart/form-data']) return { mode: 'formdata', formdata: [{ key: 'file', type: 'file', src: 'docs/example.png' }] };
  const json = content['application/json'];
  if (!json) return undefined;
  const example = json.example ?? Object.values(json.examples)[0].value;
  return { mode: 'raw', raw: JSON.stringify(example, null, 2), options: { raw: { language: 'json' } } };
}

function event(operation) {
  const ids = Object.entries(remembered[operation.operationId] ?? {});
  if (ids.length === 0) return undefined;
  const exec = ['const answer = pm.response.json();', ...ids.map(([name, from]) => `pm.collectionVariables.set("${name}", ${from});`)];
  return [{ listen: 'test', script: { type: 'text/javascript', exec } }];
}

function build(document) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation, parameters: operation.parameters ?? [] })),
  );
  const order = (one) => ['POST', 'GET', 'DELETE'].indexOf(one.method);
  const folder = (tag) => ({
    name: tag.name,
    description: tag.description,
    item: operations
      .filter((one) => one.operation.tags[0] === tag.name && !isLeftOut(one.operation))
      .sort((a, b) => order(a) - order(b))
      .map(({ path, method, operation, parameters }) => ({
        name: operation.summary,
        ...(event(operation) && { event: event(operation) }),
        request: { method, header: headers(operation, parameters), url: url(path, parameters), ...(body(operation) && { body: body(operation) }), description: operation.description },
      })),
  });
  const item = document.tags.map(folder).filter((one) => one.item.length > 0);
  const ids = [...new Set(JSON.stringify(item).match(/\{\{(\w+)\}\}/g))].map((one) => one.slice(2, -2)).sort();
  return {
    info: {
      name: 'Leonardo gateway',
      description: 'Set the variable gateway. Outside a trusted network choose Bearer Token as the authorization of the collection. "Make images" and "Upload a reference image" remember the ids that the other requests need.',
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    variable: ids.map((key) => ({ key, value: key === 'gateway' ? 'http://localhost:8080' : nothing })),
    item,
  };
}

async function send(item, variables) {
  const fill = (text) => text.replace(/\{\{(\$?\w+)\}\}/g, (_, name) => (name === '$guid' ? crypto.randomUUID() : variables.get(name)));
  const { method, url, header, body } = item.request;
  const sent = { method, headers: header.filter((one) => !one.disabled).map((one) => [one.key, fill(one.value)]) };
  if (body?.mode === 'raw') sent.body = body.raw;
  if (body?.mode === 'formdata') {
    sent.body = new FormData();
    for (const { key, src } of body.formdata) sent.body.append(key, new Blob([await readFile(new URL(src, root))]), basename(src));
  }
  const response = await fetch(fill(url.raw), sent);
  const text = await response.text();
  // Of an id that no request before it has made, it must be the gateway's own 404.
  const isUnknown = [...url.raw.matchAll(/\{\{(\w+)\}\}/g)].some(([, name]) => variables.get(name) === nothing);
  assert.ok(isUnknown ? response.status === 404 : response.ok, `${item.name}: ${response.status} ${text}`);
  const pm = { response: { json: () => JSON.parse(text) }, collectionVariables: variables };
  for (const one of item.event ?? []) vm.runInNewContext(one.script.exec.join('\n'), { pm });
}

const document = JSON.parse(await readFile(new URL('openapi/v1.json', root), 'utf8'));
const collection = `${JSON.stringify(build(document), null, 1)}\n`;
const [address] = process.argv.slice(2);
if (address === 'write') {
  await writeFile(file, collection);
} else {
  assert.ok((await readFile(file, 'utf8')) === collection, 'openapi/postman.json is not current. Run tests/openapi.sh and commit the file.');
  const { item, variable: known } = JSON.parse(collection);
  const variables = new Map(known.map((one) => [one.key, one.value]));
  variables.set('gateway', address);
  // What deletes comes last.
  const requests = item.flatMap((folder) => folder.item).sort((a, b) => (a.request.method === 'DELETE') - (b.request.method === 'DELETE'));
  assert.ok(requests.length > 10);
  for (const request of requests) await send(request, variables);
  console.log(`${requests.length} requests`);
}
