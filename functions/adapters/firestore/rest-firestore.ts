import { type Duplex, PassThrough, Readable } from "node:stream";
import { Firestore, type Settings } from "@google-cloud/firestore";
import { GoogleApiError, httpStatusOf } from "../google-cloud/canonical-status.ts";
import { askRest, type RestService } from "../google-cloud/rest-service.ts";

export interface RestOptions extends RestService {
  readonly settings: Settings;
}

/** The messages of Firestore's API that requests are addressed by; the package fills in the rest. */
interface Request {
  /** `projects/…/databases/…`, of a commit and of a read by names. */
  readonly database?: string;
  /** `projects/…/databases/…/documents`, of a query. */
  readonly parent?: string;
}

/** Each call that Relais makes, and its path (cloud.google.com/firestore/docs/reference/rest/v1). */
const PATHS: Readonly<Record<string, (request: Request) => string>> = {
  batchGetDocuments: ({ database }) => `${database}/documents:batchGet`,
  commit: ({ database }) => `${database}/documents:commit`,
  runQuery: ({ parent }) => `${parent}:runQuery`,
};

/** Google's own limit for these calls (`firestore_client_config.json`). */
const TIMEOUT_MS = 60_000;

/**
 * Google's Firestore package with another transport: the package builds and reads the API's messages, and this sends
 * them as JSON. The package's own transport, google-gax, describes every message at each cold start, which takes a
 * third of the time up to the first answer (infra/decisions/cold-start.md). These two methods are the only ones by
 * which the package reaches the network. They are internal to it, so the contract suite watches over them.
 *
 * Nothing is repeated here: `google-calls.ts` does that.
 */
export class RestFirestore extends Firestore {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    super(options.settings);
    this.#options = options;
  }

  async request(method: string, request: Request): Promise<unknown> {
    return this.#post(method, request);
  }

  async requestStream(method: string, _bidirectional: boolean, request: Request): Promise<Duplex> {
    const answer = await this.#post(method, request);
    if (!Array.isArray(answer)) throw new GoogleApiError("UNKNOWN", `${method}: the answer is not a list`);
    // An error after the first results is the list's last element.
    const failed: unknown = answer.find((element) => element?.error !== undefined);
    if (failed !== undefined) throw new GoogleApiError(httpStatusOf(500, failed), `${method}: refused after a start`);
    // The package also ends what it reads from.
    return Readable.from(answer).pipe(new PassThrough({ objectMode: true }));
  }

  async #post(method: string, request: Request): Promise<unknown> {
    const pathOf = PATHS[method];
    if (pathOf === undefined) throw new TypeError(`${method} is none of the calls to Firestore that Relais makes`);
    // What the path says must not be said again: Google's own clients leave it out of the body.
    const { database: _database, parent: _parent, ...body } = request;
    return askRest(this.#options, {
      method: "POST",
      path: `/v1/${pathOf(request)}`,
      body: toJson(body),
      timeoutMs: TIMEOUT_MS,
      // It is as large as what was asked for.
      largestAnswerBytes: Number.POSITIVE_INFINITY,
      keepAlive: true,
      parse: fromJson,
    });
  }
}

interface ProtoTimestamp {
  readonly seconds?: number | string;
  readonly nanos?: number;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const isTimestamp = (value: unknown): value is ProtoTimestamp =>
  isObject(value) && ("seconds" in value || "nanos" in value);

/** Where the API's messages hold times. A document's field of such a name holds a value, which is an object. */
const TIMES: ReadonlySet<string> = new Set(["commitTime", "createTime", "readTime", "timestampValue", "updateTime"]);

/** Values that JSON holds as text: bytes in base64, and the doubles that JSON lacks. */
const FROM_TEXT: ReadonlyMap<string, (text: string) => unknown> = new Map<string, (text: string) => unknown>([
  ["bytesValue", (text) => Buffer.from(text, "base64")],
  ["doubleValue", Number],
]);

/**
 * The proto3 JSON mapping (protobuf.dev/programming-guides/json) of what requests hold: times, wrapped numbers
 * (`limit`), doubles that JSON lacks, and bytes.
 */
const toJson = (request: object): string =>
  JSON.stringify(request, (key, value: unknown) => {
    if (TIMES.has(key) && isTimestamp(value)) return toIso(value);
    if (key === "limit" && isObject(value) && "value" in value) return value.value;
    if (key === "doubleValue" && typeof value === "number" && !Number.isFinite(value)) return String(value);
    return value;
  });

const toIso = ({ seconds = 0, nanos = 0 }: ProtoTimestamp): string =>
  `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, "0")}Z`;

const fromJson = (text: string): unknown =>
  JSON.parse(text, (key, value: unknown) => {
    if (typeof value !== "string") return value;
    return TIMES.has(key) ? fromIso(value) : (FROM_TEXT.get(key)?.(value) ?? value);
  });

const ISO = /^(.{19})(?:\.(\d{1,9}))?Z$/;

const fromIso = (text: string): ProtoTimestamp => {
  const [, seconds = text, fraction = ""] = ISO.exec(text) ?? [];
  return { seconds: Date.parse(`${seconds}Z`) / 1_000, nanos: Number(fraction.padEnd(9, "0")) };
};
