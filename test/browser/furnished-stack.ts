import assert from "node:assert/strict";
import { sharedByFiles } from "../builders/at-end.ts";
import { connectedServer, createServer, type Stack, startStack } from "../builders/connected-stack.ts";

/** A stack in which every page of the console has something to show. */
export interface FurnishedStack extends Stack {
  /** The path of each page, by what it shows. */
  readonly pages: Readonly<Record<PageName, string>>;
}

type PageName =
  | "home"
  | "setup"
  | "servers"
  | "new server"
  | "connected server"
  | "server activity"
  | "server settings"
  | "server not connected"
  | "no such server"
  | "messages"
  | "sent message"
  | "failed message"
  | "scheduled message"
  | "message in doubt"
  | "keys"
  | "operations"
  | "settings"
  | "audit"
  | "nowhere";

export const startFurnishedStack = async (
  environment: Readonly<Record<string, string>> = {},
): Promise<FurnishedStack> => {
  const stack = await startStack(environment);
  const { control } = stack.sandbox;
  const server = await connectedServer(stack, { description: "Factures et relances" });
  const fresh = await createServer(stack, { name: "Commandes", username: "grace@example.com" });
  const send = async (subject: string, more: object = {}): Promise<string> => {
    const answer = await stack.relais.operate(
      "POST",
      "/v1/messages",
      { server, to: "grace@example.com", subject, text: "Bonjour", ...more },
      "scheduledAt" in more ? {} : { Prefer: "wait=20" },
    );
    const message: { id: string } = await answer.json();
    assert(answer.ok, JSON.stringify(message));
    return `/messages/${message.id}`;
  };
  const sent = await send("Facture 2026-0042");
  const text = "This message was blocked because its content presents a potential security issue.";
  control.set({ fault: "smtp_reply", stage: "body", code: 552, enhanced: "5.7.0", text }, { times: 1 });
  const failed = await send("Facture 2026-0043");
  control.set({ fault: "smtp_drop", when: "after_last_byte", stored: false }, { times: 1 });
  const doubtful = await send("Facture 2026-0044");
  const scheduled = await send("Facture 2026-0045", { scheduledAt: new Date(Date.now() + 86_400_000).toISOString() });
  const key = await stack.relais.operate("POST", "/v1/keys", {
    name: "Boutique",
    permissions: ["send", "read"],
    servers: [server],
  });
  assert.equal(key.status, 201);
  await stack.relais.operate("PATCH", `/v1/mail-servers/${server}`, {
    fromFilter: ["ada@example.com", "@example.com"],
  });
  return {
    ...stack,
    pages: {
      home: "/",
      setup: "/setup",
      servers: "/servers",
      "new server": "/servers/new",
      "connected server": `/servers/${server}?connected=1`,
      "server activity": `/servers/${server}/activity`,
      "server settings": `/servers/${server}/settings`,
      "server not connected": `/servers/${fresh}?problem=consent_denied`,
      "no such server": "/servers/srv_none",
      messages: "/messages",
      "sent message": sent,
      "failed message": failed,
      "scheduled message": scheduled,
      "message in doubt": doubtful,
      keys: "/keys",
      operations: "/operations",
      settings: "/settings",
      audit: "/audit",
      nowhere: "/nowhere",
    },
  };
};

/** For tests that change nothing in it but sessions: the files of a process share it (`SHARES_STACK` in batch.ts). */
export const readOnlyStack = sharedByFiles(startFurnishedStack, (stack) => stack.stop());
