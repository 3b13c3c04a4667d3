import {
  DocumentReference,
  type DocumentSnapshot,
  FieldPath,
  type Firestore,
  GeoPoint,
  Timestamp,
  VectorValue,
} from "@google-cloud/firestore";
import type {
  DeliveryChange,
  DocumentData,
  MailDocument,
  MailDocuments,
} from "../../domain/documents/mail-documents.ts";
import { expectOk, type GoogleCalls } from "../google-cloud/google-calls.ts";
import { toUpdateTime, toVersion } from "./document.ts";

interface Deps {
  readonly calls: GoogleCalls;
  /** Opens a database by its id, each time it is used. */
  readonly database: (id: string) => Firestore;
}

/** A value of Firestore as plain data, which leads nowhere: neither to another document nor to the client. */
const toPlain = (value: unknown): unknown => {
  if (value instanceof Timestamp) return value.toDate();
  if (value instanceof GeoPoint) return { latitude: value.latitude, longitude: value.longitude };
  if (value instanceof DocumentReference) return value.path;
  if (value instanceof VectorValue) return value.toArray();
  if (value instanceof Uint8Array) return value;
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toPlain(member)]));
};

const dataOf = (snapshot: DocumentSnapshot): DocumentData =>
  Object.fromEntries(Object.entries(snapshot.data() ?? {}).map(([name, value]) => [name, toPlain(value)]));

const toStored = (value: unknown): unknown => (value instanceof Date ? Timestamp.fromDate(value) : value);

const DELIVERY = "delivery";

const toMailDocument = (database: string, snapshot: DocumentSnapshot): MailDocument | undefined => {
  const { createTime, updateTime } = snapshot;
  if (createTime === undefined || updateTime === undefined) return undefined;
  const { path } = snapshot.ref;
  return { database, path, createTime: toVersion(createTime), version: toVersion(updateTime), data: dataOf(snapshot) };
};

/** Members of `delivery` as fields of their own, so that those that a later release or a client writes stay. */
const toUpdate = (delivery: DeliveryChange): [FieldPath, unknown, ...unknown[]] => {
  const fields = Object.entries(delivery).flatMap(([name, value]) => [new FieldPath(DELIVERY, name), toStored(value)]);
  return fields as [FieldPath, unknown, ...unknown[]];
};

/** The application's documents on Firestore, through the same client and calls as the records. */
export const firestoreMailDocuments = ({ calls, database }: Deps): MailDocuments => {
  const getAll = async (id: string, paths: readonly string[], fieldMask?: readonly string[]) => {
    const opened = database(id);
    const references = paths.map((path) => opened.doc(path));
    const options = fieldMask === undefined ? {} : { fieldMask: [...fieldMask] };
    const run = () => opened.getAll(...references, options);
    return expectOk(calls({ act: "read documents", repeatable: true, run }));
  };
  return {
    read: async ({ database: id, path }, fields) => {
      const [snapshot] = await getAll(id, [path], fields);
      return snapshot?.exists ? toMailDocument(id, snapshot) : undefined;
    },
    readMany: async (id, paths, fields) => {
      const found = await getAll(id, paths, fields);
      return found.map((snapshot) => (snapshot.exists ? dataOf(snapshot) : undefined));
    },
    change: async ({ database: id, path, version }, delivery) => {
      const lastUpdateTime = toUpdateTime(version);
      if (lastUpdateTime === undefined) return "contended";
      const run = () =>
        database(id)
          .doc(path)
          .update(...toUpdate(delivery), { lastUpdateTime });
      // Repeating it is harmless: after a lost answer the version is another one, and the caller reads again.
      const answer = await calls(
        { act: "write a delivery", repeatable: true, run },
        "FAILED_PRECONDITION",
        "NOT_FOUND",
        // The members are ours and small, so it is what the application has written that leaves them no room.
        "INVALID_ARGUMENT",
      );
      if (answer.status === "INVALID_ARGUMENT") return "unwritable";
      return answer.status === "OK" ? "done" : "contended";
    },
  };
};
