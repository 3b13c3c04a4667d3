import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { QUERIES, type QueryShape } from "../../functions/domain/queries.ts";

/**
 * Stands before Firestore's emulator and hands everything on. The emulator enforces no composite index, so a query that the table
 * (functions/domain/queries.ts) does not hold would be found out by production alone: each is noted here.
 */
export interface QueryWatch {
  /** `host:port`, in the emulator's place. */
  readonly host: string;
  /** How many queries of the table ran. */
  known(): number;
  /** Each query that is not in the table, once. */
  strangers(): readonly string[];
  close(): Promise<void>;
}

/** The numbers of StructuredQuery's enums (firebase.google.com/docs/firestore/reference/rest/v1/StructuredQuery), which Google's client sends in their place. */
const OPERATORS = [
  ...["?", "LESS_THAN", "LESS_THAN_OR_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL", "EQUAL"],
  ...["NOT_EQUAL", "ARRAY_CONTAINS", "IN", "ARRAY_CONTAINS_ANY", "NOT_IN"],
];
const DIRECTIONS = ["?", "ASCENDING", "DESCENDING"];
const named = (names: readonly string[], value: number | string): string =>
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
  if (fieldFilter) return [`${fieldFilter.field.fieldPath} ${named(OPERATORS, fieldFilter.op)}`];
  if (compositeFilter && [1, "AND"].includes(compositeFilter.op)) return compositeFilter.filters.flatMap(filtersIn);
  return [JSON.stringify(filter)];
};

const written = (collection: string, filters: readonly string[], order: readonly string[]): string =>
  `${collection} where ${[...filters].sort().join(" and ") || "anything"} by ${order.join(", ") || "nothing"}`;

/** What of a query decides about indexes; limits and cursors do not. */
const shapeOf = ({ from = [], where, orderBy = [] }: StructuredQuery): string =>
  written(
    from.map(({ collectionId, allDescendants }) => `${collectionId}${allDescendants ? " anywhere" : ""}`).join(", "),
    where ? filtersIn(where) : [],
    orderBy.map(({ field, direction }) => `${field.fieldPath} ${named(DIRECTIONS, direction)}`),
  );

const shapeInTable = ({ kind, equal, contains, upTo, order: [field, direction] }: QueryShape): string => {
  const way = direction === "asc" ? "ASCENDING" : "DESCENDING";
  const filters = [
    ...equal.map((one) => `${one} EQUAL`),
    ...(contains === undefined ? [] : [`${contains} ARRAY_CONTAINS`]),
    ...(upTo ? [`${field} LESS_THAN_OR_EQUAL`] : []),
  ];
  return written(kind, filters, [`${field} ${way}`, `__name__ ${way}`]);
};

const TABLE: ReadonlySet<string> = new Set(Object.values(QUERIES).map(shapeInTable));

/** Reads and writes of documents by their names, and what administers the emulator itself: no index has a part in them. */
const NO_QUERY = /:(commit|batchGet|batchWrite|beginTransaction|rollback)$/;

/** Undefined: no query. */
const queryOf = (path: string, body: string): string | undefined => {
  if (!path.startsWith("/v1/") || NO_QUERY.test(path)) return undefined;
  if (!path.endsWith(":runQuery")) return decodeURIComponent(path).replace(/^\/v1\/projects\/[^/]+/, "");
  const { structuredQuery = {} }: { readonly structuredQuery?: StructuredQuery } = JSON.parse(body);
  return shapeOf(structuredQuery);
};

export const watchQueries = async (emulatorHost: string): Promise<QueryWatch> => {
  const strangers = new Set<string>();
  let known = 0;
  const note = (query: string | undefined): void => {
    if (query === undefined) return;
    if (TABLE.has(query)) known += 1;
    else strangers.add(query);
  };
  const { hostname, port } = new URL(`http://${emulatorHost}`);
  const agent = new Agent({ keepAlive: true });
  const handOn = (incoming: IncomingMessage, response: ServerResponse, body: Buffer | null): void => {
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
      return handOn(incoming, response, null);
    }
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part);
    const body = Buffer.concat(parts);
    note(queryOf(path, body.toString()));
    handOn(incoming, response, body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    known: () => known,
    strangers: () => [...strangers],
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};
