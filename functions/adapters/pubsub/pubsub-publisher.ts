import type { Publisher } from "../../domain/publisher.ts";
import type { GoogleApi } from "../google-rest/google-api.ts";

/**
 * `Publisher` on Pub/Sub by its REST API (cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish). It resolves once Pub/Sub has
 * the message for good. A try whose answer was lost is repeated, so a message may be published twice: subscribers expect that anyway.
 */
export const pubsubPublisher = (api: GoogleApi, projectId: string): Publisher => ({
  publish: async (topic, { data, attributes }) => {
    await api.call({
      act: `publish on ${topic}`,
      method: "POST",
      path: `/v1/projects/${projectId}/topics/${topic}:publish`,
      body: { messages: [{ data: Buffer.from(JSON.stringify(data)).toString("base64"), attributes }] },
      repeatable: true,
    });
  },
});
