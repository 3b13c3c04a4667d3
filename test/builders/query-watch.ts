import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
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

/** Undefined if it is not a query. */
const queryOf = (path: string, body: string): string | undefined => {
  if (!path.startsWith("/v1/") || NOT_A_QUERY.test(path)) return undefined;
  if (!path.endsWith(":runQuery")) return decodeURIComponent(path).replace(/^\/v1\/projects\/[^/]+/, "");
  const { structuredQuery = {} }: { readonly structuredQuery?: StructuredQuery } = JSON.parse(body);
  return shapeOf(structuredQuery);
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
  const agent = new Agent({ keepAlive: true });
  const forward = (incoming: IncomingMessage, response: ServerResponse, body: Buffer | null): void => {
    const { method, url: path, headers } = incoming;
    const outgoing = request({ hostname, port, method, path, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    if (body === null) incoming.pipe(outgoing);
    else outgoing.end(body);
  };
  const server = createServer({ keepAliveTimeout: 300_000 }, async (incoming, response) => {
    const path = incoming.url?.split("?")[0] ?? "/";
    if (!path.endsWith(":runQuery")) {
      note(queryOf(path, ""));
      return forward(incoming, response, null);
    }
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part);
    const body = Buffer.concat(parts);
    note(queryOf(path, body.toString()));
    forward(incoming, response, body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    known: () => known,
    unknownQueries: () => [...unknownQueries],
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};
