// What nearly every request needs of Google Cloud is one file, so that it is one module to load in a bundle.
import type { Clock } from "../../domain/clock.ts";
import type { Patience } from "../../domain/patience.ts";
import type { Publisher } from "../../domain/publisher.ts";
import type { Randomness } from "../../domain/randomness.ts";
import type { Records } from "../../domain/records.ts";
import { shardsAdder } from "../firestore/add-shards.ts";
import { openDatabase } from "../firestore/database.ts";
import { firestoreRecords } from "../firestore/firestore-records.ts";
import { pubsubPublisher } from "../pubsub/pubsub-publisher.ts";
import { applicationDefaultToken, emulatorToken } from "./credentials.ts";
import { type GoogleCalls, googleCalls } from "./google-calls.ts";

export interface GoogleCloudOptions {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly patience: () => Patience;
  readonly projectId: string;
  /** Begins the names of topics; empty for none. */
  readonly prefix: string;
  /** Id of the Firestore database. */
  readonly database: string;
  readonly firestoreEmulator: string | null;
  readonly pubsubEmulator: string | null;
}

export interface GoogleCloud {
  readonly records: Records;
  readonly addShards: (untilMs: number) => Promise<number>;
  readonly publisher: Publisher;
  /** The calls to one more service: an outage of one says nothing about the others. */
  readonly makeCalls: () => GoogleCalls;
}

/** Connects to nothing yet. An emulator must never get a real token. */
export const openGoogleCloud = (options: GoogleCloudOptions): GoogleCloud => {
  const { clock, random, patience, projectId, prefix, pubsubEmulator } = options;
  const makeCalls = () => googleCalls({ clock, random, patience });
  const database = openDatabase(projectId, options.firestoreEmulator, options.database);
  const calls = makeCalls();
  const accessToken = pubsubEmulator === null ? applicationDefaultToken() : emulatorToken;
  return {
    records: firestoreRecords({ calls, random, database }),
    addShards: shardsAdder({ calls, database, clock }),
    publisher: pubsubPublisher({ calls: makeCalls(), projectId, prefix, accessToken, emulatorHost: pubsubEmulator }),
    makeCalls,
  };
};
