import { randomBytes } from "node:crypto";
import type { SandboxAccount } from "./accounts.ts";
import { googleApiError } from "./google-error.ts";
import type { Exchange } from "./routes.ts";

/**
 * The three upload protocols of Google's APIs (developers.google.com/workspace/gmail/api/guides/uploads): `media` (the
 * message alone), `multipart` (JSON, then the message) and `resumable` (a session first, then the bytes). Returns the
 * message, or null if an answer was sent: a session opened, or a refusal.
 */
export const takeUpload = (
  sessions: Map<string, SandboxAccount>,
  exchange: Exchange,
  given: { readonly account: SandboxAccount; readonly body: Buffer },
): Buffer | null => {
  const { req, res, url } = exchange;
  const session = url.searchParams.get("upload_id");
  if (session !== null) {
    if (sessions.delete(session)) return given.body;
    googleApiError(res, { status: 404, reason: "notFound", message: "Upload session not found." });
    return null;
  }
  switch (url.searchParams.get("uploadType")) {
    case "media":
      return given.body;
    case "multipart": {
      const boundary = /boundary="?([^";]+)"?/i.exec(req.headers["content-type"] ?? "")?.[1];
      const message = boundary === undefined ? null : messagePart(given.body, boundary);
      if (message === null)
        googleApiError(res, { status: 400, reason: "badContent", message: "Malformed multipart body." });
      return message;
    }
    case "resumable": {
      const id = randomBytes(24).toString("base64url");
      sessions.set(id, given.account);
      url.searchParams.set("upload_id", id);
      res.writeHead(200, { location: url.href, "x-guploader-uploadid": id }).end();
      return null;
    }
    default:
      googleApiError(res, { status: 400, reason: "invalid", message: "Missing or unknown uploadType." });
      return null;
  }
};

/** The content of the last part of a multipart/related body, byte for byte. */
const messagePart = (body: Buffer, boundary: string): Buffer | null => {
  const mark = Buffer.from(`--${boundary}`);
  const starts: number[] = [];
  for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + mark.length)) starts.push(at);
  const [from, to] = starts.slice(-2);
  if (from === undefined || to === undefined) return null;
  const part = body.subarray(from, to);
  const content = part.indexOf("\r\n\r\n");
  // The line break before the boundary belongs to the boundary.
  return content === -1 ? null : part.subarray(content + 4, part.length - 2);
};
