import { IncomingMessage, type ServerResponse } from "node:http";

/**
 * Pages load only the sandbox's style sheet and font. `form-action` is absent, because the consent page redirects to
 * the client.
 */
const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; font-src 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

export const sendHtml = (res: ServerResponse, status: number, body: string): void => {
  res.writeHead(status, PAGE_HEADERS).end(body);
};

/** A mail's own HTML, for the frame on its page: whatever it holds, nothing runs and nothing is loaded. */
export const sendMailHtml = (res: ServerResponse, body: string): void => {
  const policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";
  res.writeHead(200, { ...PAGE_HEADERS, "content-security-policy": policy }).end(body);
};

export const sendJson = (
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void => {
  res.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers }).end(JSON.stringify(body));
};

export const readBody = async (req: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** Makes a request readable again whose body was already read. */
export const replay = (req: IncomingMessage, body: Buffer): IncomingMessage => {
  const copy = new IncomingMessage(req.socket);
  copy.method = req.method;
  copy.url = req.url;
  copy.headers = req.headers;
  copy.httpVersion = req.httpVersion;
  copy.push(body);
  copy.push(null);
  copy.complete = true;
  return copy;
};

/** The decoded value of one of the request's cookies; empty if there is none. */
export const cookieValue = (header: string | undefined, name: string): string => {
  const pair = (header ?? "").split(/;\s*/).find((one) => one.startsWith(`${name}=`));
  return decodeURIComponent(pair?.slice(name.length + 1) ?? "");
};

/** The request's cookies without one of them. */
export const withoutCookie = (header: string | undefined, name: string): string =>
  (header ?? "")
    .split(/;\s*/)
    .filter((pair) => !pair.startsWith(`${name}=`) && !pair.startsWith(`${name}.sig=`))
    .join("; ");
