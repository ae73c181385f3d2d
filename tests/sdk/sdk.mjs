// Uses the official SDK with the gateway as its serverURL: uploads a file, uses it as a reference, waits, downloads, deletes.
// The SDK has no call for creating on v2: that is the plain request of Leonardo's guide.
// usage: node sdk.mjs http://localhost:8080
import { Leonardo } from "@leonardo-ai/sdk";
import assert from "node:assert/strict";

const gateway = process.argv[2];
// No response may hold the id of the account or an address of the upstream's storage.
const direct = globalThis.fetch;
globalThis.fetch = async (...request) => {
  const response = await direct(...request);
  const text = JSON.stringify([...response.headers]) + Buffer.from(await response.clone().arrayBuffer()).toString("latin1");
  assert.doesNotMatch(text, /users\/[0-9a-f]{8}-[0-9a-f-]{27}|\.amazonaws\.com\/|X-Amz-/i);
  return response;
};
// Code written for Leonardo still sends its key. The gateway ignores it.
const leonardo = new Leonardo({ bearerAuth: "6e0f6f36-3c3c-4c1e-9d3c-0123456789ab", serverURL: `${gateway}/api/rest/v1` });

const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

const { uploadInitImage: upload } = (await leonardo.initImages.uploadInitImage({ extension: "png" })).object;
const form = new FormData();
for (const [name, value] of Object.entries(JSON.parse(upload.fields))) form.append(name, value);
form.append("file", new Blob([png]), "reference.png");
const stored = await fetch(upload.url, { method: "POST", body: form });
assert.equal(stored.status, 204, await stored.text());
const seen = (await leonardo.initImages.getInitImageById(upload.id)).object.initImagesByPk;
assert.equal(seen.id, upload.id);

const created = await fetch(`${gateway}/api/rest/v2/generations`, {
  method: "POST",
  headers: { "content-type": "application/json", authorization: "Bearer 6e0f6f36-3c3c-4c1e-9d3c-0123456789ab" },
  body: JSON.stringify({
    model: "flux-pro-2.0",
    parameters: {
      prompt: "The same, but with a hat",
      width: 512,
      height: 512,
      guidances: { image_reference: [{ image: { id: upload.id, type: "UPLOADED" }, strength: "MID" }] },
    },
  }),
});
assert.equal(created.status, 200, await created.clone().text());
const id = (await created.json()).generate.generationId;

let generation;
for (let i = 0; i < 100; i++) {
  generation = (await leonardo.image.getGenerationById(id)).object.generationsByPk;
  if (generation.status !== "PENDING") break;
  await new Promise((resolve) => setTimeout(resolve, 200));
}
assert.equal(generation.status, "COMPLETE");
assert.equal(generation.imageWidth, 512);

const [image] = generation.generatedImages;
assert.ok(image.url.startsWith(gateway), image.url);
const bytes = Buffer.from(await (await fetch(image.url)).arrayBuffer());
assert.deepEqual([...bytes.subarray(0, 3)], [0xff, 0xd8, 0xff]);

assert.equal((await leonardo.image.deleteGenerationById(id)).object.deleteGenerationsByPk.id, id);
assert.equal((await leonardo.initImages.deleteInitImageById(upload.id)).object.deleteInitImagesByPk.id, upload.id);
await assert.rejects(leonardo.image.getGenerationById(id), (error) => error.statusCode === 404);
console.log(`${bytes.length} bytes`);
