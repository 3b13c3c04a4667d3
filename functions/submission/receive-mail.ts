import type { SMTPServerDataStream } from "smtp-server";
import type { DoorConnection } from "./door-connection.ts";
import type { DoorParts } from "./door-parts.ts";
import { HeldMail } from "./held-mail.ts";
import { idempotencyKeyOf } from "./idempotency.ts";
import { MAX_MAIL_BYTES } from "./limits.ts";
import type { Login } from "./login.ts";
import { fitsRequest } from "./mail-request.ts";
import { BAD_IDEMPOTENCY_KEY, DATA_TOO_SLOW, dataReply, NO_ROOM, TOO_LARGE, TOO_MANY_FOR_ITS_SIZE } from "./replies.ts";
import type { SmtpReply } from "./smtp-reply.ts";
import { type Answer, submit } from "./submit.ts";

export interface Arriving {
  readonly stream: SMTPServerDataStream;
  readonly connection: DoorConnection;
  readonly login: Login;
  readonly recipients: readonly string[];
}

/** Resolves with true once the message is whole, with false if it breaks off: nothing is left of it then. */
const collect = ({ stream, connection }: Arriving, held: HeldMail, dataMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const tooSlow = setTimeout(() => connection.say(DATA_TOO_SLOW), dataMs);
    const settle = (whole: boolean): void => {
      clearTimeout(tooSlow);
      resolve(whole);
    };
    stream.on("data", (piece: Buffer) => held.append(piece));
    stream.once("end", () => settle(true));
    stream.once("error", () => settle(false));
    stream.once("close", () => settle(false));
  });

/**
 * Takes a message from DATA to the reply after its end, which is 250 only if Relais has it. Null if the client went
 * away before the end.
 */
export const receiveMail = async (parts: DoorParts, arriving: Arriving): Promise<SmtpReply | null> => {
  const held = new HeldMail(parts.room, MAX_MAIL_BYTES);
  arriving.connection.isBusy = true;
  try {
    return (await collect(arriving, held, parts.limits.dataMs)) ? await handOn(parts, arriving, held) : null;
  } finally {
    held.release();
    arriving.connection.isBusy = false;
  }
};

const handOn = async (parts: DoorParts, { login, recipients }: Arriving, held: HeldMail): Promise<SmtpReply> => {
  const facts = { key: login.keyId, bytes: held.bytes, recipients: recipients.length };
  const refuse = (reply: SmtpReply, why: string): SmtpReply => {
    parts.log.warn("door_mail_refused", { ...facts, reply: reply.code, problem: why });
    return reply;
  };
  if (held.dropped === "too_large") return refuse(TOO_LARGE, "message_too_large");
  if (held.dropped === "no_room") return refuse(NO_ROOM, "door_full");
  if (!fitsRequest(held.bytes, recipients)) return refuse(TOO_MANY_FOR_ITS_SIZE, "recipients_too_long");
  const mail = { key: login.key, server: login.server, recipients, parts: held.parts() };
  const idempotencyKey = idempotencyKeyOf(mail);
  if (!idempotencyKey.ok) return refuse(BAD_IDEMPOTENCY_KEY, "idempotency_key_invalid");
  const beganAtMs = parts.nowMs();
  const answer = await submit(parts, mail, idempotencyKey.value);
  const ms = Math.round(parts.nowMs() - beganAtMs);
  if (ms > parts.limits.slowMs) parts.log.warn("door_answer_slow", { ...facts, ms });
  const reply = dataReply(answer);
  if (reply.code === 535) parts.logins.forget(login);
  if (answer.kind === "accepted") parts.log.info("door_mail_accepted", { ...facts, id: answer.id, ms });
  else if (reply.code >= 500) refuse(reply, problemOf(answer));
  else parts.log.warn("door_mail_put_off", { ...facts, reply: reply.code, problem: problemOf(answer), ms });
  return reply;
};

/** The code of the problem; else what else there is to say. */
const problemOf = (answer: Answer): string => {
  if (answer.kind === "refused") return answer.code ?? `http_${answer.status}`;
  return answer.kind;
};
