import { Firestore } from "@google-cloud/firestore";
import { PassThroughClient } from "google-auth-library";

/**
 * The database by REST: gRPC would be loaded at every cold start, and cost more than it saves to who makes a few calls
 * (infra/decisions/google-clients.md). An emulator takes no TLS and is never given a real token.
 */
export const openDatabase = (projectId: string, emulatorHost: string | null): Firestore =>
  new Firestore({
    projectId,
    preferRest: true,
    ...(emulatorHost === null ? {} : { host: emulatorHost, ssl: false, authClient: new PassThroughClient() }),
  });
