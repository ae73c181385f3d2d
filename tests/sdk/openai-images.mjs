// Drives the gateway's OpenAI front end with the SDKs of JavaScript: images, edits, streams, and errors as each SDK's own exception.
// usage: node openai-images.mjs http://localhost:8080
//   Tokens: "a", "b", and "poor" with one image a day. The test counts what was charged, by the prompts.
import OpenAI, { toFile } from "openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { experimental_generateImage as generateImage } from "ai";
import { DallEAPIWrapper } from "@langchain/openai";
import axios from "axios";
import FormData from "form-data";
import { Agent } from "undici";
import assert from "node:assert/strict";
import { Readable } from "node:stream";

const gateway = process.argv[2];
const baseURL = `${gateway}/openai/v1`;
const model = "flux-pro-2.0";
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

const isJpeg = (bytes) => assert.deepEqual([...bytes.subarray(0, 3)], [0xff, 0xd8, 0xff]);
const isJpegText = (text) => isJpeg(Buffer.from(text, "base64"));

// The owner gets the image, another tenant 404.
async function isOwned(url) {
  const own = await fetch(url, { headers: { authorization: "Bearer a" } });
  isJpeg(Buffer.from(await own.arrayBuffer()));
  const foreign = await fetch(url, { headers: { authorization: "Bearer b" } });
  assert.equal(foreign.status, 404);
}

// A quota that resets at midnight must not be waited for: that takes hours, and no busy machine takes minutes.
async function failsSoon(call, check) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(reject, 180_000, new Error("it waits for the quota"))));
  await assert.rejects(Promise.race([call, late]), check);
  clearTimeout(timer);
}

// As a person asks again whose request has an outcome that is not known yet.
async function untilMade(call) {
  for (let n = 0; ; n++) {
    try {
      return await call();
    } catch (error) {
      assert.ok(n < 240 && error.status === 502, `${n}: ${error}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

async function byOpenAI() {
  const client = (apiKey, options = {}) => new OpenAI({ baseURL, apiKey, ...options });
  const openai = client("a");
  const made = await openai.images.generate({ model, prompt: "openai: made", size: "512x512", n: 2 });
  assert.equal(made.data.length, 2);
  made.data.forEach((image) => isJpegText(image.b64_json));
  assert.equal(made.size, "512x512");
  await isOwned(made.data[0].url);

  const edited = await openai.images.edit({ image: await toFile(png, "cat.png", { type: "image/png" }), prompt: "openai: edited", size: "512x512" });
  isJpegText(edited.data[0].b64_json);

  const events = [];
  for await (const event of await openai.images.generate({ model, prompt: "openai: streamed", size: "512x512", stream: true })) events.push(event);
  assert.deepEqual(events.map((event) => event.type), ["image_generation.completed"]);
  isJpegText(events[0].b64_json);
  await assert.rejects(
    (async () => {
      for await (const event of await openai.images.generate({ model, prompt: "openai: failed [sim:job-fails]", stream: true })) assert.fail(event.type);
    })(),
    (error) => error instanceof OpenAI.APIError && error.code === "upstream_rejected",
  );

  const names = [];
  for await (const one of openai.models.list()) names.push(one.id);
  assert.deepEqual(names, [model, "dall-e-2"]);
  assert.equal((await openai.models.retrieve("dall-e-2")).id, "dall-e-2");

  await assert.rejects(
    openai.images.generate({ prompt: "openai: too many", n: 10 }),
    (error) => error instanceof OpenAI.BadRequestError && error.param === "n" && error.code === "invalid_value",
  );
  await assert.rejects(openai.models.retrieve("dall-e-3"), (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
  await assert.rejects(client("wrong").models.list(), (error) => error instanceof OpenAI.AuthenticationError);
  await failsSoon(
    client("poor").images.generate({ prompt: "openai: too much", n: 2 }),
    (error) => error instanceof OpenAI.RateLimitError && error.code === "insufficient_quota",
  );

  // It gives up after 1.5 s and repeats on its own; Leonardo answers after 3 s.
  const patient = await client("a", { timeout: 1500, maxRetries: 4 }).images.generate({ prompt: "openai: repeated [sim:slow:3]", size: "512x512" });
  isJpegText(patient.data[0].b64_json);
}

async function byVercel() {
  const provider = (apiKey, options = {}) => createOpenAICompatible({ name: "gateway", baseURL, apiKey, ...options });
  const images = provider("a").imageModel(model);
  const { image } = await generateImage({ model: images, prompt: "ai: made", size: "512x512" });
  isJpeg(image.uint8Array);
  // Its answers have bytes only: the address is the one in the team's list.
  const list = await fetch(`${gateway}/v1/generations?limit=50`, { headers: { authorization: "Bearer a" } });
  await isOwned((await list.json()).generations.find((one) => one.prompt === "ai: made").generated_images[0].url);
  const edited = await generateImage({ model: images, prompt: { text: "ai: edited", images: [png] }, size: "512x512" });
  isJpeg(edited.image.uint8Array);

  await assert.rejects(generateImage({ model: images, prompt: "ai: wrong size", size: "9999x9999" }), (error) => {
    assert.equal(error.statusCode, 400);
    assert.equal(JSON.parse(error.responseBody).error.param, "size");
    return true;
  });
  await failsSoon(generateImage({ model: provider("poor").imageModel(model), prompt: "ai: too much", size: "512x512", n: 2, maxRetries: 1 }), (error) =>
    /images-day/.test(`${error.lastError ?? error}`),
  );

  // It has no time-out of its own: that of fetch is set, as its users do.
  const dispatcher = new Agent({ headersTimeout: 1500 });
  const impatient = provider("a", { fetch: (url, request) => fetch(url, { ...request, dispatcher }) });
  const repeated = await generateImage({ model: impatient.imageModel(model), prompt: "ai: repeated [sim:slow:3]", size: "512x512" });
  isJpeg(repeated.image.uint8Array);
}

async function byLangChain() {
  const tool = (apiKey, options = {}) => new DallEAPIWrapper({ apiKey, baseUrl: baseURL, model, size: "1024x1024", ...options });
  const url = await tool("a").invoke("langchain: made");
  await isOwned(url);
  isJpegText(await tool("a", { responseFormat: "b64_json", dallEResponseFormat: "b64_json" }).invoke("langchain: bytes"));

  await assert.rejects(tool("a", { size: "2048x2048" }).invoke("langchain: wrong size"), (error) => error.status === 400 && error.param === "size");
  await failsSoon(tool("none-left").invoke("langchain: too much"), (error) => error.code === "insufficient_quota");

  // Leonardo makes the image, and its answer is lost: the wrapper repeats on its own, and then its user does.
  await isOwned(await untilMade(() => tool("a").invoke("langchain: repeated [sim:reset-after]")));
}

// LibreChat's tools image_gen_oai and image_edit_oai: these packages with these parameters and no others. Source: github.com/danny-avila/LibreChat,
// commit 8731432f64aaaf70633b0a60922ee8182baa630d, api/app/clients/tools/structured/OpenAIImageTools.js; what the model can choose:
// packages/api/src/tools/toolkits/oai.ts, commit 026024002dca7f73e51e9b458ca7068f6f019a6c. IMAGE_GEN_OAI_MODEL is set, as docs/openai.md says.
async function byLibreChat() {
  const generate = (apiKey, prompt, { background = "auto", quality = "auto", size = "auto" } = {}) =>
    new OpenAI({ apiKey, baseURL }).images.generate(
      { model, prompt, n: 1, background, output_format: "png", output_compression: undefined, quality, size },
      { signal: null },
    );
  const edit = (apiKey, prompt, size = "auto") => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ model, prompt, quality: "auto", size })) form.append(name, value);
    // From its storage: a stream whose length is not known.
    for (const filename of ["cat.png", "hat.png"]) form.append("image[]", Readable.from([png]), { filename, contentType: "image/png" });
    const headers = { ...form.getHeaders(), Authorization: `Bearer ${apiKey}` };
    return axios.post("/images/edits", form, { headers, apiKey, baseURL, signal: null });
  };

  const made = await generate("a", "librechat: made");
  isJpegText(made.data[0].b64_json);
  await isOwned(made.data[0].url);
  const edited = await edit("a", "librechat: edited", "512x512");
  isJpegText(edited.data.data[0].b64_json);

  // Its user sees the message alone.
  await assert.rejects(
    generate("a", "librechat: transparent", { background: "transparent" }),
    (error) => error instanceof OpenAI.BadRequestError && error.param === "background" && /background/.test(error.message),
  );
  await assert.rejects(edit("a", "librechat: wrong size", "2048x2048"), (error) => error.response.status === 400 && error.response.data.error.param === "size");
  await failsSoon(generate("none-left", "librechat: too much"), (error) => error instanceof OpenAI.RateLimitError && error.code === "insufficient_quota");
  await failsSoon(edit("none-left", "librechat: too much"), (error) => error.response.status === 429);

  // Leonardo makes the image, and its answer is lost: the SDK repeats on its own, and then the model or its user does.
  isJpegText((await untilMade(() => generate("a", "librechat: repeated [sim:reset-after]"))).data[0].b64_json);
}

await Promise.all([byOpenAI(), byVercel(), byLangChain(), byLibreChat()]);
console.log("done");
