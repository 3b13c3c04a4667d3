import { Firestore } from "@google-cloud/firestore";
import { PassThroughClient } from "google-auth-library";

/**
 * The database over REST: loading gRPC would slow down every cold start, which a few calls cannot make up for
 * (infra/decisions/google-clients.md). An emulator speaks no TLS and must never get a real token.
 */
export const openDatabase = (projectId: string, emulatorHost: string | null): Firestore =>
  new Firestore({
    projectId,
    preferRest: true,
    ...(emulatorHost === null ? {} : { host: emulatorHost, ssl: false, authClient: new PassThroughClient() }),
  });
