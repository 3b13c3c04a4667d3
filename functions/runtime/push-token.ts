import * as z from "zod";

/**
 * The claims of a push's token. IAM has proven them: no other account may invoke the function, and Cloud Run refuses a
 * token for another service. It removes the signature, so the claims are all that we can check. Checking them means
 * that an overly broad grant or ingress setting alone does not allow anyone to push to a function.
 */
const claims = z.object({ aud: z.string(), email: z.string(), email_verified: z.literal(true) });

export interface ExpectedPush {
  /** The name of this function's Cloud Run service; null if not on Google Cloud. */
  readonly service: string | null;
  /** The service account of Pub/Sub's pushes; null if unknown. */
  readonly pushAccount: string | null;
}

export type PushRefusal = "token" | "audience" | "account";

/**
 * `https://<service>-<hash or project number>…run.app`, or `https://<region>-<project>.cloudfunctions.net/<service>`.
 */
const isOwn = (audience: string, service: string): boolean => {
  if (!URL.canParse(audience)) return false;
  const { protocol, hostname, pathname } = new URL(audience);
  return protocol === "https:" && (hostname.startsWith(`${service}-`) || pathname === `/${service}`);
};

const claimsIn = (authorization: string): z.output<typeof claims> | undefined => {
  const [, payload] = /^Bearer [\w-]+\.([\w-]+)\.[\w-]*$/i.exec(authorization) ?? [];
  if (payload === undefined) return undefined;
  try {
    return claims.safeParse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8"))).data;
  } catch {
    return undefined;
  }
};

/** What is wrong with a push's credential; null if nothing is, or if there is none (an emulator sends none). */
export const pushRefusal = (authorization: string | undefined, expected: ExpectedPush): PushRefusal | null => {
  if (authorization === undefined) return null;
  const claimed = claimsIn(authorization);
  if (claimed === undefined) return "token";
  if (expected.service !== null && !isOwn(claimed.aud, expected.service)) return "audience";
  if (expected.pushAccount !== null && claimed.email !== expected.pushAccount) return "account";
  return null;
};
