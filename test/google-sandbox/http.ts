import { IncomingMessage, type ServerResponse } from "node:http";

/** Pages load nothing but the sandbox's own style sheet; `form-action` is left to the consent page's redirect. */
const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

export const sendHtml = (res: ServerResponse, status: number, body: string): void => {
  res.writeHead(status, PAGE_HEADERS).end(body);
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

/** A request whose body was read already, made readable again for the next in line. */
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

/** The value of one of the request's cookies, decoded; empty if it has none. */
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
