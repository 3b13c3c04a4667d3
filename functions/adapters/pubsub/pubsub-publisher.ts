import type { Publisher } from "../../domain/publisher.ts";
import { GoogleApiError } from "../google-cloud/canonical-status.ts";
import { expectOk, type GoogleCalls } from "../google-cloud/google-calls.ts";
import { nameInProject } from "../google-cloud/installation.ts";
import { askRest } from "../google-cloud/rest-service.ts";

export interface PubsubOptions {
  readonly calls: GoogleCalls;
  readonly projectId: string;
  /** Begins each topic's name; none by default. */
  readonly prefix?: string;
  /** A real token for Google, a made-up one for an emulator. */
  readonly accessToken: () => Promise<string>;
  /** `host:port` of an emulator; null means Pub/Sub itself. */
  readonly emulatorHost: string | null;
}

/**
 * `Publisher` over Pub/Sub's REST API (cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish). It
 * resolves once Pub/Sub has stored the message. A try whose answer was lost is repeated, so a message may be published
 * twice, which subscribers must expect anyway.
 */
export const pubsubPublisher = (options: PubsubOptions): Publisher => ({
  publish: async (topic, { data, attributes }) => {
    const messages = [{ data: Buffer.from(JSON.stringify(data)).toString("base64"), attributes }];
    const path = `/v1/projects/${options.projectId}/topics/${nameInProject(options.prefix ?? "", topic)}:publish`;
    const run = () => post(options, path, { messages });
    await expectOk(options.calls({ act: `publish on ${topic}`, repeatable: true, run }));
  },
});

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

const post = async ({ accessToken, emulatorHost }: PubsubOptions, path: string, body: object): Promise<void> => {
  const rootUrl = emulatorHost === null ? "https://pubsub.googleapis.com" : `http://${emulatorHost}`;
  const answer: { readonly messageIds?: unknown } | null | undefined = Object(
    await askRest(
      { rootUrl, accessToken },
      {
        method: "POST",
        path,
        body: JSON.stringify(body),
        timeoutMs: TIMEOUT_MS,
        largestAnswerBytes: MAX_ANSWER_BYTES,
        keepAlive: true,
      },
    ),
  );
  if (!Array.isArray(answer?.messageIds)) throw new GoogleApiError("UNKNOWN", "an answer without message ids");
};
