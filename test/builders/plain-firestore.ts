import { Firestore } from "@google-cloud/firestore";
import { PassThroughClient } from "google-auth-library";

/**
 * Google's Firestore package with its own transport, for what tests ask an emulator and Relais never asks Firestore.
 * The emulator must never get a real token.
 */
export const plainFirestore = (projectId: string, emulatorHost: string, databaseId = "(default)"): Firestore =>
  new Firestore({
    projectId,
    databaseId,
    preferRest: true,
    host: emulatorHost,
    ssl: false,
    authClient: new PassThroughClient(),
  });
