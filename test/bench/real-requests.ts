import assert from "node:assert/strict";
import type { FunctionName } from "../../functions/runtime/functions.ts";
import type { DeployedStack } from "../builders/deployed-stack.ts";

/** A request that a function cannot answer without its peers, and the status that proves that it did its work. */
export interface RealRequest {
  readonly path: string;
  readonly init: RequestInit;
  readonly status: number;
}

const json = { "content-type": "application/json" };

const push = (data: unknown, attributes: Readonly<Record<string, string>>): RealRequest => ({
  path: "/",
  init: {
    method: "POST",
    headers: json,
    body: JSON.stringify({
      message: {
        messageId: crypto.randomUUID(),
        data: Buffer.from(JSON.stringify(data)).toString("base64"),
        attributes,
      },
      subscription: "projects/p/subscriptions/s",
    }),
  },
  status: 204,
});

const mail = { to: ["b@example.org"], subject: "Cold", text: "x" };

/** An accepted message whose push was delivered to nobody. */
const createUndelivered = async (stack: DeployedStack): Promise<string> => {
  stack.loseNextPush("deliver-mail");
  const pushesBefore = stack.pushes.length;
  const answer = await stack.relais.operate("POST", "/v1/messages", mail);
  assert.equal(answer.status, 202);
  const { id }: { id: string } = await answer.json();
  while (stack.pushes.length === pushesBefore) await new Promise((resolve) => setTimeout(resolve, 5));
  return id;
};

/** A document that no trigger tells of. */
const createDocument = async ({ variables, projectId }: DeployedStack): Promise<string> => {
  const fields = {
    to: { stringValue: "b@example.org" },
    message: { mapValue: { fields: { subject: { stringValue: "Cold" }, text: { stringValue: "x" } } } },
  };
  const root = `projects/${projectId}/databases/(default)/documents`;
  const path = `mail/${crypto.randomUUID()}`;
  // A commit, since whatever else is not in the table of queries is reported.
  const url = `http://${variables.FIRESTORE_EMULATOR_HOST}/v1/${root}:commit`;
  const writes = [{ update: { name: `${root}/${path}`, fields } }];
  const answer = await fetch(url, { method: "POST", headers: json, body: JSON.stringify({ writes }) });
  if (!answer.ok) throw new Error(await answer.text());
  return path;
};

const documentWritten = (path: string): RealRequest => ({
  path: "/",
  init: {
    method: "POST",
    headers: {
      "ce-type": "google.cloud.firestore.document.v1.written",
      "ce-database": "(default)",
      "ce-document": path,
    },
  },
  status: 204,
});

export const realRequest = async (stack: DeployedStack, name: FunctionName, server: string): Promise<RealRequest> => {
  const authorization = { authorization: `Bearer ${stack.relais.setupToken}` };
  switch (name) {
    case "authorize-start":
      return {
        path: `/google_gmail/authorize?server=${server}`,
        // As Hosting forwards it; by another name, the answer would be a redirect to the public one, without any work.
        init: { headers: { ...authorization, "x-forwarded-host": "localhost" }, redirect: "manual" },
        status: 302,
      };
    case "confirm-callback":
      // With a cookie, because no state is looked up without one.
      return {
        path: `/google_gmail/confirm?code=x&state=${"a".repeat(43)}`,
        init: { headers: { cookie: `__session=${"b".repeat(43)}` }, redirect: "manual" },
        status: 400,
      };
    case "mail-servers":
      return { path: "/v1/mail-servers", init: { headers: authorization }, status: 200 };
    case "send-mail": {
      const init = { method: "POST", headers: { ...authorization, ...json }, body: JSON.stringify(mail) };
      return { path: "/v1/messages", init, status: 202 };
    }
    case "deliver-mail":
      return push({ id: await createUndelivered(stack) }, { relais: "deliver" });
    case "refresh-tokens":
      return push({ server }, { relais: "check" });
    case "dispatch-due":
      return push({ tick: true }, { relais: "tick" });
    case "mail-documents":
      return documentWritten(await createDocument(stack));
  }
};
