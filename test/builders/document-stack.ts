import assert from "node:assert/strict";
import type { SandboxAccount } from "../google-sandbox/accounts.ts";
import { connectedServer, type Stack, startStack } from "./connected-stack.ts";
import { type Emulators, testProject, useEmulators } from "./emulators.ts";
import { eventually } from "./eventually.ts";
import { FirestoreDocuments, type PlainFields } from "./firestore-documents.ts";

/** The parameters of the extension in the tests. */
export const PARAMETERS = {
  RELAIS_DOCUMENTS: "mail",
  USERS_COLLECTION: "users",
  TEMPLATES_COLLECTION: "templates",
  DEFAULT_FROM: "envoi@example.com",
  DEFAULT_REPLY_TO: "reponse@example.com",
} as const;

export const SENDER: SandboxAccount = {
  sub: "100000000000000000009",
  email: "envoi@example.com",
  name: "Envois",
  hostedDomain: "example.com",
  sendAs: [],
};

/** `npm start` that takes documents of Google's emulator, told by the emulator's own trigger. */
export interface DocumentStack extends Stack {
  readonly documents: FirestoreDocuments;
  readonly server: string;
  /** Creates a document and waits until its `delivery` says what `until` asks for. */
  end(id: string, until?: (delivery: PlainFields | undefined) => boolean): Promise<PlainFields | undefined>;
}

export const isEnd = (delivery: PlainFields | undefined): boolean =>
  delivery?.state === "SUCCESS" || delivery?.state === "ERROR";

/** Connects the account whose address, and the one of DEFAULT_FROM, the documents are sent from. */
export const startDocumentStack = async (
  environment: Readonly<Record<string, string>> = {},
): Promise<DocumentStack> => {
  const emulators: Emulators = await useEmulators();
  const projectId = testProject();
  const variables = {
    ...PARAMETERS,
    FIRESTORE_EMULATOR_HOST: emulators.unwatchedFirestoreHost,
    GOOGLE_CLOUD_PROJECT: projectId,
    ...environment,
  };
  const stack = await startStack(variables, { accounts: [SENDER] });
  const documents = new FirestoreDocuments(emulators.unwatchedFirestoreHost, projectId);
  const server = await connectedServer(stack, { username: SENDER.email, limits: { perMinute: 1000, perDay: 2000 } });
  const stop = async (): Promise<void> => {
    await stack.stop();
    await emulators.stop();
  };
  const end: DocumentStack["end"] = async (id, until = isEnd) => {
    let delivery: PlainFields | undefined;
    await eventually(`an end of mail/${id}`, async () => {
      delivery = (await documents.get(`mail/${id}`))?.delivery as PlainFields | undefined;
      return until(delivery);
    });
    return delivery;
  };
  assert.ok(server);
  return { ...stack, documents, server, stop, end };
};
