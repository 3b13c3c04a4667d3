import type { DocumentSettings, ExpiryUnit } from "../domain/documents/document-settings.ts";

/** The parameters of Firebase's extension firestore-send-email that say something to Relais (its extension.yaml). */
const COLLECTION = /^[^/]+(\/[^/]+\/[^/]+)*$/;
const DATABASE_ID = /^(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$/;
const UNITS: readonly ExpiryUnit[] = ["hour", "day", "week", "month", "year"];
const VALUE = /^[1-9][0-9]{0,5}$/;

const NAMES = [
  "RELAIS_DOCUMENTS",
  "MAIL_COLLECTION",
  "DATABASE",
  "USERS_COLLECTION",
  "TEMPLATES_COLLECTION",
  "DEFAULT_FROM",
  "DEFAULT_REPLY_TO",
  "TTL_EXPIRE_TYPE",
  "TTL_EXPIRE_VALUE",
] as const;
type Name = (typeof NAMES)[number];
type DocumentVariables = { readonly [N in Name | "FIRESTORE_EMULATOR_HOST"]?: string | undefined };

/** Only a first look: each message's From is judged when it is accepted. */
const MAILBOX = /^(?:[^\s<>@]+@[^\s<>@]+|[^<>@\r\n]*<[^\s<>@]+@[^\s<>@]+>)$/;
const isMailbox = (text: string): boolean => MAILBOX.test(text);

/** What each variable must be, and words for one that is not. */
const SHAPES: Readonly<Record<Name, readonly [isRight: (text: string) => boolean, must: string]>> = {
  RELAIS_DOCUMENTS: [(text) => COLLECTION.test(text), "must be the path of a collection, such as mail"],
  MAIL_COLLECTION: [(text) => COLLECTION.test(text), "must be the path of a collection, such as mail"],
  DATABASE: [(text) => DATABASE_ID.test(text), "must be the ID of a Firestore database, such as (default)"],
  USERS_COLLECTION: [(text) => COLLECTION.test(text), "must be the path of a collection, such as users"],
  TEMPLATES_COLLECTION: [(text) => COLLECTION.test(text), "must be the path of a collection, such as templates"],
  DEFAULT_FROM: [isMailbox, "must be an address such as Ada <ada@example.com>"],
  DEFAULT_REPLY_TO: [isMailbox, "must be an address such as Ada <ada@example.com>"],
  TTL_EXPIRE_TYPE: [
    (text) => text === "never" || UNITS.some((unit) => unit === text),
    `must be never, ${UNITS.join(", ")}`.replace(/, (\w+)$/, " or $1"),
  ],
  TTL_EXPIRE_VALUE: [(text) => VALUE.test(text), "must be a whole number from 1 to 999999"],
};

const textOf = (env: DocumentVariables, name: keyof DocumentVariables): string | null => env[name] || null;

const collectionOf = (env: DocumentVariables): string | null =>
  textOf(env, "RELAIS_DOCUMENTS") ?? textOf(env, "MAIL_COLLECTION");

/** Mistakes in the variables of documents, if documents are taken; `google`: the store is Google's. */
export const documentMistakes = (
  env: DocumentVariables,
  { google }: { readonly google: boolean },
): readonly string[] => {
  const collection = collectionOf(env);
  if (collection === null) return [];
  const shapes = NAMES.flatMap((name) => {
    const [isRight, must] = SHAPES[name];
    const text = textOf(env, name);
    return text === null || isRight(text) ? [] : [`${name} ${must}`];
  });
  const other = textOf(env, "MAIL_COLLECTION");
  return [
    ...shapes,
    ...(other === null || other === collection
      ? []
      : ["MAIL_COLLECTION must be unset or name the same collection as RELAIS_DOCUMENTS"]),
    ...(google || textOf(env, "FIRESTORE_EMULATOR_HOST") !== null
      ? []
      : ["RELAIS_DOCUMENTS needs FIRESTORE_EMULATOR_HOST on the embedded store: npm run start:documents starts one"]),
  ];
};

const expiryIn = (env: DocumentVariables): DocumentSettings["expires"] => {
  const unit = UNITS.find((one) => one === env.TTL_EXPIRE_TYPE);
  return unit === undefined ? null : { unit, value: Number(env.TTL_EXPIRE_VALUE || 1) };
};

/** Null if no document is taken. */
export const documentSettings = (env: DocumentVariables): DocumentSettings | null => {
  const collection = collectionOf(env);
  if (collection === null) return null;
  return {
    database: textOf(env, "DATABASE") ?? "(default)",
    collection,
    usersCollection: textOf(env, "USERS_COLLECTION"),
    templatesCollection: textOf(env, "TEMPLATES_COLLECTION"),
    defaultFrom: textOf(env, "DEFAULT_FROM"),
    defaultReplyTo: textOf(env, "DEFAULT_REPLY_TO"),
    expires: expiryIn(env),
  };
};
