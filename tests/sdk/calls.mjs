// Calls every method of the official SDK, and compares what works with the table of docs/clients.md.
// usage: node calls.mjs http://localhost:8080
import { Leonardo } from "@leonardo-ai/sdk";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

const gateway = process.argv[2];
const nobody = "00000000-0000-4000-8000-000000000000";
const sent = [];
const direct = globalThis.fetch;
globalThis.fetch = (request, more) => {
  sent.push(`${request.method} ${new URL(request.url).pathname.replace("/api/rest", "")}`);
  return direct(request, more);
};
const leonardo = new Leonardo({ bearerAuth: "6e0f6f36-3c3c-4c1e-9d3c-0123456789ab", serverURL: `${gateway}/api/rest/v1` });

const json = (body) => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
const made = await (await direct(`${gateway}/v2/generations`, json({ model: "flux-pro-2.0", parameters: { prompt: "A cat" } }))).json();
const upload = await (await direct(`${gateway}/v1/init-image`, json({ extension: "png" }))).json();

// What the SDK itself wants before it sends anything; all others take an id or an object.
const wanted = {
  "image.getGenerationById": [made.generate.generationId],
  "image.deleteGenerationById": [made.generate.generationId],
  "initImages.uploadInitImage": [{ extension: "png" }],
  "initImages.getInitImageById": [upload.uploadInitImage.id],
  "initImages.deleteInitImageById": [upload.uploadInitImage.id],
  "initImages.uploadCanvasInitImage": [{ initExtension: "png", maskExtension: "png" }],
  "blueprints.executeBlueprint": [{ blueprintVersionId: nobody, input: { nodeInputs: [], public: false, collectionIds: [] } }],
  "dataset.createDataset": [{ name: "cats" }],
  "dataset.uploadDatasetImage": [{ extension: "png" }, nobody],
  "dataset.uploadDatasetImageFromGen": [{ generatedImageId: nobody }, nobody],
  "elements.createElement": [{ datasetId: nobody, name: "cats", instancePrompt: "a cat", learningRate: 1, loraFocus: "General", numTrainEpochs: 1, resolution: 512, sdVersion: "FLUX_DEV", trainTextEncoder: false }],
  "elements.deleteElementById": [1],
  "elements.getElementById": [1],
  "media.uploadMedia": [{ extension: "mp4" }],
  "models.createModel": [{ datasetId: nobody, instance_prompt: "a cat", instancePrompt: "a cat", name: "cats" }],
  "motion.createImageToVideoGeneration": [{ imageId: nobody, imageType: "GENERATED", prompt: "A cat" }],
  "motion.createSVDMotionGeneration": [{ imageId: nobody, motionStrength: 2 }],
  "motion.createTextToVideoGeneration": [{ prompt: "A cat" }],
  "motion.createVideoUpscale": [{ sourceGenerationId: nobody, resolution: "RESOLUTION_720" }],
  "realtimeCanvas.createLCMGeneration": [{ imageDataUrl: "data:,", prompt: "A cat" }],
  "realtimeCanvas.performAlchemyUpscaleLCM": [{ imageDataUrl: "data:,", prompt: "A cat" }],
  "realtimeCanvas.performInpaintingLCM": [{ imageDataUrl: "data:,", maskDataUrl: "data:,", prompt: "A cat" }],
  "realtimeCanvas.performInstantRefine": [{ imageDataUrl: "data:,", prompt: "A cat" }],
  "prompt.promptImprove": [{ prompt: "A cat" }],
};

const methods = [];
for (let part = Object.getPrototypeOf(leonardo); part !== Object.prototype; part = Object.getPrototypeOf(part))
  for (const [space, property] of Object.entries(Object.getOwnPropertyDescriptors(part)))
    if (property.get && !space.startsWith("_"))
      for (const method of Object.getOwnPropertyNames(Object.getPrototypeOf(leonardo[space])))
        if (method !== "constructor") methods.push([space, method]);

const works = new Map();
// Deleting comes last.
for (const [space, method] of methods.sort((a, b) => a[1].startsWith("delete") - b[1].startsWith("delete"))) {
  const name = `${space}.${method}`;
  const [before, outcomes] = [sent.length, []];
  for (const given of name in wanted ? [wanted[name]] : [[nobody], [{ id: nobody, isVariation: false }]]) {
    outcomes.push(await leonardo[space][method](...given).then(() => 200, (error) => error.statusCode ?? error.message));
    if (sent.length > before) break;
  }
  assert.ok(sent.length > before, `${name} sent nothing: ${outcomes}`);
  const status = outcomes.at(-1);
  assert.ok([200, 404, 405].includes(status), `${name}: ${sent.at(-1)} is ${status}`);
  works.set(name, status === 200);
}

const documents = await readFile(new URL("../../docs/clients.md", import.meta.url), "utf8");
const rows = documents.split("\n").filter((line) => /^\| `\w+\.\w+`/.test(line));
const listed = new Map();
for (const row of rows) {
  const [, calls, answer] = row.split("|");
  for (const [call] of calls.matchAll(/\w+\.\w+/g)) listed.set(call, answer.trim() === "yes");
}
assert.deepEqual([...listed].sort(), [...works].sort());
console.log(`${works.size} calls`);
