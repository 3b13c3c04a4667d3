import * as z from "zod";
import { type Principal, principalName } from "../../../domain/access/records.ts";
import { disconnect } from "../../../domain/connections/endings/disconnect.ts";
import { accessTokens } from "../../../domain/connections/tokens/access-token.ts";
import type { MailServer } from "../../../domain/mail-servers/mail-server.ts";
import { visibleServer } from "../../../domain/mail-servers/server-access.ts";
import { testConnection } from "../../../domain/mail-servers/test-connection.ts";
import { testMessage } from "../../../domain/mail-servers/test-message.ts";
import { testReport } from "../../../domain/mail-servers/test-report.ts";
import { acceptMessage } from "../../../domain/messages/accept/accept.ts";
import { HTTP_SIZE_LIMIT } from "../../../domain/messages/accept/message-input.ts";
import { messageReceipt } from "../../../domain/messages/views/message-view.ts";
import type { Versioned } from "../../../domain/records.ts";
import { ok } from "../../../domain/result.ts";
import { answerJson, answerProblem, answerWith, callerOf, pathParameter } from "../../answers.ts";
import type { Call, Reply, Route } from "../../http.ts";
import { emptyInput, parseOptionalBody } from "../../optional-body.ts";
import type { System } from "../../system.ts";

export const testInput = z.strictObject({ sendTo: z.literal("self").optional() });

/** Accepts a real message to the server's own address, like any other message. */
const sendToSelf = async (system: System, call: Call, server: Versioned<MailServer>) => {
  const accepted = await acceptMessage(system, {
    principal: callerOf(call),
    json: testMessage(server, call.language),
    idempotencyKey: null,
    sizeLimit: HTTP_SIZE_LIMIT,
  });
  if (!accepted.ok) return accepted;
  if (accepted.value.kind !== "accepted") throw new Error("a test message is no dry run");
  return ok(messageReceipt(accepted.value.message));
};

/**
 * Tests the connection. With `{"sendTo":"self"}`, and if every stage passed, the answer also holds `message`, as `POST
 * /v1/messages` would return it; after a failed stage, nothing is sent.
 */
const runTest = (system: System) => {
  const tokens = accessTokens(system);
  return async (call: Call): Promise<Reply> => {
    const server = await visibleServer(system.records, callerOf(call), pathParameter(call, "id"));
    if (!server.ok) return answerProblem(server.problem);
    const input = parseOptionalBody(call, testInput);
    if (!input.ok) return answerProblem(input.problem);
    const stages = await testConnection({ ...system, tokens }, server.value, {
      sendsMail: input.value.sendTo !== undefined,
    });
    if (stages === undefined) return answerProblem({ code: "not_found" });
    const report = testReport(stages, call.language);
    if (!report.ok || input.value.sendTo === undefined) return answerJson(200, report);
    const message = await sendToSelf(system, call, server.value);
    return answerWith(message, (sent) => answerJson(200, { ...report, message: sent }));
  };
};

const runDisconnect = (system: System) => async (call: Call) => {
  const principal = callerOf(call);
  const server = await visibleServer(system.records, principal, pathParameter(call, "id"));
  if (!server.ok) return answerProblem(server.problem);
  const input = parseOptionalBody(call, emptyInput);
  if (!input.ok) return answerProblem(input.problem);
  const { id } = server.value;
  return answerWith(await disconnectServer(system, principal)(id), (outcome) => answerJson(200, outcome));
};

/** Takes the account from a server on behalf of someone. */
export const disconnectServer = (system: System, principal: Principal) => (serverId: string) =>
  disconnect(system, serverId, principalName(principal));

/** `…/test` and `…/disconnect` of a mail server. */
export const connectionRoutes = (system: System): readonly Route[] => [
  { method: "POST", path: "/v1/mail-servers/:id/test", access: "people", handle: runTest(system) },
  { method: "POST", path: "/v1/mail-servers/:id/disconnect", access: "people", handle: runDisconnect(system) },
];
