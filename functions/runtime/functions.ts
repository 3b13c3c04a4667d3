import type { Topic } from "../domain/publisher.ts";

/**
 * Every function and what calls it: people and programs through Hosting, pushes of a topic, or documents of Firestore
 * that were written (Eventarc). Each has a folder with
 * an `index.ts` and an entry in infra/functions.tf; tests compare them.
 */
export const FUNCTIONS = {
  "authorize-start": "hosting",
  "confirm-callback": "hosting",
  "mail-servers": "hosting",
  "send-mail": "hosting",
  "deliver-mail": "mail-send",
  "refresh-tokens": "token-checks",
  "dispatch-due": "mail-dispatch",
  "mail-documents": "documents",
} as const satisfies Readonly<Record<string, "hosting" | "documents" | Topic>>;

export type FunctionName = keyof typeof FUNCTIONS;

/** The functions that `caller` calls. */
type CalledBy<C extends string> = {
  [F in FunctionName]: (typeof FUNCTIONS)[F] extends C ? F : never;
}[FunctionName];

export type HttpFunctionName = CalledBy<"hosting">;

/** The topics whose messages Relais itself takes. */
export type SubscribedTopic = Extract<(typeof FUNCTIONS)[FunctionName], Topic>;

const isFunction = (name: string): name is FunctionName => Object.hasOwn(FUNCTIONS, name);
const isCalledByPeople = (name: string): name is HttpFunctionName => isFunction(name) && FUNCTIONS[name] === "hosting";

export const HTTP_FUNCTIONS: readonly HttpFunctionName[] = Object.keys(FUNCTIONS).filter(isCalledByPeople);
