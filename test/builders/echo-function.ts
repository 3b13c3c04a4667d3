import { once } from "node:events";
import { httpFunction } from "../../functions/runtime/deployed.ts";
import type { Route } from "../../functions/runtime/http.ts";
import { parseJsonBody } from "../../functions/runtime/json-body.ts";

/**
 * A function as functions-framework loads it: one route returns what it was sent, another waits until the process must
 * stop.
 */
const routes = (): readonly Route[] => [
  {
    method: "POST",
    path: "/v1/echo",
    access: "public",
    handle: async (call) => {
      const body = parseJsonBody(call);
      if (!body.ok) return { kind: "problem", problem: body.problem };
      return { kind: "json", status: 200, body: { got: body.value, bytes: call.rawBody.length } };
    },
  },
  {
    method: "GET",
    path: "/v1/wait",
    access: "public",
    handle: async ({ signal }) => {
      if (!signal.aborted) await once(signal, "abort");
      return { kind: "json", status: 200, body: { waited: true } };
    },
  },
];

const handler = await httpFunction("echo", routes);

export { handler as echo };
