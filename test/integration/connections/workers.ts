import assert from "node:assert/strict";
import type { OnPush } from "../../../functions/runtime/event-edge.ts";
import { onPush as deliverMail } from "../../../functions/runtime/handlers/deliver-mail.ts";
import { onPush as dispatchDue } from "../../../functions/runtime/handlers/dispatch-due.ts";
import { onPush as refreshTokens } from "../../../functions/runtime/handlers/refresh-tokens.ts";
import { type Relais, SETUP, startRelais } from "./relais.ts";

type Attributes = Readonly<Record<string, string>>;

/** Relais, with the functions behind its topics. */
export interface Works {
  readonly relais: Relais;
  push(topic: string, data: unknown, attributes?: Attributes): ReturnType<OnPush>;
  /** Delivers what was published, until nothing more is. */
  work(): Promise<void>;
  /** Connects the account to the server, as a person does in a browser. */
  connect(serverId: string, account: string): Promise<void>;
  close(): Promise<void>;
}

export const startWorks = async (): Promise<Works> => {
  const relais = await startRelais();
  const { system, published } = relais;
  const functions: Readonly<Record<string, OnPush>> = {
    "mail-send": deliverMail(system),
    "mail-dispatch": dispatchDue(system),
    "token-checks": refreshTokens(system),
  };
  const push: Works["push"] = async (topic, data, attributes = {}) => {
    const take = functions[topic];
    const message = { data: Buffer.from(JSON.stringify(data)), attributes, messageId: "1", deliveryAttempt: 1 };
    return take === undefined ? "ack" : take(message);
  };
  return {
    relais,
    push,
    work: async () => {
      for (let next = published.shift(); next !== undefined; next = published.shift()) {
        assert.equal(await push(next.topic, next.message.data, next.message.attributes), "ack");
      }
    },
    connect: async (serverId, account) => {
      const answer = await (await relais.browser(SETUP)).connect(serverId, { account });
      assert.equal(answer.status, 303, await answer.text());
    },
    close: async () => {
      await Promise.all(Object.values(system.transports).map((transport) => transport.close()));
      await relais.close();
    },
  };
};
