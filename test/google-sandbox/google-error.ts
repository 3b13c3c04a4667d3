import type { ServerResponse } from "node:http";
import { sendJson } from "./http.ts";

export interface GoogleApiError {
  readonly status: number;
  /** `errors[0].reason`, such as `insufficientPermissions`. */
  readonly reason: string;
  readonly message: string;
  readonly domain?: string;
  readonly details?: readonly object[];
}

/** google.rpc codes by HTTP status. */
const CODES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  413: "INVALID_ARGUMENT",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** An error in the words of Gmail's REST API (developers.google.com/workspace/gmail/api/guides/handle-errors). */
export const googleApiError = (
  res: ServerResponse,
  error: GoogleApiError,
  headers: Readonly<Record<string, string>> = {},
): void => {
  const { status, message, reason } = error;
  const errors = [
    { message, domain: error.domain ?? (status === 429 || status === 403 ? "usageLimits" : "global"), reason },
  ];
  const details = error.details === undefined ? {} : { details: error.details };
  sendJson(
    res,
    status,
    { error: { code: status, message, errors, status: CODES[status] ?? "UNKNOWN", ...details } },
    headers,
  );
};
