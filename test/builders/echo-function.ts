import { httpFunction } from "../../functions/runtime/deployed.ts";
import type { Route } from "../../functions/runtime/http.ts";
import { jsonBody } from "../../functions/runtime/json-body.ts";

/** A function as functions-framework loads it, with one route that answers what it was sent. */
const routes = (): readonly Route[] => [
  {
    method: "POST",
    path: "/v1/echo",
    access: "public",
    handle: async (call) => {
      const body = jsonBody(call);
      if (!body.ok) return { kind: "problem", problem: body.problem };
      return { kind: "json", status: 200, body: { got: body.value, bytes: call.rawBody.length } };
    },
  },
];

const handler = httpFunction("echo", routes);

export { handler as echo };
