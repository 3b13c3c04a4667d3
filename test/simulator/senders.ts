import type { Principal } from "../../functions/domain/access/records.ts";
import { DAY, HOUR, isoTime, MINUTE, SECOND } from "../../functions/domain/clock.ts";
import { acceptRoutes } from "../../functions/runtime/handlers/send-mail/accept.ts";
import type { Call, Reply, Route } from "../../functions/runtime/http.ts";
import type { System } from "../../functions/runtime/system.ts";
import type { Accuse } from "./broken.ts";
import type { Chance } from "./chance.ts";
import type { Fleet } from "./fleet.ts";
import { GONE, LATER } from "./gmail.ts";
import type { MemoryRecords } from "./memory-records.ts";
import type { People } from "./people.ts";
import type { Timeline } from "./timeline.ts";
import type { Weather } from "./weather.ts";

const PROGRAM: Principal = { kind: "operator", email: "olga@example.com" };

interface Deps {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly records: MemoryRecords;
  readonly web: Fleet<System>;
  readonly people: People;
  readonly accuse: Accuse;
}

/** Each process's handler of `POST /v1/messages`. */
const handlers = new WeakMap<System, Route["handle"]>();

const post = (system: System, call: Call): Promise<Reply> => {
  let handle = handlers.get(system);
  if (handle === undefined) {
    handle = acceptRoutes(system).find(({ method, path }) => method === "POST" && path === "/v1/messages")?.handle;
    if (handle === undefined) throw new Error("there is no way to send a message");
    handlers.set(system, handle);
  }
  return handle(call);
};

/** A request as the HTTP edge hands it over. */
const postOf = (body: string, idempotencyKey: string): Call => ({
  method: "POST",
  path: "/v1/messages",
  params: {},
  query: new URLSearchParams(),
  headers: { "content-type": "application/json", "idempotency-key": idempotencyKey },
  rawBody: Buffer.from(body),
  bodyDone: () => undefined,
  sessionId: null,
  principal: PROGRAM,
  requestId: idempotencyKey,
  language: "en",
  signal: NEVER,
});
const NEVER = new AbortController().signal;

const idIn = (body: unknown): string =>
  typeof body === "object" && body !== null && "id" in body ? String(body.id) : "";

/** A hundredth of the mails is large: its body is stored in chunks. */
const LARGE = "x".repeat(150 * 1024);

/** The programs that send mail through the servers, and repeat a request that nobody answered. */
export class Senders {
  readonly #deps: Deps;
  #serial = 0;
  given = 0;
  refused = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Sends about so many mails a day by each server; some servers send ten times as much as others. */
  live(serverIds: readonly string[], perDay: number): void {
    for (const serverId of serverIds) {
      // Some accounts are connected and never used.
      if (this.#deps.chance.happens(0.15)) continue;
      const share = 3.5 * this.#deps.chance.fraction() ** 2;
      this.#sendOn(serverId, DAY / Math.max(0.5, perDay * share));
    }
  }

  #sendOn(serverId: string, everyMs: number): void {
    const { timeline, chance, weather } = this.#deps;
    timeline.after(chance.waiting(everyMs), () => {
      if (weather.isCalm) return;
      this.#sendOn(serverId, everyMs);
      // Programs send in bursts: a newsletter, the invoices of a day.
      const burst = chance.happens(0.01) ? 5 + chance.below(40) : 1;
      for (let count = 0; count < burst; count += 1) void this.#send(serverId);
    });
  }

  #recipient(): string {
    const { chance } = this.#deps;
    const number = chance.below(100_000);
    const draw = chance.fraction();
    if (draw < 0.01) return `${GONE}${number}@y.org`;
    return draw < 0.02 ? `${LATER}${number}@y.org` : `r${number}@y.org`;
  }

  /** Composed by the program, at times without the fields that Relais adds. */
  #composed(to: readonly string[], text: string): object {
    const { chance } = this.#deps;
    const own = chance.happens(0.5) ? [`Message-ID: <own-${this.#serial}@program.example>`] : [];
    const head = [`To: ${to[0]}`, "Subject: Bonjour", ...own];
    const raw = [...head, "", text, ""].join("\r\n");
    return { raw: Buffer.from(raw).toString("base64"), envelope: { to } };
  }

  #mail(server: string): object {
    const { timeline, chance } = this.#deps;
    const nowMs = timeline.nowMs;
    const count = chance.happens(0.9) ? 1 : 2 + chance.below(8);
    const scheduled = chance.happens(0.03) ? nowMs + chance.between(MINUTE, 12 * HOUR) : null;
    const to = [...new Set(Array.from({ length: count }, () => this.#recipient()))];
    const text = chance.happens(0.001) ? LARGE : "Bonjour";
    return {
      server,
      ...(chance.happens(0.1) ? this.#composed(to, text) : { to, subject: "Bonjour", text }),
      ...(scheduled !== null && { scheduledAt: isoTime(Math.floor(scheduled)) }),
      ...(chance.happens(0.03) && {
        expiresAt: isoTime(Math.floor((scheduled ?? nowMs) + chance.between(10 * MINUTE, 2 * DAY))),
      }),
      ...(chance.happens(0.2) && { onUnknown: "resend" }),
    };
  }

  /** Repeats the request with its key until it is answered, as a careful client does. */
  async #send(server: string): Promise<void> {
    const { timeline, chance, web, people } = this.#deps;
    const json = this.#mail(server);
    this.#serial += 1;
    this.given += 1;
    const idempotencyKey = `mail ${this.#serial}`;
    const call = postOf(JSON.stringify(json), idempotencyKey);
    for (let tries = 1; tries < 200; tries += 1) {
      const answer = await web.ask((system) => post(system, call));
      const reply = answer.kind === "answered" ? answer.value : undefined;
      if (reply?.kind === "json") {
        const id = idIn(reply.body);
        this.#check(id);
        if (chance.happens(0.005)) void people.cancel(id);
        return;
      }
      if (reply?.kind === "problem" && !("retryAfterS" in reply.problem)) {
        this.refused += 1;
        return;
      }
      const waitMs = Math.min(SECOND * 2 ** tries, 5 * MINUTE) * chance.between(0.8, 1.2);
      await new Promise<void>((resolve) => timeline.after(waitMs, resolve));
    }
  }

  #check(id: string): void {
    if (this.#deps.records.read("messages", id) === undefined)
      this.#deps.accuse("nothing lost", `${id} was accepted and is not stored`);
  }
}
