import * as z from "zod";

/**
 * What the token of a push claims. IAM has proven it: no other account may invoke the function, and Cloud Run refuses a token that was made for
 * another service. It hands the token on with its signature removed, so that the claims are all there is to look at here. Looking at them
 * means that a grant or an ingress setting that is too wide by mistake does not suffice to push to a function.
 */
const claims = z.object({ aud: z.string(), email: z.string(), email_verified: z.literal(true) });

export interface ExpectedPush {
  /** The name of this function's Cloud Run service; null: not on Google Cloud. */
  readonly service: string | null;
  /** The service account that Pub/Sub pushes as; null: not told. */
  readonly pushAccount: string | null;
}

export type PushRefusal = "token" | "audience" | "account";

/** `https://<service>-<hash or project number>…run.app`, or `https://<region>-<project>.cloudfunctions.net/<service>`. */
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

/** What is wrong with a push's credential; null: nothing, or none was handed on (an emulator's push has none). */
export const pushRefusal = (authorization: string | undefined, expected: ExpectedPush): PushRefusal | null => {
  if (authorization === undefined) return null;
  const claimed = claimsIn(authorization);
  if (claimed === undefined) return "token";
  if (expected.service !== null && !isOwn(claimed.aud, expected.service)) return "audience";
  if (expected.pushAccount !== null && claimed.email !== expected.pushAccount) return "account";
  return null;
};
