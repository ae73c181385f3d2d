// One call by an HTTP client that repeats requests on its own. Prints the answer of the gateway; fails where the client does.
// usage: node clients.mjs openai|ai GATEWAY REQUEST-ID BODY TIMEOUT PREFER
//   TIMEOUT  of the client, in seconds; 0: its default
//   PREFER   the header; empty: none
import OpenAI from "openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { experimental_generateImage as generateImage } from "ai";
import { Agent } from "undici";

const [client, gateway, requestId, body, timeout, prefer] = process.argv.slice(2);
const seconds = Number(timeout);
const headers = { "x-request-id": requestId, ...(prefer ? { prefer } : {}) };

// The client's own pipeline sends Leonardo's request; openai-images.mjs sends OpenAI's.
async function byOpenAI() {
  const options = seconds ? { timeout: seconds * 1000 } : {};
  const openai = new OpenAI({ baseURL: gateway, apiKey: "6e0f6f36-3c3c-4c1e-9d3c-0123456789ab", ...options });
  return await openai.post("/v2/generations", { body: JSON.parse(body), headers });
}

// The transport exchanges request and answer; `ai` decides about repeats. It has no time-out of its own: that of fetch is set, as its users do.
async function byAi() {
  const dispatcher = seconds ? new Agent({ headersTimeout: seconds * 1000 }) : undefined;
  let answer;
  const provider = createOpenAICompatible({
    name: "gateway",
    baseURL: gateway,
    fetch: async (_, request) => {
      const response = await fetch(`${gateway}/v2/generations`, {
        ...request,
        headers: { "content-type": "application/json", ...headers },
        body,
        ...(dispatcher ? { dispatcher } : {}),
      });
      if (!response.ok) return response;
      answer = await response.json();
      return Response.json({ data: [{ b64_json: Buffer.from(JSON.stringify(answer)).toString("base64") }] });
    },
  });
  await generateImage({ model: provider.imageModel("flux-pro-2.0"), prompt: "replaced by the transport" });
  return answer;
}

console.log(JSON.stringify(await { openai: byOpenAI, ai: byAi }[client]()));
