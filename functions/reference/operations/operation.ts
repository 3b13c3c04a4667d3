import type { InEveryLanguage } from "../../domain/language.ts";
import type { ProblemCode } from "../../domain/problem.ts";
import type { JsonSchema } from "../schemas/json-schema.ts";

export type Tag = "messages" | "mail-servers" | "connecting" | "access" | "settings" | "system";

/** A header or parameter that several operations have, by its name among the document's components. */
export type SharedParameter =
  | "IdempotencyKey"
  | "RelaisRecipients"
  | "Prefer"
  | "IfMatch"
  | "Limit"
  | "Cursor"
  | "AcceptLanguage";

export type SharedHeader = "Location" | "ETag" | "IdempotencyReplayed" | "PreferenceApplied" | "SetCookie";

export interface QueryParameter {
  readonly description: string;
  readonly schema: JsonSchema;
  readonly example?: unknown;
  readonly required?: true;
}

/** One form of a body: the name of its schema, the names of several, or a schema that is written here. */
export interface Content {
  readonly schema: string | readonly string[] | JsonSchema;
  readonly examples?: Readonly<Record<string, unknown>>;
}

export interface RequestBody {
  readonly content: Readonly<Record<string, Content>>;
  /** Whether the body may be absent. */
  readonly optional?: true;
}

export interface OperationAnswer {
  readonly description: string;
  readonly content?: Readonly<Record<string, Content>>;
  readonly headers?: readonly SharedHeader[];
}

/** What only people know about a route. Its method, path, credentials and limits come from the route itself. */
export interface Operation {
  /** The name of the generated function. */
  readonly id: string;
  readonly tag: Tag;
  readonly title: InEveryLanguage;
  readonly description: string;
  readonly parameters?: readonly SharedParameter[];
  readonly query?: Readonly<Record<string, QueryParameter>>;
  readonly body?: RequestBody;
  readonly answers: Readonly<Record<number, OperationAnswer>>;
  /** The problems of this route beyond those of every route of its kind. */
  readonly problems: readonly ProblemCode[];
  /** The problems that it shows as a page for people. */
  readonly pages?: readonly ProblemCode[];
  /** The permission that a key needs. */
  readonly permission?: "send" | "read";
}

/** By method and path, such as `GET /v1/messages/:id`. */
export type Operations = Readonly<Record<string, Operation>>;

export const json = (schema: Content["schema"], examples?: Content["examples"]): Readonly<Record<string, Content>> => ({
  "application/json": examples === undefined ? { schema } : { schema, examples },
});

/** A merge patch has a media type of its own, and plain JSON is taken as well. */
export const patch = (schema: string, examples: Content["examples"]): Readonly<Record<string, Content>> => ({
  "application/merge-patch+json": { schema, ...(examples && { examples }) },
  "application/json": { schema },
});
