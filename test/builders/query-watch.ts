import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { QUERIES, type QueryShape } from "../../functions/domain/queries.ts";

/**
 * A proxy in front of Firestore's emulator. The emulator enforces no composite index, so a query that is not in the
 * table (functions/domain/queries.ts) would fail only in production; this records each of them.
 */
export interface QueryWatch {
  /** `host:port` to use instead of the emulator's. */
  readonly host: string;
  /** How many queries of the table ran. */
  known(): number;
  /** The queries that are not in the table, once each. */
  unknownQueries(): readonly string[];
  close(): Promise<void>;
}

/**
 * Google's client sends the numbers of StructuredQuery's enums instead of their names
 * (firebase.google.com/docs/firestore/reference/rest/v1/StructuredQuery).
 */
const OPERATORS = [
  ...["?", "LESS_THAN", "LESS_THAN_OR_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL", "EQUAL"],
  ...["NOT_EQUAL", "ARRAY_CONTAINS", "IN", "ARRAY_CONTAINS_ANY", "NOT_IN"],
];
const DIRECTIONS = ["?", "ASCENDING", "DESCENDING"];
const nameOf = (names: readonly string[], value: number | string): string =>
  typeof value === "number" ? (names[value] ?? String(value)) : value;

interface Filter {
  readonly fieldFilter?: { readonly field: { readonly fieldPath: string }; readonly op: number | string };
  readonly compositeFilter?: { readonly op: number | string; readonly filters: readonly Filter[] };
}
interface StructuredQuery {
  readonly from?: readonly { readonly collectionId?: string; readonly allDescendants?: boolean }[];
  readonly where?: Filter;
  readonly orderBy?: readonly { readonly field: { readonly fieldPath: string }; readonly direction: number | string }[];
  readonly [other: string]: unknown;
}

const filtersIn = (filter: Filter): readonly string[] => {
  const { fieldFilter, compositeFilter } = filter;
  if (fieldFilter) return [`${fieldFilter.field.fieldPath} ${nameOf(OPERATORS, fieldFilter.op)}`];
  if (compositeFilter && [1, "AND"].includes(compositeFilter.op)) return compositeFilter.filters.flatMap(filtersIn);
  return [JSON.stringify(filter)];
};

const describe = (collection: string, filters: readonly string[], order: readonly string[]): string =>
  `${collection} where ${[...filters].sort().join(" and ") || "anything"} by ${order.join(", ") || "nothing"}`;

/** The parts of a query that decide on indexes; limits and cursors do not. */
const shapeOf = ({ from = [], where, orderBy = [] }: StructuredQuery): string =>
  describe(
    from.map(({ collectionId, allDescendants }) => `${collectionId}${allDescendants ? " anywhere" : ""}`).join(", "),
    where ? filtersIn(where) : [],
    orderBy.map(({ field, direction }) => `${field.fieldPath} ${nameOf(DIRECTIONS, direction)}`),
  );

const shapeInTable = ({ kind, equal, contains, upTo, shards, order: [field, direction] }: QueryShape): string => {
  const order = direction === "asc" ? "ASCENDING" : "DESCENDING";
  const filters = [
    ...equal.map((one) => `${one} EQUAL`),
    ...(contains === undefined ? [] : [`${contains} ARRAY_CONTAINS`]),
    ...(upTo ? [`${field} LESS_THAN_OR_EQUAL`] : []),
    ...(shards === undefined ? [] : [`${shards} IN`]),
  ];
  return describe(kind, filters, [`${field} ${order}`, `__name__ ${order}`]);
};

/** A walk by document ids needs no index (`add-shards.ts`). */
const walkOf = (kind: string): string => describe(kind, [], ["__name__ ASCENDING"]);

const SHAPES: readonly QueryShape[] = Object.values(QUERIES);
const TABLE: ReadonlySet<string> = new Set([...SHAPES.map(shapeInTable), ...SHAPES.map(({ kind }) => walkOf(kind))]);

/** Reads and writes of documents by name, and administration of the emulator, need no index. */
const NOT_A_QUERY = /:(commit|batchGet|batchWrite|beginTransaction|rollback)$/;

const isQuery = (path: string): boolean => path.endsWith(":runQuery");

/** Undefined if it is not a query. */
const queryOf = (path: string, body: string): string | undefined => {
  if (!path.startsWith("/v1/") || NOT_A_QUERY.test(path)) return undefined;
  if (!isQuery(path)) return decodeURIComponent(path).replace(/^\/v1\/projects\/[^/]+/, "");
  const { structuredQuery = {} }: { readonly structuredQuery?: StructuredQuery } = JSON.parse(body);
  return shapeOf(structuredQuery);
};

const HEAD_END = "\r\n\r\n";

/** A request's path and the length of its body. Null if its body has another end, or the protocol is another. */
const parseHead = (head: string): { readonly path: string; readonly length: number } | null => {
  const path = /^[A-Z]+ ([^ ?]+)[^ ]* HTTP\/1\.1\r\n/.exec(head)?.[1];
  if (path === undefined || /^transfer-encoding:/im.test(head)) return null;
  return { path, length: Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0) };
};

/** Notes the queries among the requests of one connection, whose bytes it is given as they pass. */
const readRequests = (note: (query: string | undefined) => void): ((part: Buffer) => void) => {
  let unread: Buffer = Buffer.alloc(0);
  let bytesToSkip = 0;
  return (part) => {
    const skipped = Math.min(bytesToSkip, part.length);
    bytesToSkip -= skipped;
    unread = Buffer.concat([unread, part.subarray(skipped)]);
    for (;;) {
      const headEnd = unread.indexOf(HEAD_END);
      if (headEnd === -1) return;
      const head = unread.toString("latin1", 0, headEnd);
      const request = parseHead(head);
      // From here on nothing can be read, so the run must fail.
      if (request === null) return note(`a request that cannot be read: ${head}`);
      const { path, length } = request;
      const bodyAt = headEnd + HEAD_END.length;
      const end = bodyAt + length;
      if (isQuery(path) && unread.length < end) return;
      note(queryOf(path, isQuery(path) ? unread.toString("utf8", bodyAt, end) : ""));
      bytesToSkip = Math.max(0, end - unread.length);
      unread = unread.subarray(end);
    }
  };
};

export const watchQueries = async (emulatorHost: string): Promise<QueryWatch> => {
  const unknownQueries = new Set<string>();
  let known = 0;
  const note = (query: string | undefined): void => {
    if (query === undefined) return;
    if (TABLE.has(query)) known += 1;
    else unknownQueries.add(query);
  };
  const { hostname, port } = new URL(`http://${emulatorHost}`);
  const open = new Set<Socket>();
  // Every connection has one of its own behind the proxy, so answers need not be read.
  const server = createServer({ noDelay: true }, (client) => {
    const emulator = connect({ host: hostname, port: Number(port), noDelay: true });
    client.on("data", readRequests(note));
    client.pipe(emulator).pipe(client);
    for (const socket of [client, emulator]) {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    }
    client.on("close", () => emulator.destroy());
    client.on("error", () => emulator.destroy());
    emulator.on("close", () => client.end());
    emulator.on("error", () => client.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    known: () => known,
    unknownQueries: () => [...unknownQueries],
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
};
