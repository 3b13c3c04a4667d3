import assert from "node:assert/strict";
import { test } from "node:test";
import type { TopicMessage } from "../../../functions/domain/publisher.ts";
import { carryingTrace } from "../../../functions/runtime/carry-trace.ts";
import { answerPush } from "../../../functions/runtime/event-edge.ts";
import { jsonLogger, withLogContext } from "../../../functions/runtime/logger.ts";
import { requestTrace } from "../../../functions/runtime/trace.ts";
import { testRandom } from "../../builders/store.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const OTHER = "11111111111111111111111111111111";
const traceOf = (id: string) => requestTrace({ traceparent: `00-${id}-b7ad6b7169203331-01` }, testRandom);

const logger = () => {
  const lines: string[] = [];
  const build = { version: "1", commit: "c" };
  const write = (line: string) => void lines.push(line);
  return { lines, log: jsonLogger({ write, nowMs: () => 0, component: "deliver-mail", build, projectId: "acme" }) };
};

const published: TopicMessage[] = [];
const publisher = carryingTrace({ publish: async (_topic, message) => void published.push(message) });
const envelope = ({ data, attributes }: TopicMessage): Buffer =>
  Buffer.from(
    JSON.stringify({
      message: { messageId: "1", attributes, data: Buffer.from(JSON.stringify(data)).toString("base64") },
    }),
  );

test("what a delivery logs belongs to the trace of the request that accepted the mail, not to the push", async () => {
  const message = { data: { id: "msg_1" }, attributes: { relais: "deliver" } };
  await withLogContext(traceOf(TRACE), () => publisher.publish("mail-send", message));
  const [carried] = published.splice(0);
  assert.ok(carried);
  assert.equal(carried.attributes.relais, "deliver");
  const { log, lines } = logger();
  const onPush = async () => {
    log.info("message_moved", { id: "msg_1" });
    return "ack" as const;
  };
  assert.equal(await withLogContext(traceOf(OTHER), () => answerPush(onPush, { log }, envelope(carried))), 204);
  assert.equal(JSON.parse(lines[0] ?? "")["logging.googleapis.com/trace"], `projects/acme/traces/${TRACE}`);
});

test("without a trace, or with something that is none, the push's own counts", async () => {
  await publisher.publish("mail-send", { data: 1, attributes: {} });
  assert.deepEqual(published.splice(0)[0]?.attributes, {});
  const { log, lines } = logger();
  const onPush = async () => {
    log.info("message_moved", {});
    return "ack" as const;
  };
  for (const traceparent of ["", "00-x-y-01", `${TRACE}`, `00-${TRACE}-b7ad6b7169203331-01\n`])
    await withLogContext(traceOf(OTHER), () =>
      answerPush(onPush, { log }, envelope({ data: 1, attributes: { traceparent } })),
    );
  assert.equal(lines.length, 4);
  for (const line of lines)
    assert.equal(JSON.parse(line)["logging.googleapis.com/trace"], `projects/acme/traces/${OTHER}`);
});
