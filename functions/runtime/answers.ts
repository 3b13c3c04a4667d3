import type { Principal } from "../domain/access/records.ts";
import type { Problem } from "../domain/problem.ts";
import type { Result } from "../domain/result.ts";
import type { Call, Reply, ReplyHeaders } from "./http.ts";

export const answerJson = (status: number, body: unknown, headers?: ReplyHeaders): Reply => ({
  kind: "json",
  status,
  body,
  ...(headers ? { headers } : {}),
});

export const NO_CONTENT: Reply = { kind: "empty", status: 204 };

export const answerProblem = (problem: Problem): Reply => ({ kind: "problem", problem });

/** Returns the result's problem, or the reply made from its value. */
export const answerWith = <T>(result: Result<T>, reply: (value: T) => Reply): Reply =>
  result.ok ? reply(result.value) : answerProblem(result.problem);

/** The caller. On a route of any access but `public`, the edge has made sure that there is one. */
export const callerOf = (call: Call): Principal => {
  if (call.principal === null) throw new Error(`nobody is known to call ${call.method} ${call.path}`);
  return call.principal;
};

/** A path parameter of the matched route. */
export const pathParameter = (call: Call, name: string): string => {
  const value = call.params[name];
  if (value === undefined) throw new Error(`the route of ${call.path} has no parameter ${name}`);
  return value;
};
