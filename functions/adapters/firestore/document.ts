import { type DocumentSnapshot, FieldValue, Timestamp } from "@google-cloud/firestore";
import type { RecordKind } from "../../domain/record-kinds.ts";
import { LARGE_TEXT } from "../../domain/record-limits.ts";
import { sumsField } from "../../domain/record-sums.ts";
import type { Versioned } from "../../domain/records.ts";
import { shardOf } from "../../domain/shards.ts";
import { ERASE_FIELD, indexFields, JSON_FIELD, SUMS_FIELD, shardFields, TEXT_FIELD, WRITE_FIELD } from "./indexes.ts";

/** Queries look only at plain values and lists of them. */
type Searchable = null | string | boolean | number | readonly Searchable[];
export type Fields = Readonly<Record<string, Searchable | Timestamp | Sums>>;
type Sums = Readonly<Record<string, number>>;

const searchable = (value: unknown): Searchable => {
  if (Array.isArray(value)) return value.map(searchable);
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number")
    return value;
  throw new TypeError("a field that queries look at holds an object");
};

/** The record's id and JSON, and the mark of the commit that writes it. */
export interface RecordText {
  readonly id: string;
  readonly json: string;
  readonly write: string;
}

/**
 * The fields of a record's document: its JSON as one text, and copies of what queries and the TTL policy need
 * (SCHEMA.md).
 */
export const toFields = (kind: RecordKind, { id, json, write }: RecordText): Fields => {
  const value: Readonly<Record<string, unknown>> = JSON.parse(json);
  const { eraseAtMs } = value;
  return {
    ...textFields(kind, json, value),
    [WRITE_FIELD]: write,
    ...(typeof eraseAtMs === "number" ? { [ERASE_FIELD]: Timestamp.fromMillis(eraseAtMs) } : {}),
    ...Object.fromEntries(
      indexFields(kind)
        .filter((field) => value[field] !== undefined)
        .map((field) => [field, searchable(value[field])]),
    ),
    ...Object.fromEntries(
      shardFields(kind)
        .filter(([, ordered]) => value[ordered] !== undefined)
        .map(([field]) => [field, shardOf(field, id)]),
    ),
  };
};

const fieldsOf = (kind: RecordKind): readonly string[] => [
  ...[TEXT_FIELD, ERASE_FIELD],
  ...indexFields(kind),
  ...shardFields(kind).map(([field]) => field),
];

/** The same as an update. An update keeps the fields that it does not name, so fields that are gone must be deleted. */
export const toUpdate = (kind: RecordKind, record: RecordText): Readonly<Record<string, unknown>> => ({
  ...Object.fromEntries(fieldsOf(kind).map((field) => [field, FieldValue.delete()])),
  ...toFields(kind, record),
});

/** The same as an addition: the numbers are added to those in the document, and the other fields set. */
export const toAddition = (kind: RecordKind, record: RecordText): Readonly<Record<string, unknown>> => {
  const { [SUMS_FIELD]: sums = {}, ...fields } = toFields(kind, record);
  const added = Object.entries(sums ?? {}).map(([name, by]) => [name, FieldValue.increment(Number(by))]);
  return { ...fields, [SUMS_FIELD]: Object.fromEntries(added) };
};

/**
 * Splits off the numbers that writes add to, or the record's large text, if it has one. A text that is not well-formed
 * Unicode stays escaped in the JSON.
 */
const textFields = (kind: RecordKind, json: string, value: Readonly<Record<string, unknown>>): Fields => {
  const sums = sumsField(kind);
  if (sums !== undefined) {
    const { [sums]: numbers, ...rest } = value;
    return { [JSON_FIELD]: JSON.stringify(rest), [SUMS_FIELD]: { ...(numbers as Sums | undefined) } };
  }
  const { [LARGE_TEXT[kind] ?? ""]: text, ...rest } = value;
  if (typeof text !== "string" || !text.isWellFormed()) return { [JSON_FIELD]: json };
  return { [JSON_FIELD]: JSON.stringify(rest), [TEXT_FIELD]: text };
};

export const toRecord = <T>(kind: RecordKind, document: DocumentSnapshot): Versioned<T> => {
  const json: unknown = document.get(JSON_FIELD);
  const text: unknown = document.get(TEXT_FIELD);
  if (typeof json !== "string" || document.updateTime === undefined)
    throw new Error("Firestore answered a document that Relais did not write");
  const value = JSON.parse(json);
  if (typeof text === "string") value[LARGE_TEXT[kind] ?? ""] = text;
  const sums = sumsField(kind);
  if (sums !== undefined) value[sums] = document.get(SUMS_FIELD) ?? {};
  return { id: document.id, version: toVersion(document.updateTime), value };
};

/** A record's version is its document's update time: seconds and nine digits of nanoseconds. */
export const toVersion = ({ seconds, nanoseconds }: Timestamp): string =>
  `${seconds}.${String(nanoseconds).padStart(9, "0")}`;

const VERSION = /^(\d{1,11})\.(\d{9})$/;

/** Undefined if this store cannot have given such a version. */
export const toUpdateTime = (version: string): Timestamp | undefined => {
  const [, seconds, nanoseconds] = VERSION.exec(version) ?? [];
  return seconds === undefined ? undefined : new Timestamp(Number(seconds), Number(nanoseconds));
};
