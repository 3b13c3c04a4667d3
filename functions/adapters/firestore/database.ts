import type { Firestore } from "@google-cloud/firestore";
import { applicationDefaultToken, emulatorToken } from "../google-cloud/credentials.ts";
import { DEFAULT_DATABASE } from "../google-cloud/installation.ts";
import { RestFirestore } from "./rest-firestore.ts";

/** The database over REST. An emulator speaks no TLS and must never get a real token. */
export const openDatabase = (
  projectId: string,
  emulatorHost: string | null,
  databaseId: string = DEFAULT_DATABASE,
): Firestore =>
  emulatorHost === null
    ? new RestFirestore({
        settings: { projectId, databaseId },
        rootUrl: "https://firestore.googleapis.com",
        accessToken: applicationDefaultToken(),
      })
    : new RestFirestore({
        settings: { projectId, databaseId, host: emulatorHost, ssl: false },
        rootUrl: `http://${emulatorHost}`,
        accessToken: emulatorToken,
      });
