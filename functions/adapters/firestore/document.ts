import { LARGE_TEXT } from "../../domain/record-limits.ts";
import type { RecordKind, Versioned } from "../../domain/records.ts";
import { ERASE_FIELD, indexFields, JSON_FIELD, TEXT_FIELD, WRITE_FIELD } from "./indexes.ts";

/** A value as Firestore's REST API writes it (cloud.google.com/firestore/docs/reference/rest/Shared.Types/Value). */
export type FirestoreValue =
  | { readonly nullValue: null }
  | { readonly stringValue: string }
  | { readonly integerValue: string }
  | { readonly doubleValue: number }
  | { readonly booleanValue: boolean }
  | { readonly timestampValue: string }
  | { readonly referenceValue: string }
  | { readonly arrayValue: { readonly values: readonly FirestoreValue[] } };
export type Fields = Readonly<Record<string, FirestoreValue>>;

/** What can be searched is a plain value or a list of them. */
export const toValue = (value: unknown): FirestoreValue => {
  if (value === null) return { nullValue: null };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { booleanValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(toValue) } };
  if (typeof value !== "number") throw new TypeError("a field that queries look at holds an object");
  return Number.isSafeInteger(value) ? { integerValue: String(value) } : { doubleValue: value };
};

/** What a document is made from: the record's JSON, and something random that makes each write a change. */
export interface RecordText {
  readonly json: string;
  readonly write: string;
}

/** The fields of a record's document: its JSON as one text, and beside it only what queries and the TTL policy look at (SCHEMA.md). */
export const toFields = (kind: RecordKind, { json, write }: RecordText): Fields => {
  const value: Readonly<Record<string, unknown>> = JSON.parse(json);
  const { eraseAtMs } = value;
  return {
    ...textFields(kind, json, value),
    [WRITE_FIELD]: { stringValue: write },
    ...(typeof eraseAtMs === "number" ? { [ERASE_FIELD]: { timestampValue: new Date(eraseAtMs).toISOString() } } : {}),
    ...Object.fromEntries(
      indexFields(kind)
        .filter((field) => value[field] !== undefined)
        .map((field) => [field, toValue(value[field])]),
    ),
  };
};

/** The record in one text, or in two where it holds a large one. A text that is not well-formed Unicode stays escaped in the JSON. */
const textFields = (kind: RecordKind, json: string, value: Readonly<Record<string, unknown>>): Fields => {
  const { [LARGE_TEXT[kind] ?? ""]: text, ...rest } = value;
  if (typeof text !== "string" || !text.isWellFormed()) return { [JSON_FIELD]: { stringValue: json } };
  return { [JSON_FIELD]: { stringValue: JSON.stringify(rest) }, [TEXT_FIELD]: { stringValue: text } };
};

/** A document as the API answers it, read as a record of its kind. */
export const toRecord = <T>(kind: RecordKind, document: unknown): Versioned<T> => {
  const { name, updateTime, fields } = asObject(document);
  const { stringValue: json } = asObject(asObject(fields)[JSON_FIELD]);
  const { stringValue: text } = asObject(asObject(fields)[TEXT_FIELD]);
  if (typeof name !== "string" || typeof updateTime !== "string" || typeof json !== "string") {
    throw new Error("Firestore answered a document that Relais did not write");
  }
  const value = JSON.parse(json);
  if (typeof text === "string") value[LARGE_TEXT[kind] ?? ""] = text;
  return { id: name.slice(name.lastIndexOf("/") + 1), version: updateTime, value };
};

export const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};

export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** What a document id may be (firebase.google.com/docs/firestore/quotas#collections_documents_and_fields). No other id was ever written. */
export const isDocumentId = (id: string): boolean =>
  id !== "" &&
  id !== "." &&
  id !== ".." &&
  !id.includes("/") &&
  !/^__.*__$/s.test(id) &&
  id.isWellFormed() &&
  Buffer.byteLength(id) <= 1_500;
