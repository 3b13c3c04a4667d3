/** One HTTP/1.1 request as it is sent, assembled from what is written to its socket. */
export interface OutgoingRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/**
 * The request once it is complete; undefined while a part is missing. `bytes` is latin1, so that a character is a byte.
 */
export const wholeRequest = (bytes: string): OutgoingRequest | undefined => {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const [line = "", ...headers] = bytes.slice(0, end).split("\r\n");
  const [method = "", path = ""] = line.split(" ");
  const rest = bytes.slice(end + 4);
  if (headers.some((header) => /^transfer-encoding: *chunked$/i.test(header)))
    return rest.endsWith("0\r\n\r\n") ? { method, path, body: utf8(unchunked(rest)) } : undefined;
  const length = headers.map((header) => /^content-length: *(\d+)$/i.exec(header)?.[1]).find((found) => found);
  return rest.length < Number(length ?? 0) ? undefined : { method, path, body: utf8(rest) };
};

const utf8 = (latin1: string): string => Buffer.from(latin1, "latin1").toString("utf8");

const unchunked = (text: string): string => {
  let found = "";
  for (let at = 0; ; ) {
    const line = text.indexOf("\r\n", at);
    const length = Number.parseInt(text.slice(at, line), 16);
    if (line === -1 || !(length > 0)) return found;
    found += text.slice(line + 2, line + 2 + length);
    at = line + 2 + length + 2;
  }
};

/** `sending.data` of a message, from the JSON of its record. */
export const stateOf = (json: unknown): string => {
  const { status, phase }: { status?: string; phase?: string } = JSON.parse(String(json));
  return [status, phase].filter((part) => part !== undefined).join(".");
};

/**
 * What is written now and then, so that no later run passes the same point. A server's counts ride on a claim about
 * once an hour, or a tick moves them out of the ledger (`ledger-tally.ts`); and the first tick of all marks that old
 * records have shards (`add-shards.ts`).
 */
const NOW_AND_THEN: readonly string[] = ["tallies", "upkeep"];

const isOfMessage = (name: string | undefined): boolean => name?.startsWith("messages:") === true;

/**
 * What is left without the ledgers that a tick takes counts out of. SQLite may commit them together with what others
 * write, one after the other; a claim writes its message right before the ledger.
 */
const withoutMovedCounts = (writes: readonly string[]): readonly string[] =>
  writes.filter((name, at) => name !== "quotas" || writes[at + 1] !== "tallies" || isOfMessage(writes[at - 1]));

/** The name of a commit, after what it writes of a delivery: for example `messages:sending.claimed + quotas`. */
export const writesName = (writes: readonly string[]): string | undefined => {
  const names = new Set(withoutMovedCounts(writes).filter((name) => !NOW_AND_THEN.includes(name)));
  return names.size === 0 ? undefined : [...names].join(" + ");
};

interface CommitBody {
  readonly writes?: readonly {
    readonly delete?: string;
    readonly update?: {
      readonly name?: string;
      readonly fields?: { readonly json?: { readonly stringValue?: string } };
    };
  }[];
}

const commitName = (body: string): string | undefined => {
  const { writes = [] }: CommitBody = JSON.parse(body);
  const names = writes.map((write) => {
    const kind = (write.delete ?? write.update?.name ?? "").split("/").at(-2) ?? "";
    const json = write.update?.fields?.json?.stringValue;
    if (write.delete !== undefined) return `${kind} deleted`;
    return kind === "messages" && json !== undefined ? `${kind}:${stateOf(json)}` : kind;
  });
  return writesName(names);
};

/** Names every request to Gmail, and those to a store of Google's that write; undefined for one that only reads. */
export const requestName = (service: string, { method, path: target, body }: OutgoingRequest): string | undefined => {
  const path = target.split("?")[0] ?? "";
  switch (service) {
    case "google": {
      const [folder, last] = path.split("/").slice(-2);
      // Each message of the mailbox has an id of its own.
      return `google ${method} ${folder === "messages" && method === "GET" ? "message" : last}`;
    }
    case "firestore":
      return path.endsWith(":commit") ? commitName(body)?.replace(/^/, "store ") : undefined;
    case "pubsub":
      return /\/topics\/([^/]+):publish$/.exec(path)?.[1]?.replace(/^/, "publish ");
    case "secrets":
      return method === "POST" ? `secret ${/:(\w+)$/.exec(path)?.[1] ?? "create"}` : undefined;
    default:
      return undefined;
  }
};
