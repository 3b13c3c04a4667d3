/** For `node --test --test-global-setup=test/builders/emulators-for-the-suite.ts`: one pair of emulators for all test files. */
import { type Emulators, emulatorsMissing, startEmulators } from "./emulators.ts";

let emulators: Emulators | undefined;

export const globalSetup = async (): Promise<void> => {
  if (emulatorsMissing()) return;
  emulators = await startEmulators();
  // Test files are processes of their own and inherit these.
  process.env.RELAIS_TEST_FIRESTORE_HOST = emulators.firestoreHost;
  process.env.RELAIS_TEST_PUBSUB_HOST = emulators.pubsubHost;
};

export const globalTeardown = async (): Promise<void> => {
  await emulators?.stop();
};
