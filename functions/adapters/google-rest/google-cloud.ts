import type { Clock } from "../../domain/clock.ts";
import type { Randomness } from "../../domain/randomness.ts";
import { emulatorToken } from "./credentials.ts";
import { type GoogleApi, googleApi } from "./google-api.ts";

export type GoogleService = "firestore" | "pubsub" | "secretmanager";

export interface GoogleCloudOptions {
  readonly clock: Pick<Clock, "sleep">;
  readonly random: Pick<Randomness, "fraction">;
  /** `applicationDefaultToken()`, made once for all services. */
  readonly accessToken: () => Promise<string>;
}

/**
 * A service's API at Google, or at `emulatorHost` (`host:port`, without TLS), which is never given a real token.
 * REST over the platform's own `fetch`, for all three services alike: Google's client libraries load gRPC and protobuf even where they
 * speak REST, which makes the larger part of a cold start.
 */
export const googleCloudApi = (
  { clock, random, accessToken }: GoogleCloudOptions,
  service: GoogleService,
  emulatorHost: string | null,
): GoogleApi =>
  googleApi({
    ...(emulatorHost === null
      ? { rootUrl: `https://${service}.googleapis.com`, accessToken }
      : { rootUrl: `http://${emulatorHost}`, accessToken: emulatorToken }),
    sleep: (realMs) => clock.sleep(realMs),
    fraction: () => random.fraction(),
  });
