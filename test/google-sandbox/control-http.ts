import { z } from "zod";
import type { SandboxControl } from "./control.ts";
import { faultSchema, switchOptionsSchema } from "./faults.ts";
import { readBody, sendJson } from "./http.ts";
import type { Exchange, SandboxRoute } from "./routes.ts";

const actionSchema = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("advance"), ms: z.number() }),
  z.strictObject({ action: z.literal("revoke"), account: z.string() }),
  z.strictObject({
    action: z.literal("rename"),
    account: z.string(),
    to: z.string(),
    withoutAlias: z.boolean().optional(),
  }),
  z.strictObject({ action: z.literal("clear"), id: z.string().optional() }),
  z.strictObject({ action: z.literal("redirect_uris"), uris: z.array(z.string()) }),
]);

/** `/sandbox/control`, for programs in another process: see README.md. */
export const controlRoute =
  (control: SandboxControl): SandboxRoute =>
  async (exchange) => {
    const { req, res, url } = exchange;
    if (url.pathname === "/sandbox/transcripts") {
      sendJson(res, 200, control.transcripts());
      return true;
    }
    if (url.pathname !== "/sandbox/control") return false;
    if (req.method === "GET") {
      sendJson(res, 200, { switches: control.switches(), counters: control.counters() });
    } else if (req.method === "DELETE") {
      control.clear(url.searchParams.get("id") ?? undefined);
      sendJson(res, 200, { switches: control.switches() });
    } else {
      await change(control, exchange);
    }
    return true;
  };

const change = async (control: SandboxControl, { req, res }: Exchange): Promise<void> => {
  // A web page of another origin cannot post JSON here without a preflight, which is refused.
  if (req.headers["content-type"]?.startsWith("application/json") !== true) {
    return sendJson(res, 415, { error: "application/json wanted" });
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(JSON.parse(String(await readBody(req))));
  if (!parsed.success) return sendJson(res, 422, { error: z.prettifyError(parsed.error) });
  const { times, account, ...rest } = parsed.data;
  if ("action" in rest) {
    const action = actionSchema.safeParse(parsed.data);
    if (!action.success) return sendJson(res, 422, { error: z.prettifyError(action.error) });
    return sendJson(res, 200, await act(control, action.data));
  }
  const fault = faultSchema.safeParse(rest);
  const options = switchOptionsSchema.safeParse({ times, account });
  if (!fault.success) return sendJson(res, 422, { error: z.prettifyError(fault.error) });
  if (!options.success) return sendJson(res, 422, { error: z.prettifyError(options.error) });
  sendJson(res, 201, { id: control.set(fault.data, options.data) });
};

const act = async (control: SandboxControl, action: z.infer<typeof actionSchema>): Promise<object> => {
  switch (action.action) {
    case "rename":
      control.rename(action.account, action.to, { withoutAlias: action.withoutAlias ?? false });
      return {};
    case "advance":
      control.advance(action.ms);
      return {};
    case "revoke":
      return { tokens: control.revoke(action.account) };
    case "clear":
      control.clear(action.id);
      return {};
    case "redirect_uris":
      await control.setRedirectUris(action.uris);
      return {};
  }
};
